// SPDX-License-Identifier: MIT
//
// What each wrapper promises beside its recurrence.
#include <gradus/objectives/bowls.hpp>

#include "catch.hpp"
#include "wrappers.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

const SGD sgd{.learning_rate = 0.1};
const Adam adam{.learning_rate = 0.1};

}  // namespace

TEST_CASE("scheduled sets the field before each step, wherever the field is") {
  const auto falling = [](std::int64_t t) { return 0.1 / static_cast<double>(t + 1); };
  const auto rising = [](std::int64_t t) { return 0.9 - 0.5 / static_cast<double>(t + 1); };
  const auto both = scheduled<&Momentum::momentum>(
      scheduled<&Momentum::learning_rate>(lookahead(Momentum{}, 3), falling), rising);
  auto a = make_tree<double>(small_shapes), b = a;
  auto by_hand = lookahead(Momentum{}, 3);
  auto state = both.init(a);
  auto hand_state = by_hand.init(b);
  for (int t = 0; t < 10; ++t) {
    by_hand.inner.learning_rate = falling(t);
    by_hand.inner.momentum = rising(t);
    run(both, a, state, t + 1, t + 1);
    run(by_hand, b, hand_state, t + 1, t + 1);
    CHECK(same_bits(a, b));
  }
  CHECK(state.t == 10);

  // A field of a wrapper, and one that the solution needs.
  using Slow = Lookahead<Momentum>;
  CHECK(same_bits(after<double>(scheduled<&Slow::alpha>(lookahead(Momentum{}), Constant{0.3}), 10),
                  after<double>(lookahead(Momentum{}, 5, 0.3), 10)));
  const auto near =
      scheduled<&ScheduleFreeSGD::beta>(ScheduleFreeSGD{}, [](std::int64_t t) { return t == 2 ? 0.6 : 0.5; });
  auto near_state = near.init(a);
  run(near, a, near_state, 1, 3);
  CHECK(
      same_bits(solution(near, a, near_state), solution(ScheduleFreeSGD{.beta = 0.6}, a, near_state.inner)));
}

TEST_CASE("the fields of an optimizer are listed with those of what it holds") {
  auto optimizer = scheduled<&Muon::learning_rate>(Muon{}, Cosine{.start = 1, .steps = 9});
  std::vector<std::string> names;
  for_each_field(optimizer, [&](const std::string& name, auto& value) {
    names.push_back(name);
    if constexpr (std::is_same_v<decltype(value), int&>) {
      if (name == "inner.orthogonalizer.steps") value = 7;
    }
  });
  CHECK(optimizer.inner.orthogonalizer.steps == 7);
  for (const char* name :
       {"inner", "inner.momentum", "inner.orthogonalizer.coefficients", "schedule.steps"}) {
    CHECK(std::count(names.begin(), names.end(), name) == 1);
  }
}

TEST_CASE("a schedule without a finite value stops the step") {
  const auto optimizer =
      scheduled<&SGD::learning_rate>(SGD{}, [](std::int64_t t) { return t < 2 ? 1.0 : NAN; });
  Eigen::VectorXd x = Eigen::VectorXd::Ones(3);
  const Eigen::VectorXd gradient = x;
  auto state = optimizer.init(x);
  optimizer.step(x, gradient, state);
  optimizer.step(x, gradient, state);
  const Eigen::VectorXd before = x;
  CHECK_THROWS_WITH(optimizer.step(x, gradient, state), contains("Scheduled: the schedule's value is nan"));
  CHECK(x == before);
  CHECK(state.t == 2);
}

TEST_CASE("lookahead offers the slow weights between its steps") {
  const auto optimizer = lookahead(sgd, 4, 0.25);
  auto params = make_tree<double>(small_shapes);
  const auto start = params;
  auto state = optimizer.init(params);
  run(optimizer, params, state, 1, 3);
  CHECK(same_bits(solution(optimizer, params, state), start));
  CHECK_FALSE(same_bits(params, start));
  run(optimizer, params, state, 4, 4);
  CHECK(same_bits(solution(optimizer, params, state), params));
}

