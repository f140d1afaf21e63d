// SPDX-License-Identifier: MIT
//
// Sixteen-bit parameters with master weights or compensation: the run in float whose gradients are taken at
// the rounded points, to the bit.
#include "precision.hpp"

#include "catch.hpp"
#include "wrappers.hpp"

using namespace gradus;
using namespace gradus_test;
using Eigen::bfloat16;
using Eigen::half;

namespace {

const Shapes shapes{{7, 5}, {3, 1}, {4, 9}};

// The floats that parameters and their rests stand for.
template <class Narrow>
Tree<float> decoded(const Tree<Narrow>& narrow, const Tree<Rest16>& rest) {
  auto values = cast_tree<float>(narrow);
  for (std::size_t k = 0; k < narrow.size(); ++k) {
    for (Index i = 0; i < values[k].size(); ++i) {
      detail::CompensatedFormat::load<1>(narrow[k].data() + i, rest[k].data() + i, values[k].data() + i);
    }
  }
  return values;
}

// Calls `check(optimizer, steps)` for optimizers that see coefficients, leaves, or the whole tree.
template <class Check>
void for_each_optimizer(const Check& check) {
  const auto matrix_or_adamw = [](const auto& optimizer) {
    return route(is_matrix, optimizer, AdamW{.learning_rate = 3e-3});
  };
  check(SGD{.learning_rate = 1e-3});
  check(Momentum{.learning_rate = 1e-3});
  check(AdamW{.learning_rate = 1e-3});
  check(Lion{.learning_rate = 3e-4});
  check(RMSProp{.learning_rate = 1e-3});
  check(Rprop{});
  check(LAMB{.learning_rate = 1e-3});
  check(Adafactor{});
  check(Prodigy{});
  check(ScheduleFreeAdamW{.learning_rate = 1e-3});
  check(matrix_or_adamw(Muon{.learning_rate = 1e-3}));
  check(matrix_or_adamw(SOAP{.learning_rate = 1e-3}));
  check(matrix_or_adamw(Shampoo{.learning_rate = 1e-3}));
}

// Calls `check(nest)` for wrappers and routes, in one another.
template <class Check>
void for_each_nest(const Check& check) {
  const AdamW adamw{.learning_rate = 1e-3};
  const auto falling = [](std::int64_t t) { return 0.01 / static_cast<double>(t + 1); };
  const auto is_first = [](const LeafInfo& leaf) { return leaf.name == "0"; };
  check(lookahead(adamw, 2));
  check(exponential_average(adamw, 0.9));
  check(cautious(adamw));
  check(stiefel(adamw));
  check(hyperball(adamw));
  check(update_floor(adamw, 0.01, true));
  check(radial_brake(adamw));
  check(ema_nesterov(adamw));
  check(diloco(adamw, 3));
  check(accumulate(adamw, 3));
  check(skip_nonfinite(adamw));
  check(scheduled<&AdamW::learning_rate>(adamw, falling));
  check(route(is_matrix, Muon{.learning_rate = 1e-3}, Frozen{}));
  check(route(is_matrix, route(is_first, Lion{.learning_rate = 1e-4}, lookahead(adamw, 3)), adamw));
  check(cautious(lookahead(accumulate(scheduled<&AdamW::learning_rate>(adamw, falling), 2), 2)));
}

template <class Narrow, class O>
void check_master(const O& optimizer, int steps = 40) {
  INFO(optimizer.name());
  bool same = true;
  run_beside_floats<Narrow>(master_weights(optimizer), optimizer, shapes, steps,
                            [&](const auto& narrow, const auto& floats, const auto& state) {
                              same = same && same_bits(state.rest, floats) &&
                                     same_bits(narrow, cast_tree<Narrow>(floats));
                            });
  CHECK(same);
}

template <class O>
void check_compensated(const O& optimizer, int steps = 40) {
  INFO(optimizer.name());
  bool same = true;
  run_beside_floats<bfloat16>(compensated(optimizer), optimizer, shapes, steps,
                              [&](const auto& narrow, const auto& floats, const auto& state) {
                                same = same && same_bits(decoded(narrow, state.rest), floats) &&
                                       same_bits(narrow, cast_tree<bfloat16>(floats));
                              });
  CHECK(same);
}

}  // namespace

TEMPLATE_TEST_CASE("master weights are the run in float with gradients at the rounded points", "", bfloat16,
                   half) {
  for_each_optimizer([](const auto& optimizer) { check_master<TestType>(optimizer); });
}

TEST_CASE("compensated parameters are the run in float with gradients at the rounded points") {
  for_each_optimizer([](const auto& optimizer) { check_compensated(optimizer); });
}

TEMPLATE_TEST_CASE("master weights around nests are the run in float of the nest", "", bfloat16, half) {
  for_each_nest([](const auto& optimizer) { check_master<TestType>(optimizer); });
}

TEST_CASE("compensation around nests is the run in float of the nest") {
  for_each_nest([](const auto& optimizer) { check_compensated(optimizer); });
}

TEST_CASE("compensated halves follow the run in float") {
  const AdamW adamw{.learning_rate = 1e-4};
  double difference = 1, rounded = 1;
  run_beside_floats<half>(compensated(adamw), adamw, shapes, 200,
                          [&](const auto& narrow, const auto& floats, const auto& state) {
                            difference = relative_difference(decoded(narrow, state.rest), floats);
                            rounded = relative_difference(cast_tree<float>(narrow), floats);
                          });
  CHECK(difference < 1e-6);
  CHECK(rounded > 1e-5);
}

