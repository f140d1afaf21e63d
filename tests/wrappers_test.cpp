// SPDX-License-Identifier: MIT
//
// What each wrapper computes: beside independent implementations, and what it is with no strength.
#include "wrappers.hpp"
#include "any_optimizer.hpp"
#include "catch.hpp"
#include "optimizers.hpp"
#include "records.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

// The gradient at step t of the problems of reference/wrappers.py.
void write_gradient_of(const std::string& problem, const Tree<double>& params, Tree<double>& grads, int t) {
  if (problem == "given") {
    grads[0] << std::cos(t), std::sin(2 * t) + 0.5, 0.1 * t;
  } else if (problem == "valley") {
    grads[0] << params[0](0), 10 * params[0](1);
  } else {
    write_gradient(params, grads, t);
  }
}

Tree<double> start_of(const std::string& problem) {
  if (problem == "given") return {Eigen::Vector3d(1, -2, 0.5)};
  if (problem == "valley") return {Eigen::Vector2d(1, 1)};
  return make_tree<double>(small_shapes);
}

Eigen::VectorXd flattened(const Tree<double>& tree) {
  Eigen::VectorXd values(coefficient_count(tree));
  Index next = 0;
  for (const auto& leaf : tree) {
    for (Index i = 0; i < leaf.rows(); ++i) {
      for (Index j = 0; j < leaf.cols(); ++j) values(next++) = leaf(i, j);
    }
  }
  return values;
}

const SGD sgd{.learning_rate = 0.1};
const Adam adam{.learning_rate = 0.1};

}  // namespace

TEST_CASE("every wrapper follows the reference trajectories") {
  Records records = read_records("wrappers.txt");
  // `make(problem, t)` makes the optimizer; `solved`: the solution is recorded, not the parameters.
  const auto check = [&](const std::string& name, bool solved, const auto& make) {
    INFO(name);
    const std::string problem = name.substr(name.find(' ') + 1);
    int t = 0;
    const auto optimizer = make([&](const Tree<double>& x, Tree<double>& gradient) {
      write_gradient_of(problem, x, gradient, t);
      return 0.0;
    });
    auto params = start_of(problem), grads = params;
    auto state = optimizer.init(params);
    REQUIRE(records.count(name) == 1);
    for (const auto& [step, values] : records[name]) {
      while (t < step) {
        write_gradient_of(problem, params, grads, ++t);
        optimizer.step(params, grads, state);
      }
      CHECK(relative_difference(flattened(solved ? solution(optimizer, params, state) : params), values) <
            1e-12);
    }
    CHECK(t == 40);
    records.erase(name);
  };
  const auto always = [](const auto& optimizer) { return [=](const auto&) { return optimizer; }; };
  check("lookahead_sgd given", false, always(lookahead(sgd, 2)));
  check("lookahead_adam tree", false, always(lookahead(adam, 5, 0.8)));
  check("exponential_sgd given", true, always(exponential_average(sgd, 0.9)));
  auto late = exponential_average(adam, 0.95);
  late.from = 3;
  check("exponential_adam tree", true, always(late));
  check("swa_adam tree", true, always(stochastic_weight_average(adam, 4, 3)));
  check("polyak_adam tree", true, always(polyak_average(adam)));
  check("unbiased_adam tree", true, always(Average<Adam>{.inner = adam, .decay = 0.9}));
  check("accumulate_adam tree", false, always(accumulate(adam, 3)));
  const SGD slow{.learning_rate = 0.05};
  check("sam_sgd valley", false, [&](const auto& f) { return sharpness_aware(f, slow); });
  check("sam_adam tree", false, [](const auto& f) { return sharpness_aware(f, adam, 0.5); });
  check("asam_adam tree", false, [](const auto& f) { return sharpness_aware(f, adam, 0.5, true); });
  check("cautious_adam tree", false, always(cautious(adam)));
  const Linear falling{.start = 0.1, .steps = 60};
  check("adamc tree", false, always(corrected_decay(AdamW{.weight_decay = 0.5}, falling, 0.1)));
  const Adam adamh{.learning_rate = 1, .beta1 = 0.9, .beta2 = 0.95};
  check("hyperball_adam given", false, always(hyperball(adamh, 0.1)));
  check("hyperball_adam tree", false, always(hyperball(Adam{.learning_rate = 0.7}, 0.05)));
  // The stage before the learning rate, and the wrapper behind it.
  using stages::UpdateFloor;
  const stages::Average average{.momentum = 0.9, .nesterov = false};
  const stages::Descend descend{.learning_rate = 0.1};
  const auto floored = [&](const UpdateFloor& floor) {
    return StageList{"floored", std::tuple{average, floor, descend}};
  };
  check("floor_momentum tree", false, always(floored({0.35})));
  check("row_floor_momentum tree", false, always(floored({0.35, true})));
  check("column_floor_momentum tree", false, always(floored({0.35, true, Layout::inputs_by_outputs})));
  check("brake_adam tree", false, always(radial_brake(adam)));
  const auto late_beta = [](std::int64_t t) { return t < 1 ? 0 : 0.3; };
  check("ema_nesterov_sgd given", true,
        always(scheduled<&EmaNesterov<SGD>::beta>(ema_nesterov(sgd, 0.3, 0.9), late_beta)));
  check("ema_nesterov_adam tree", true, always(ema_nesterov(adam, 0.5, 0.8)));
  const Momentum muloco{.learning_rate = 0.7, .momentum = 0.5, .nesterov = true};
  check("diloco_sgd given", false, always(diloco(sgd, 3, muloco)));
  check("diloco_adam tree", false, always(diloco(adam, 4)));
  check("tail_adam tree", true, always(tail_average(adam, 4, 5, 0.6)));
  CHECK(records.empty());
}