TEST_CASE("k micro-batches are one batch, and a bad one spoils no other") {
  const auto optimizer = accumulate(adam, 4);
  auto params = make_tree<double>(small_shapes), whole = params;
  auto state = optimizer.init(params);
  auto whole_state = adam.init(whole);
  for (int step = 0; step < 5; ++step) {
    std::vector<Tree<double>> grads(4, params);
    Tree<double> mean = zeros_like(params);
    for (int k = 0; k < 4; ++k) {
      write_gradient(params, grads[static_cast<std::size_t>(k)], 4 * step + k);
      for (std::size_t l = 0; l < mean.size(); ++l) mean[l] += grads[static_cast<std::size_t>(k)][l] / 4;
    }
    const auto before = params;
    for (int k = 0; k < 4; ++k) {
      CHECK(same_bits(params, before));
      CHECK(state.n == k);
      optimizer.step(params, grads[static_cast<std::size_t>(k)], state);
    }
    adam.step(whole, mean, whole_state);
    CHECK(relative_difference(params, whole) < 1e-12);
    state.mean[0](0) = NAN;  // what a bad batch leaves behind
  }
}

TEST_CASE("a gradient that is not finite changes counters alone, until there were too many") {
  const auto optimizer = skip_nonfinite(adam, 2);
  auto params = make_tree<double>(small_shapes), bad = params;
  bad[1](2) = std::numeric_limits<double>::infinity();
  auto state = optimizer.init(params);
  run(optimizer, params, state, 1, 3);
  const auto before = params;
  const auto bytes = bytes_of(state.inner);
  const auto is_skipped = [&](int consecutive, int total) {
    optimizer.step(params, bad, state);
    CHECK(state.consecutive == consecutive);
    CHECK(state.total == total);
    return same_bits(params, before) && bytes_of(state.inner) == bytes;
  };
  CHECK(is_skipped(1, 1));
  bad[0](0) = NAN;
  CHECK(is_skipped(2, 2));
  auto copy = params;
  auto copied_state = state;
  run(optimizer, copy, copied_state, 4, 4);  // a good one in between
  CHECK(copied_state.consecutive == 0);
  CHECK(copied_state.total == 2);
  CHECK(norm(copy) < 100);
  CHECK_FALSE(is_skipped(3, 3));
  CHECK(std::isnan(params[0](0)));
}

TEST_CASE("sharpness-aware steps look at the radius around the point and come back to the bit") {
  Eigen::VectorXd x(6);
  x << 1, -2, 0.1, -0.0, 1e-310, 1e9;
  const Eigen::VectorXd start = x, gradient = Eigen::VectorXd::LinSpaced(6, -1, 2);
  bool fail = false;
  Eigen::VectorXd seen;
  const auto objective = [&](const Eigen::VectorXd& at, Eigen::VectorXd& out) {
    seen = at;
    if (fail) throw std::runtime_error("no more data");
    out = at;
    return 0.0;
  };
  for (const bool adaptive : {false, true}) {
    const auto optimizer = sharpness_aware(objective, Frozen{}, 0.25, adaptive);
    auto state = optimizer.init(x);
    for (const bool fails : {false, true}) {
      fail = fails;
      if (fail) {
        CHECK_THROWS_AS(optimizer.step(x, gradient, state), std::runtime_error);
      } else {
        optimizer.step(x, gradient, state);
      }
      CHECK(same_bits(x, start));
    }
    const Eigen::ArrayXd scale = adaptive ? start.array().abs().eval() : Eigen::ArrayXd::Ones(6);
    const Eigen::VectorXd e =
        (0.25 * scale.square() * gradient.array() / (scale * gradient.array()).matrix().norm());
    CHECK(seen.isApprox(start + e, 1e-14));
    fail = false;
    optimizer.step(x, Eigen::VectorXd::Zero(6).eval(), state);
    CHECK(seen == start);
  }
}

