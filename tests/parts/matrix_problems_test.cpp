// SPDX-License-Identifier: MIT
//
// Matrix problems: their gradients and their known solutions.
#include <Eigen/Eigenvalues>
#include <cmath>
#include <gradus/objectives/matrix_problems.hpp>
#include <gradus/tools/check_gradient.hpp>
#include <string>
#include <tuple>

#include "catch.hpp"
#include "objective_helpers.hpp"

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using gradus_test::Approx;
using gradus_test::message_of;

}  // namespace

TEMPLATE_TEST_CASE("matrix problems have the gradient of their value and vanish at the planted solution", "",
                   float, double) {
  using Matrix = Eigen::MatrixX<TestType>;
  const double tolerance = std::is_same_v<TestType, float> ? 1e-4 : 1e-11;
  gradus::PortableRandom random(11);
  const auto holds = [&](const auto& problem, const auto& x, const auto& minimiser) {
    const auto check = gradus::check_gradient(problem, x);
    INFO(check);
    CHECK(check.ok());
    auto gradient = x;
    CHECK(double(problem(x, gradient)) == Approx(double(problem(x))).epsilon(1e-6));
    CHECK(problem(x) > 0.01);
    CHECK(double(problem(minimiser, gradient)) <= tolerance);
    gradus::walk(
        "test", [&](const gradus::Path&, const auto& g) { CHECK(double(g.norm()) <= tolerance); }, gradient);
  };

  const auto squares = gradus::MatrixLeastSquares<TestType>::random(9, 5, 3, 1);
  holds(squares, random.matrix<TestType>(5, 3), squares.minimiser());

  const auto low_rank = gradus::LowRankFactorization<TestType>::random(7, 6, 2, 2);
  const std::pair<Matrix, Matrix> start{random.matrix<TestType>(7, 2), random.matrix<TestType>(6, 2)};
  holds(low_rank, start, low_rank.minimiser(2));

  const auto procrustes = gradus::OrthogonalProcrustes<TestType>::random(5, 8, 3);
  holds(procrustes, random.matrix<TestType>(5, 5), procrustes.minimiser());

  const auto quadratic = gradus::MatrixQuadratic<TestType>::random(6, 4, 50, 4);
  holds(quadratic, random.matrix<TestType>(6, 4), quadratic.minimiser());
}

TEST_CASE("instances of a matrix problem follow from their seed") {
  using Squares = gradus::MatrixLeastSquares<double>;
  CHECK(Squares::random(4, 3, 2, 9).a == Squares::random(4, 3, 2, 9).a);
  CHECK(Squares::random(4, 3, 2, 9).b != Squares::random(4, 3, 2, 10).b);
  using Quadratic = gradus::MatrixQuadratic<double>;
  CHECK(Quadratic::random(4, 3, 10, 9).h == Quadratic::random(4, 3, 10, 9).h);
  CHECK(Quadratic::random(4, 3, 10, 9).target != Quadratic::random(4, 3, 10, 10).target);
}

TEST_CASE("a least squares problem without an exact solution has its minimiser where the gradient vanishes") {
  gradus::PortableRandom random(21);
  const gradus::MatrixLeastSquares<double> problem{random.matrix(8, 4), random.matrix(8, 3)};
  const MatrixXd best = problem.minimiser();
  MatrixXd gradient;
  const double minimum = problem(best, gradient);
  CHECK(minimum > 0.1);
  CHECK(gradient.norm() < 1e-12);
  for (int repeat = 0; repeat < 50; ++repeat) CHECK(problem(best + 0.1 * random.matrix(4, 3)) > minimum);
}

TEST_CASE("the best factorisation of low rank leaves the small singular values over") {
  gradus::PortableRandom random(22);
  const gradus::LowRankFactorization<double> problem{random.matrix(7, 5)};
  const VectorXd singular_values = Eigen::JacobiSVD<MatrixXd>(problem.m).singularValues();
  for (Index rank : {1, 2, 5}) {
    const auto best = problem.minimiser(rank);
    std::pair<MatrixXd, MatrixXd> gradient;
    CHECK(problem(best, gradient) == Approx(singular_values.tail(5 - rank).squaredNorm() / 2).margin(1e-13));
    CHECK(gradient.first.norm() + gradient.second.norm() < 1e-12);
    CHECK(problem(std::tuple(best.first, best.second)) == Approx(problem(best)).margin(1e-13));
    CHECK(problem(std::tie(best.first, best.second)) == Approx(problem(best)).margin(1e-13));
  }
  CHECK(message_of([&] { problem.minimiser(6); }) == "LowRankFactorization: rank is 6, needs 1 to 5");
}