TEST_CASE("a wrapper without strength is the optimizer inside, to the bit") {
  const auto check = [](const auto& wrapped, const auto& plain) {
    CHECK(same_bits(after<double>(wrapped, 20), after<double>(plain, 20)));
    CHECK(same_bits(after<float>(wrapped, 20), after<float>(plain, 20)));
  };
  const AdamW adamw{.learning_rate = 0.1};
  check(scheduled<&AdamW::learning_rate>(AdamW{}, Constant{0.1}), adamw);
  check(corrected_decay(AdamW{}, Constant{0.1}, 0.1), adamw);
  check(lookahead(adamw, 1, 1), adamw);
  check(ema_nesterov(adamw, 0), adamw);
  check(tail_average(adamw, 3), adamw);
  check(accumulate(adamw, 1), adamw);
  check(skip_nonfinite(adamw), adamw);
  check(polyak_average(adamw), adamw);
  check(exponential_average(adamw), adamw);
  check(route(any_leaf, adamw, Frozen{}), adamw);
}

TEMPLATE_TEST_CASE("every wrapper holds every optimizer", "", float, double) {
  for_each_optimizer([](const Entry& entry) {
    const AnyOptimizer& plain = entry.usual;
    const auto expected = after<TestType>(plain, 10);
    const auto check = [&](const auto& wrapped) { CHECK(same_bits(after<TestType>(wrapped, 10), expected)); };
    check(lookahead(plain, 1, 1));
    check(ema_nesterov(plain, 0));
    check(accumulate(plain, 1));
    check(skip_nonfinite(plain));
    check(polyak_average(plain));
    check(exponential_average(stochastic_weight_average(skip_nonfinite(plain), 2, 3)));
    check(polyak_average(accumulate(lookahead(plain, 1, 1), 1)));
  });
}

TEST_CASE("sharpness-aware steps of radius 0 are the optimizer's own, to the bit") {
  int t = 0;
  const auto objective = [&t](const auto& x, auto& gradient) {
    write_gradient(x, gradient, t);
    return 0.0;
  };
  for (const bool adaptive : {false, true}) {
    const auto wrapped = sharpness_aware(objective, adam, 0, adaptive);
    auto a = make_tree<double>(small_shapes), b = a;
    auto wrapped_state = wrapped.init(a);
    auto state = adam.init(b);
    for (t = 1; t <= 20; ++t) {
      run(wrapped, a, wrapped_state, t, t);
      run(adam, b, state, t, t);
    }
    CHECK(same_bits(a, b));
  }
}
