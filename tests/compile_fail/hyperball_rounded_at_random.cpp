// expect-only: gradus::through_stages: inside stochastic_rounding it would take the noise of rounding for
// steps SPDX-License-Identifier: MIT
#include <gradus/optimizers/adam.hpp>
#include <gradus/precision/precise.hpp>
#include <gradus/wrappers/hyperball.hpp>
#include <gradus/wrappers/lookahead.hpp>
#include <gradus/wrappers/route.hpp>
#include <vector>

// As deep as it goes: the part of a route, in a wrapper.
void test(std::vector<Eigen::MatrixX<Eigen::bfloat16>>& params) {
  using namespace gradus;
  const auto optimizer = stochastic_rounding(lookahead(route(is_matrix, hyperball(Adam{}), Adam{})));
  auto state = optimizer.init(params);
  optimizer.step(params, std::as_const(params), state);
}
