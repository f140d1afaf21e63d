// SPDX-License-Identifier: MIT
//
// Whether the statements of the example program theory measure what they say. That they hold is the program's
// own test.
#include "../examples/theory/acceleration.hpp"
#include "../examples/theory/adam.hpp"
#include "../examples/theory/flatness.hpp"
#include "../examples/theory/noisy_quadratic.hpp"
#include "../examples/theory/stationarity.hpp"
#include "../examples/theory/variance_reduction.hpp"
#include "../examples/theory/wilson.hpp"

#include <array>

#include "catch.hpp"

using Eigen::VectorXd;
using gradus_test::Approx;

TEST_CASE("a statement that does not hold says so") {
  const double nan = std::nan("");
  CHECK(theory::equals("", 1.01, 1, 0.02).holds);
  CHECK_FALSE(theory::equals("", 1.03, 1, 0.02).holds);
  CHECK_FALSE(theory::equals("", -1, 1, 0.02).holds);
  CHECK_FALSE(theory::equals("", nan, 1, 0.02).holds);
  CHECK(theory::differs("", 1.03, 1, 0.02).holds);
  CHECK_FALSE(theory::differs("", 1.01, 1, 0.02).holds);
  CHECK_FALSE(theory::differs("", nan, 1, 0.02).holds);
  CHECK(theory::at_most("", 1, 1).holds);
  CHECK_FALSE(theory::at_most("", 1.1, 1).holds);
  CHECK_FALSE(theory::at_most("", nan, 1).holds);
  CHECK(theory::at_least("", 1, 1).holds);
  CHECK_FALSE(theory::at_least("", 0.9, 1).holds);
  CHECK(theory::exceeds("", 1.1, 1).holds);
  CHECK_FALSE(theory::exceeds("", 1, 1).holds);
}

TEST_CASE("the noisy gradient has the right mean and the variance that was asked for") {
  theory::NoisyQuadratic f{Eigen::Vector3d(1, 2, 3), 0.7};
  const Eigen::MatrixXd theta = Eigen::MatrixXd::Constant(3, 20000, 2);
  Eigen::MatrixXd gradient = theta;
  f.gradient(theta, gradient);
  CHECK(f.value(theta) == Approx(0.5 * (1 + 2 + 3) * 4).epsilon(1e-12));
  const Eigen::Vector3d mean = gradient.rowwise().mean();
  CHECK((mean - Eigen::Vector3d(2, 4, 6)).norm() < 0.015);
  CHECK((gradient.colwise() - mean).squaredNorm() / 20000 == Approx(0.49).epsilon(0.02));
}

TEST_CASE("gradient descent and Nesterov reach the values of the reference on the worst quadratic") {
  // Printed by tests/reference/theory.py.
  const theory::WorstQuadratic f;
  const VectorXd start = VectorXd::Zero(f.dimension);
  CHECK(f.minimiser().squaredNorm() == Approx(66.83415841583978).epsilon(1e-13));
  struct Gaps {
    int steps;
    double descent, nesterov;
  };
  for (const Gaps& gaps : {Gaps{1, 0.07750618811881169, 0.07750618811881169},
                           {2, 0.0609046256188117, 0.0576697623375617},
                           {10, 0.029977605930732835, 0.01994574488807842},
                           {100, 0.009323719267742739, 0.00198130658713647}}) {
    CHECK(theory::gradient_descent(f, start, gaps.steps) == Approx(gaps.descent).epsilon(1e-11));
    CHECK(theory::nesterov(f, start, gaps.steps) == Approx(gaps.nesterov).epsilon(1e-11));
  }
}

TEST_CASE("Adam and AMSGrad take the steps of the reference on the counter-example") {
  // Printed by tests/reference/theory.py.
  const std::array adam{0.4846117967977924, 0.7461812151288745, 1.0,
                        0.7428320754025031, 0.908099066303442,  1.0};
  const std::array amsgrad{0.4846117967977924, 0.5757204201547502,  0.6501102996187382,
                           0.3929423750212413, 0.45044687112449566, 0.5029410539140295};
  const auto of_adam = theory::reddi(gradus::Adam{}, 6);
  const auto of_amsgrad = theory::reddi(gradus::AMSGrad{.form = gradus::AMSGradForm::paper}, 6);
  for (std::size_t t = 0; t < 6; ++t) {
    CHECK(of_adam[t] == Approx(adam[t]).epsilon(1e-13));
    CHECK(of_amsgrad[t] == Approx(amsgrad[t]).epsilon(1e-13));
  }
  // What is paid for 1 and the next two points, less what -1 costs.
  CHECK(theory::average_regret({0.5, 0, 0}, 3) == Approx((4 * 2 - 1.5 - 1) / 3).epsilon(1e-14));
}

TEST_CASE("the exponent of a power is found") {
  CHECK(theory::exponent([](int t) { return 3 * std::pow(t, -1.5); }, 10, 4) == Approx(-1.5).epsilon(1e-12));
  CHECK(std::abs(theory::exponent([](int) { return 7; }, 10, 3)) < 1e-12);
}

namespace {

// An objective that writes a gradient also as a function that only returns the value.
template <class F>
struct Valued {
  F f;
  auto operator()(const auto& x) const {
    auto gradient = x;
    return f(x, gradient);
  }
  auto operator()(const auto& x, auto& gradient) const { return f(x, gradient); }
};

}  // namespace

TEST_CASE("the objectives of the theory have the gradients of their values") {
  gradus::PortableRandom random(7);
  CHECK(gradus::check_gradient(Valued<theory::Product>{}, VectorXd(Eigen::Vector2d(0.7, -1.2))).ok());
  CHECK(gradus::check_gradient(Valued<theory::Waves>{}, random.matrix(3, 1)).ok());
  const theory::Rectifiers::Network x{random.matrix(4, 3), random.matrix(1, 4)};
  CHECK(gradus::check_gradient(Valued<theory::Rectifiers>{}, x).ok());
  const theory::LeastSquares problem;
  Eigen::MatrixXd gradient;
  problem.f(problem.best, gradient);
  CHECK(gradient.norm() < 1e-14);
  const Eigen::MatrixXd elsewhere = Eigen::Vector3d(1, 2, 3);
  CHECK(problem.gap(elsewhere) == Approx(problem.f(elsewhere) - problem.f(problem.best)).epsilon(1e-12));
}

TEST_CASE("Wilson's problem has the solutions of the reference") {
  // Printed by tests/reference/theory.py.
  const theory::Wilson problem;
  const Eigen::MatrixXd w = problem.trained(gradus::SGD{.learning_rate = 0.3});
  CHECK(
      (w.topRows(3) - Eigen::Vector3d(0.7696629213483148, 0.09550561797752802, 0.09550561797752768)).norm() <
      1e-12);
  CHECK(theory::Wilson::test_error(w) == 0);
  CHECK(theory::Wilson::test_error(VectorXd::Constant(78, 0.25)) == Approx(4 / 15.0).epsilon(1e-14));
  CHECK(theory::Wilson::test_error(-w) == Approx(1).epsilon(1e-14));
}
