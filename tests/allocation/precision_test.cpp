// SPDX-License-Identifier: MIT
//
// Steps of sixteen-bit parameters and of small states take no memory from the heap.
#include "precision.hpp"

#include "catch.hpp"
#include "counter.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

template <class Narrow, class O>
long allocations_of_steps(const O& optimizer, const Shapes& shapes) {
  auto params = narrow_start<Narrow>(shapes);
  const auto grads = params;
  auto state = optimizer.init(params);
  return allocations_in([&] {
    for (int t = 0; t < 6; ++t) optimizer.step(params, clip_by_value(grads, 0.5), state);
  });
}

}  // namespace

TEMPLATE_TEST_CASE("no step of sixteen-bit parameters allocates", "", Eigen::bfloat16, Eigen::half) {
  const auto check = [](const auto& optimizer) {
    CHECK(allocations_of_steps<TestType>(optimizer, {{17, 9}, {33, 1}}) == 0);
    CHECK(allocations_of_steps<TestType>(optimizer, {{300, 301}, {70000, 1}}) == 0);
  };
  const AdamW adamw;
  check(master_weights(adamw));
  check(compensated(adamw));
  check(stochastic_rounding(adamw));
  check(loss_scaled(master_weights(lookahead(adamw, 2))));
  check(route(is_matrix, compensated(cautious(adamw)), stochastic_rounding(Lion{})));
  check(small_state(adamw));
  check(eight_bit_state(adamw));
  check(master_weights(eight_bit_state(lookahead(adamw, 2))));
}

TEST_CASE("a step that loss scaling skips does not allocate") {
  Eigen::VectorX<Eigen::half> x = Eigen::VectorX<Eigen::half>::Ones(100), gradient = x;
  gradient(3) = Eigen::NumTraits<Eigen::half>::infinity();
  const auto optimizer = loss_scaled(master_weights(Adam{}));
  auto state = optimizer.init(x);
  CHECK(allocations_in([&] { optimizer.step(x, gradient, state); }) == 0);
}