TEST_CASE("cautious steps go with the gradient, by more where fewer do") {
  // Momentum that points down in all coefficients meets a gradient that has turned in three of four.
  const auto optimizer = cautious(Momentum{.learning_rate = 0.1, .weight_decay = 0});
  Eigen::VectorXd x = Eigen::VectorXd::Ones(4);
  auto state = optimizer.init(x);
  state.inner.b.setOnes();
  state.inner.t = 1;
  optimizer.step(x, Eigen::VectorXd(Eigen::Vector4d(0.1, -0.1, 0, -0.1)), state);
  CHECK(x.tail(3) == Eigen::VectorXd::Ones(3));
  CHECK(x(0) == Approx(1 - 4 * 0.1 * (0.9 + 0.1)));
  // The scale is at most 1000.
  Eigen::VectorXd many = Eigen::VectorXd::Ones(4000), turned = Eigen::VectorXd::Constant(4000, -0.1);
  turned(7) = 0.1;
  auto many_state = optimizer.init(many);
  many_state.inner.b.setOnes();
  many_state.inner.t = 1;
  optimizer.step(many, turned, many_state);
  CHECK(many(7) == Approx(1 - 1000 * 0.1 * (0.9 + 0.1)));
  // No coefficient agrees; and what is NaN is not hidden.
  state.inner.b.setOnes();
  const Eigen::VectorXd before = x;
  optimizer.step(x, Eigen::VectorXd(Eigen::Vector4d(-0.1, -0.1, 0, -0.1)), state);
  CHECK(x == before);
  optimizer.step(x, Eigen::VectorXd(Eigen::Vector4d(-0.1, NAN, 0, -0.1)), state);
  CHECK(std::isnan(x(1)));
  CHECK(x(0) == before(0));
}

TEST_CASE("wrappers refuse bad fields by name, and pass on what the optimizer inside refuses") {
  const Eigen::VectorXd x = Eigen::VectorXd::Ones(3);
  const auto refuses = [&](const auto& optimizer, const std::string& what) {
    CHECK_THROWS_AS(optimizer.init(x), std::invalid_argument);
    CHECK_THROWS_WITH(optimizer.init(x), contains(what));
  };
  refuses(lookahead(sgd, 0), "Lookahead: steps is 0");
  refuses(lookahead(sgd, 5, 1.5), "Lookahead: alpha is 1.5");
  refuses(accumulate(sgd, 0), "Accumulate: batches is 0");
  refuses(skip_nonfinite(sgd, -1), "SkipNonfinite: max_consecutive is -1");
  refuses(exponential_average(sgd, 1), "Average: decay is 1");
  refuses(exponential_average(sgd, 0), "Average: decay is 0");
  refuses(stochastic_weight_average(sgd, -1), "Average: from is -1");
  refuses(stochastic_weight_average(sgd, 0, 0), "Average: period is 0");
  refuses(tail_average(sgd, 3, 10, 1.5), "Average: share is 1.5");
  refuses(hyperball(sgd, 1), "hyperball: learning_rate is 1");
  refuses(update_floor(sgd, -1), "update_floor: ratio is -1");
  refuses(radial_brake(sgd, 1.5), "radial_brake: outward is 1.5");
  refuses(ema_nesterov(sgd, -1), "EmaNesterov: beta is -1");
  refuses(ema_nesterov(sgd, 0.3, 1), "EmaNesterov: decay is 1");
  refuses(diloco(sgd, 0), "DiLoCo: steps is 0");
  refuses(diloco(sgd, 3, Momentum{.learning_rate = -1}), "Momentum: learning_rate is -1");
  refuses(hyperball(SGD{.learning_rate = -1}), "SGD: learning_rate is -1");
  refuses(sharpness_aware(Sphere{}, sgd, -0.1), "SharpnessAware: radius is -0.1");
  refuses(sharpness_aware(Sphere{}, sgd, NAN), "SharpnessAware: radius is nan");
  refuses(scheduled<&SGD::learning_rate>(sgd, [](std::int64_t) { return double(INFINITY); }),
          "Scheduled: the schedule's value is inf");
  refuses(scheduled<&SGD::learning_rate>(sgd, [](std::int64_t) { return -1.0; }), "SGD: learning_rate is -1");
  refuses(lookahead(cautious(SGD{.learning_rate = -1})), "SGD: learning_rate is -1");
}
