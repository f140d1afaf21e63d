// expect-only: gradus: the parameters are const, so a step cannot change them
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/adam.hpp>

void test(const Eigen::MatrixXd& params, gradus::Adam::State<Eigen::MatrixXd>& state) {
  gradus::Adam{}.step(params, params, state);
}
