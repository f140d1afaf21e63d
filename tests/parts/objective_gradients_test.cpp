// SPDX-License-Identifier: MIT
//
// The gradient of every test function against derivatives found in two other ways.
#include <gradus/objectives/objectives.hpp>
#include <gradus/tools/autodiff.hpp>

#include "catch.hpp"
#include "objective_helpers.hpp"

namespace {

using Eigen::Index;
using Eigen::VectorXd;
using gradus_test::Approx;
using gradus_test::for_each_function_and_dimension;
using gradus_test::random_points;

}  // namespace

TEST_CASE("the gradient is what automatic differentiation finds") {
  for_each_function_and_dimension([](const auto& f, Index d, auto& random) {
    const auto by_autodiff = gradus::with_autodiff(f);
    for (const VectorXd& x : random_points(f, d, random)) {
      VectorXd gradient(d), expected(d);
      f(x, gradient);
      CHECK(by_autodiff(x, expected) == Approx(f(x)).epsilon(1e-12).margin(1e-12));
      CHECK((gradient - expected).norm() <= 1e-11 * expected.norm());
    }
  });
}

TEST_CASE("the gradient is what central differences find") {
  for_each_function_and_dimension([](const auto& f, Index d, auto& random) {
    for (const VectorXd& x : random_points(f, d, random)) {
      const gradus::GradientCheck check = gradus::check_gradient(f, x);
      INFO(check);
      CHECK(check.ok());
    }
  });
}

TEST_CASE("the gradient of a test function can itself be differentiated: its Hessian is symmetric") {
  gradus::for_each_test_function([](const auto& f) {
    using F = std::remove_cvref_t<decltype(f)>;
    INFO(F::name);
    constexpr int d = gradus::test_functions::accepts<F>(2) ? 2 : 4;
    using Derivatives = Eigen::Matrix<double, d, 1>;
    Eigen::Matrix<Eigen::AutoDiffScalar<Derivatives>, d, 1> x, gradient;
    const VectorXd start = F::start(d);
    for (int i = 0; i < d; ++i) x[i] = {start[i], Derivatives::Unit(i)};
    f(x, gradient);
    Eigen::Matrix<double, d, d> hessian;
    for (int i = 0; i < d; ++i) hessian.col(i) = gradient[i].derivatives();
    CHECK(hessian.norm() > 0);
    CHECK(hessian.isApprox(hessian.transpose(), 1e-12));
  });
}