TEST_CASE("the Procrustes minimiser is the best orthogonal matrix but not the best matrix") {
  gradus::PortableRandom random(23);
  const auto problem = gradus::OrthogonalProcrustes<double>::random(4, 9, 5, 0.3);
  const MatrixXd best = problem.minimiser();
  CHECK((best * best.transpose()).isIdentity(1e-13));
  for (int repeat = 0; repeat < 50; ++repeat) {
    // Near by: a small rotation is the exponential of a small skew matrix, here to second order and made
    // exact.
    const MatrixXd noise = random.matrix(4, 4), skew = 0.01 * (noise - noise.transpose());
    const MatrixXd identity = MatrixXd::Identity(4, 4);
    const MatrixXd rotation = (identity + skew) * (identity - skew).inverse();
    CHECK(problem(best * rotation) > problem(best));
    CHECK(problem(random.orthogonal(4)) > problem(best));
  }
  const gradus::MatrixLeastSquares<double> unconstrained{problem.a.transpose(), problem.b.transpose()};
  const MatrixXd free = unconstrained.minimiser().transpose();
  CHECK(problem(free) < problem(best));
  CHECK_FALSE((free * free.transpose()).isIdentity(1e-3));
}

TEST_CASE("a matrix quadratic has the condition number that was asked for") {
  const auto problem = gradus::MatrixQuadratic<double>::random(5, 2, 1e4, 6);
  CHECK(problem.h.isApprox(problem.h.transpose(), 1e-14));
  CHECK_FALSE(problem.h.isDiagonal(0.01));
  const VectorXd eigenvalues = Eigen::SelfAdjointEigenSolver<MatrixXd>(problem.h).eigenvalues();
  for (Index i = 0; i < 5; ++i) CHECK(eigenvalues[i] == Approx(std::pow(10.0, double(i))).epsilon(1e-9));
  CHECK(gradus::MatrixQuadratic<double>::random(1, 2, 10, 6).h(0, 0) == Approx(1).epsilon(1e-15));
  CHECK(message_of([] { gradus::MatrixQuadratic<double>::random(3, 2, 0.5, 6); }) ==
        "MatrixQuadratic: condition_number is 0.500000, needs to be at least 1.000000");
}

TEST_CASE("matrix problems take any kind of matrix and refuse a wrong shape by name") {
  const auto squares = gradus::MatrixLeastSquares<double>::random(6, 3, 2, 1);
  gradus::PortableRandom random(31);
  const MatrixXd x = random.matrix(3, 2);
  MatrixXd expected;
  const double value = squares(x, expected);

  Eigen::Matrix<double, 3, 2, Eigen::RowMajor> fixed = x, fixed_gradient;
  CHECK(squares(fixed, fixed_gradient) == Approx(value).epsilon(1e-14));
  CHECK(fixed_gradient.isApprox(expected, 1e-14));
  MatrixXd table = MatrixXd::Zero(5, 4);
  CHECK(squares(Eigen::Map<const MatrixXd>(x.data(), 3, 2), table.block(1, 1, 3, 2)) ==
        Approx(value).epsilon(1e-14));
  CHECK(table.block(1, 1, 3, 2).isApprox(expected, 1e-14));
  CHECK(table.row(0).isZero(0));

  CHECK(message_of([&] { squares(MatrixXd(2, 3)); }) == "MatrixLeastSquares: x is 2x3, needs 3x2");
  CHECK(message_of([&] { squares(x, table.block(0, 0, 2, 2)); }) ==
        "MatrixLeastSquares: the gradient is 2x2, needs 3x2");
  const gradus::LowRankFactorization<double> low_rank{random.matrix(4, 3)};
  CHECK(message_of([&] { low_rank(std::pair(MatrixXd(4, 2), MatrixXd(4, 2))); }) ==
        "LowRankFactorization: v is 4x2, needs 3x2");
  CHECK(message_of([] {
          gradus::OrthogonalProcrustes<double>{MatrixXd(3, 4), MatrixXd(3, 5)}.minimiser();
        }) == "OrthogonalProcrustes: b is 3x5, needs 3x4");
  CHECK(message_of([] {
          gradus::MatrixQuadratic<double>{MatrixXd(2, 2), MatrixXd(3, 1)}(MatrixXd(3, 1));
        }) == "MatrixQuadratic: h is 2x2, needs 3x3");
}
