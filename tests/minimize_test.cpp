// SPDX-License-Identifier: MIT
#include <gradus/gradus.hpp>
#include <gradus/objectives/objectives.hpp>
#include <sstream>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

const Eigen::Vector2d far_start{4.1, 4.5};
const Adam adam{.learning_rate = 0.1};

}  // namespace

TEST_CASE("minimize stops for each of its reasons and says so") {
  const auto steps = minimize(StyblinskiTang{}, far_start, adam, {.max_steps = 7});
  CHECK(steps.reason == StopReason::max_steps);
  CHECK(steps.steps == 7);
  CHECK(steps.evaluations == 8);

  const auto flat = minimize(Sphere{}, far_start, SGD{.learning_rate = 0.1}, {.gradient_norm = 1e-3});
  CHECK(flat.reason == StopReason::gradient_norm);
  CHECK(flat.gradient_norm <= 1e-3);
  CHECK(flat.gradient_norm > 1e-4);
  CHECK(flat.steps < 1000);

  const auto still = minimize(Sphere{}, far_start, SGD{.learning_rate = 0.1}, {.value_change = 1e-9});
  CHECK(still.reason == StopReason::value_change);
  CHECK(still.value < 1e-7);

  const auto late = minimize(Sphere{}, far_start, adam, {.seconds = 0});
  CHECK(late.reason == StopReason::time);
  CHECK(late.steps == 0);
  CHECK(late.x == far_start);

  const auto asked = minimize(Sphere{}, far_start, adam, {}, [](const auto& p) { return p.step == 5; });
  CHECK(asked.reason == StopReason::observer);
  CHECK(asked.steps == 5);

  const auto diverged = minimize(StyblinskiTang{}, far_start, SGD{.learning_rate = 1}, {});
  CHECK(diverged.reason == StopReason::non_finite);
  CHECK(std::isfinite(diverged.best_value));

  for (const auto reason : {StopReason::max_steps, StopReason::gradient_norm, StopReason::value_change,
                            StopReason::time, StopReason::observer, StopReason::non_finite}) {
    CHECK(to_string(reason).size() > 10);
  }
}

TEST_CASE("the solution before the first step is the start") {
  const auto check = [](const auto& optimizer) {
    CHECK(minimize(Sphere{}, far_start, optimizer, {.max_steps = 0}).x == far_start);
  };
  check(ASGD{});
  check(Nesterov{});
  check(ScheduleFreeSGD{});
  check(ScheduleFreeAdamW{});
}

TEST_CASE("minimize returns the last and the best point") {
  const auto result = minimize(Sphere{}, far_start, Momentum{.learning_rate = 0.1}, {.max_steps = 60});
  Eigen::Vector2d gradient;
  CHECK(result.value == Sphere{}(result.x, gradient));
  CHECK(result.gradient_norm == Approx(gradient.norm()));
  CHECK(result.best_value == Sphere{}(result.best_x));
  CHECK(result.best_value < result.value);  // momentum swings through
}

TEST_CASE("the run of the classic listing crosses to the global minimum with momentum") {
  const auto result = minimize(StyblinskiTang{}, far_start, Momentum{.learning_rate = 0.02, .momentum = 0.9});
  CHECK((result.x - Eigen::Vector2d::Constant(-2.903534027771177)).norm() < 1e-9);
  CHECK(result.value == Approx(2 * -39.16616570377142).epsilon(1e-14));
}

TEST_CASE("minimize takes lambdas, expressions, matrices and trees") {
  const auto lambda = [](const Eigen::VectorXd& x, Eigen::VectorXd& gradient) {
    gradient = 2 * (x.array() - 3);
    return (x.array() - 3).square().sum();
  };
  const auto vector = minimize(lambda, Eigen::VectorXd::Zero(4), SGD{.learning_rate = 0.1});
  CHECK(vector.x.isApproxToConstant(3, 1e-9));

  const auto problem = MatrixLeastSquares<double>::random(6, 4, 3, 1);
  CHECK(
      minimize(problem, Eigen::MatrixXd::Zero(4, 3), Adam{.learning_rate = 0.05}, {.max_steps = 3000}).value <
      1e-6);

  const auto low_rank = LowRankFactorization<double>::random(5, 4, 2, 1);
  const auto factors =
      minimize(low_rank, std::pair{make_tree<double>({{5, 2}})[0], make_tree<double>({{4, 2}})[0]},
               Adam{.learning_rate = 0.02}, {.max_steps = 5000});
  CHECK(factors.value < 1e-6);

  // A tuple of references is copied, not followed.
  Eigen::MatrixXd u = make_tree<double>({{5, 2}})[0], v = make_tree<double>({{4, 2}})[0];
  const Eigen::MatrixXd before = u;
  const auto referred = minimize(low_rank, std::tie(u, v), Adam{.learning_rate = 0.02}, {.max_steps = 5000});
  CHECK(referred.value < 1e-6);
  CHECK(u == before);
}

