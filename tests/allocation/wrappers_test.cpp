// SPDX-License-Identifier: MIT
//
// Law 3 for wrappers: after `init`, `step` takes no memory from the heap, counted at malloc itself.
#include <gradus/gradus.hpp>

#include "catch.hpp"
#include "counter.hpp"
#include "wrappers.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

template <class O>
long allocations_of_steps(const O& optimizer, const Shapes& shapes) {
  auto params = make_tree<double>(shapes);
  const auto grads = params;
  auto state = optimizer.init(params);
  // As many as there are kinds of steps.
  return allocations_in([&] {
    for (int t = 0; t < 6; ++t) optimizer.step(params, clip_by_value(grads, 0.5), state);
  });
}

}  // namespace

TEST_CASE("the counter sees the allocations of this program") {
  CHECK(allocations_in([] { Eigen::VectorXd(100).setZero(); }) == 1);
}

TEST_CASE("no step of a wrapper allocates") {
  const AdamW adamw;
  const auto objective = [](const auto& x, auto& gradient) {
    for_each_block([](const auto& p, auto& g) { g = p; }, x, gradient);
    return 0.0;
  };
  const auto check = [](const auto& optimizer) {
    CHECK(allocations_of_steps(optimizer, {{17, 9}, {33, 1}}) == 0);
    CHECK(allocations_of_steps(optimizer, {{300, 301}, {70000, 1}}) == 0);
    CHECK(allocations_of_steps(route(is_matrix, optimizer, Frozen{}), {{17, 9}, {33, 1}}) == 0);
  };
  check(scheduled<&AdamW::learning_rate>(adamw, Constant{0.1}));
  check(lookahead(adamw, 2));
  check(accumulate(adamw, 2));
  check(skip_nonfinite(adamw));
  check(stochastic_weight_average(adamw, 1, 2));
  check(cautious(adamw));
  check(stiefel(adamw));
  check(hyperball(adamw));
  check(update_floor(adamw, 0.1, true));
  check(radial_brake(adamw));
  check(through_stages(adamw, stages::Orthogonalize<>{}, stages::Descend{}));
  check(ema_nesterov(adamw));
  check(diloco(adamw, 2));
  check(tail_average(adamw, 2));
  check(sharpness_aware(objective, adamw));
  check(lookahead(sharpness_aware(
      objective, route(is_matrix, scheduled<&AdamW::learning_rate>(accumulate(adamw, 2), Constant{0.1}),
                       cautious(SignDescent{})))));
}

TEST_CASE("a skipped step does not allocate") {
  Eigen::VectorXd x = Eigen::VectorXd::Ones(100), gradient = x;
  gradient(3) = NAN;
  const auto optimizer = skip_nonfinite(Adam{}, 100);
  auto state = optimizer.init(x);
  CHECK(allocations_in([&] { optimizer.step(x, gradient, state); }) == 0);
}
