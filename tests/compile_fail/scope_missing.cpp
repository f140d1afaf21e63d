// expect: this optimizer does not say what it looks at
// SPDX-License-Identifier: MIT
#include <gradus/distributed/part.hpp>
#include <gradus/wrappers/lookahead.hpp>

struct Descent {
  struct State {};
  template <class P>
  State init(const P&) const {
    return {};
  }
  template <class P, class G>
  void step(P&& params, const G& grads, State&) const {
    gradus::for_each_block([](auto& p, const auto& g) { p -= 0.1 * g; }, params, grads);
  }
};

void test(const Eigen::VectorXd& x) { gradus::mpi::make_plan(gradus::lookahead(Descent{}), x, 2); }