TEST_CASE("observers see the start and every step, and all of them are called") {
  Trajectory<Eigen::Vector2d> path;
  int calls = 0;
  std::ostringstream printed, bar;
  ProgressBar progress{20, bar, "adam"};
  const auto result = minimize(
      Sphere{}, far_start, adam, {.max_steps = 20}, [](const auto& p) { return p.step == 15; }, path,
      [&](const auto&) { ++calls; }, PrintEvery{5, printed}, progress);
  CHECK(result.steps == 15);
  CHECK(calls == 16);
  REQUIRE(path.points.size() == 16);
  CHECK(path.points.front() == far_start);
  CHECK(path.points.back() == result.x);
  CHECK(path.values.back() == result.value);
  const std::string lines = printed.str();
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 4);
  CHECK(bar.str().find("adam [####") != std::string::npos);
  CHECK(bar.str().find(" 75%") != std::string::npos);
  CHECK(bar.str().find(" steps/s  0:0") != std::string::npos);
  CHECK(bar.str().find(" left") != std::string::npos);
  CHECK_THROWS_WITH(ProgressBar(0, bar), contains("ProgressBar: total is 0"));
}

TEST_CASE("a monitor measures what its steps were told to be") {
  Monitor<Eigen::Vector2d> all, third{.period = 3};
  const SGD sgd{.learning_rate = 0.25};
  minimize(Sphere{}, Eigen::Vector2d(3, 4), sgd, {.max_steps = 7}, all, third);
  REQUIRE(all.measurements.size() == 8);
  CHECK(std::isnan(all.measurements[0].update_ratio));
  CHECK(all.measurements[0].gradient_norm ==
        Approx(all.measurements[1].gradient_norm / (1 - all.measurements[1].update_ratio)));
  for (std::size_t t = 1; t < 8; ++t) {
    // The gradient is a multiple of x, so every step shrinks x by the same factor.
    CHECK(all.measurements[t].update_ratio == Approx(all.measurements[1].update_ratio));
    CHECK(all.measurements[t].non_finite == 0);
    CHECK(all.measurements[t].value < all.measurements[t - 1].value);
  }
  REQUIRE(third.measurements.size() == 3);
  CHECK(third.measurements[2].step == 6);
  CHECK(third.measurements[2].update_ratio == all.measurements[6].update_ratio);

  // In a loop of one's own, with a tree.
  using Tree = std::vector<Eigen::MatrixXf>;
  Tree params{Eigen::MatrixXf::Ones(5, 7), Eigen::MatrixXf::Ones(3, 1)}, gradient = params;
  gradient[0](4, 6) = std::numeric_limits<float>::infinity();
  gradient[0](1, 1) = gradient[1](2, 0) = std::numeric_limits<float>::quiet_NaN();
  Monitor<Tree> monitor;
  monitor.record(0, 1.0, params, gradient);
  params[0](0, 0) = 2;
  monitor.record(1, 1.0, params, params);
  CHECK(monitor.measurements[0].non_finite == 3);
  CHECK(monitor.measurements[1].update_ratio == Approx(1 / std::sqrt(38)));
  CHECK_THROWS_WITH(monitor.record(2, 1.0, params, Tree{}), contains("Monitor: "));
  CHECK_THROWS_WITH((Monitor<Tree>{.period = 0}.record(0, 1.0, params, params)), contains("period is 0"));
}

TEST_CASE("minimize says that the gradient was left unwritten") {
  const auto unwritten = contains("minimize: the objective has not written the gradient");
  const auto value_alone = [](const auto& x, auto&) { return x.squaredNorm(); };
  CHECK_THROWS_WITH(minimize(value_alone, far_start, adam), unwritten);
  const auto by_value = [](const auto& x, auto gradient) {
    gradient = 2 * x;
    return x.squaredNorm();
  };
  CHECK_THROWS_WITH(minimize(by_value, far_start, adam), unwritten);
  // Not so where the point is bad, or one coefficient is a number.
  const auto everywhere_nan = [](const auto&, auto&) { return NAN; };
  CHECK(minimize(everywhere_nan, far_start, adam).reason == StopReason::non_finite);
  const auto in_part = [](const auto& x, auto& gradient) {
    gradient(0) = x(0);
    return x(0) * x(0) / 2;
  };
  CHECK(minimize(in_part, far_start, adam).reason == StopReason::non_finite);
  CHECK(minimize([](const auto&, auto&) { return 1.0; }, Eigen::VectorXd(), adam, {.max_steps = 3}).steps ==
        3);
}

TEST_CASE("minimize throws what init refuses") {
  CHECK_THROWS_AS(minimize(Sphere{}, far_start, Adam{.beta1 = 2}), std::invalid_argument);
}
