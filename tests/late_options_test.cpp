// SPDX-License-Identifier: MIT
//
// Options may be changed between steps. One that needs state which `init` did not make is refused.
#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

// Steps `late` on a state that `early` made.
template <class O>
void refuses(const O& early, const O& late, const std::string& what) {
  auto params = make_tree<double>({{6, 4}, {3, 3}});
  auto state = early.init(params);
  run(early, params, state, 1, 2);
  const auto before = params;
  const auto grads = params;
  CHECK_THROWS_AS(late.step(params, grads, state), std::invalid_argument);
  CHECK_THROWS_WITH(late.step(params, grads, state), contains(what));
  CHECK(same_bits(params, before));
  CHECK(state.t == 2);
}

}  // namespace

TEST_CASE("an option that needs state of its own is refused when it comes after init") {
  refuses(Adam{}, Adam{.amsgrad = AMSGrad::torch}, "Adam: ");
  refuses(RMSProp{}, RMSProp{.momentum = 0.9}, "RMSProp: ");
  refuses(RMSProp{}, RMSProp{.centered = true}, "RMSProp: ");
  refuses(Adafactor{}, Adafactor{.beta1 = 0.9}, "Adafactor: leaf '0' is 6 x 4, but its state is 0 x 0");
  refuses(Adafactor{}, Adafactor{.min_dim_size_to_factor = 5},
          "Adafactor: leaf '0' is 6 x 4, but its state is 0 x 0");
  refuses(Shampoo{}, Shampoo{.beta1 = 0.9}, "Shampoo: leaf '0' is 6 x 4, but its state is 0 x 0");
  refuses(Shampoo{}, Shampoo{.graft = ShampooGraft::adagrad}, "Shampoo: leaf '0' is 6 x 4");
  refuses(Shampoo{}, Shampoo{.block_size = 2}, "Shampoo: leaf '0' has a state of another block_size than 2");
}