TEST_CASE("a route gives each part its own way, inside other routes too") {
  const auto run_with = [](const auto& optimizer) {
    auto params = narrow_start<bfloat16>(shapes);
    auto state = optimizer.init(params);
    run(optimizer, params, state, 1, 30);
    return params;
  };
  const AdamW adamw{.learning_rate = 1e-3};
  const Lion lion{.learning_rate = 1e-4};
  const auto first = [](const LeafInfo& leaf) { return leaf.name == "0"; };
  const auto result =
      run_with(route(is_matrix, route(first, master_weights(lion), compensated(adamw)), adamw));
  CHECK(same_bits(result[0], run_with(master_weights(lion))[0]));
  CHECK(same_bits(result[1], run_with(adamw)[1]));
  CHECK(same_bits(result[2], run_with(compensated(adamw))[2]));
  CHECK_FALSE(same_bits(result[2], run_with(adamw)[2]));
  // The random bits of a leaf are those of its place, with or without a route.
  const auto dithered = run_with(route(first, lion, stochastic_rounding(adamw, 5)));
  CHECK(same_bits(dithered[2], run_with(stochastic_rounding(adamw, 5))[2]));
}

TEST_CASE("steps that are small against the precision are lost without a rest alone") {
  const SGD sgd{.learning_rate = 1e-4};
  const auto moved = [](const auto& optimizer) {
    Eigen::VectorX<bfloat16> x = Eigen::VectorX<bfloat16>::Ones(64);
    const Eigen::VectorXf gradient = Eigen::VectorXf::Ones(64);
    auto state = optimizer.init(x);
    for (int t = 0; t < 2000; ++t) optimizer.step(x, gradient, state);
    return 1 - x.template cast<float>().mean();
  };
  CHECK(moved(sgd) == 0);
  CHECK(std::abs(moved(master_weights(sgd)) - 0.2f) < 2e-3f);
  CHECK(std::abs(moved(compensated(sgd)) - 0.2f) < 2e-3f);
  CHECK(std::abs(moved(stochastic_rounding(sgd)) - 0.2f) < 2e-2f);
}

TEST_CASE("stochastic rounding has the mean of the run in float, around lookahead too") {
  const SGD sgd{.learning_rate = 1e-3};
  // Of 2^14 numbers, each with an error of at most half a unit of the last place in every rounding.
  const Index n = 1 << 14;
  const int steps = 100;
  const auto check = [&](const auto& optimizer, int roundings, float unit, auto scalar) {
    using Scalar = decltype(scalar);
    Eigen::VectorX<Scalar> x = Eigen::VectorX<Scalar>::Constant(n, Scalar(0.9));
    Eigen::VectorXf floats = x.template cast<float>();
    const Eigen::VectorXf gradient = Eigen::VectorXf::Ones(n);
    const auto stochastic = stochastic_rounding(optimizer, 3);
    auto state = stochastic.init(x);
    auto float_state = optimizer.init(floats);
    for (int t = 0; t < steps; ++t) {
      stochastic.step(x, gradient, state);
      optimizer.step(floats, gradient, float_state);
    }
    const double mean = x.template cast<double>().mean();
    const double deviation = unit / 2 * std::sqrt(roundings) / std::sqrt(static_cast<double>(n));
    INFO(optimizer.name() << ": " << mean << " for " << floats[0]);
    CHECK(std::abs(mean - static_cast<double>(floats[0])) < 5 * deviation);
  };
  check(sgd, steps, 0x1p-8f, bfloat16{});
  check(sgd, steps, 0x1p-11f, half{});
  // These write the parameters twice in a step.
  check(lookahead(sgd, 1), 2 * steps, 0x1p-8f, bfloat16{});
  check(lookahead(sgd, 2), 2 * steps, 0x1p-8f, bfloat16{});
}

TEST_CASE("parameters that are changed between steps go on from there, by hand or by a wrapper around") {
  const SGD sgd{.learning_rate = 1e-4};
  const Eigen::VectorXf gradient = Eigen::VectorXf::Ones(64);
  const auto check = [&](const auto& optimizer) {
    INFO(optimizer.name());
    Eigen::VectorX<bfloat16> x = Eigen::VectorX<bfloat16>::Ones(64);
    auto state = optimizer.init(x);
    for (int t = 0; t < 30; ++t) optimizer.step(x, gradient, state);
    x.setConstant(bfloat16(0));  // as a mask does
    for (int t = 0; t < 30; ++t) optimizer.step(x, gradient, state);
    CHECK(x.template cast<double>().mean() == Approx(-3e-3).margin(3e-5));
    // The slow weights make half of the way.
    Eigen::VectorX<bfloat16> y = Eigen::VectorX<bfloat16>::Ones(64);
    const auto around = lookahead(optimizer, 1000);
    auto state_around = around.init(y);
    for (int t = 0; t < 2000; ++t) around.step(y, gradient, state_around);
    CHECK(y.template cast<double>().mean() == Approx(0.9).margin(0.01));
  };
  check(compensated(sgd));
  check(stochastic_rounding(sgd));
  // Master weights do not see it: they are what the parameters are made of.
  Eigen::VectorX<bfloat16> x = Eigen::VectorX<bfloat16>::Ones(64);
  auto state = master_weights(sgd).init(x);
  x.setZero();
  master_weights(sgd).step(x, gradient, state);
  CHECK(x == Eigen::VectorX<bfloat16>::Ones(64));
}
