// SPDX-License-Identifier: MIT
//
// Eigenvectors and orthonormal bases in a workspace, beside Eigen's solver and the properties that define
// them.
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <gradus/linalg/eigenbasis.hpp>
#include <gradus/linalg/products.hpp>

#include "catch.hpp"

using namespace gradus;

namespace {

using Eigen::MatrixXd, Eigen::VectorXd;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

template <class Matrix>
MatrixMap<double> map(Matrix& x) {
  return {x.data(), x.rows(), x.cols()};
}

struct Basis {
  MatrixXd vectors;
  VectorXd values;
};

// Results start as NaN, which must not leak into what is found.
Basis basis_of(const MatrixXd& matrix) {
  const Index n = matrix.rows();
  Basis basis{MatrixXd::Constant(n, n, not_a_number), VectorXd::Constant(n, not_a_number)};
  Workspace workspace;
  workspace.reset(eigenbasis_scratch(n));
  eigenbasis(matrix, map(basis.vectors), map(basis.values), workspace);
  CHECK(workspace.used() == 0);
  return basis;
}

MatrixXd random_basis(Index n) {
  return Eigen::HouseholderQR<MatrixXd>(MatrixXd::Random(n, n)).householderQ();
}

MatrixXd symmetric(const MatrixXd& x) { return (x + x.transpose()) / 2; }

MatrixXd with_values(const VectorXd& values) {
  const MatrixXd q = random_basis(values.size());
  return symmetric(q * values.asDiagonal() * q.transpose());
}

MatrixXd integers(Index n) {
  return MatrixXd::NullaryExpr(
      n, n, [](Index i, Index j) { return static_cast<double>((i * i + j * j + 3 * i * j) % 7 - 3); });
}

void check_basis(const MatrixXd& matrix) {
  const Index n = matrix.rows();
  CAPTURE(n);
  const Basis basis = basis_of(matrix);
  const double size = static_cast<double>(n), tolerance = 1e-15 * size * (1 + matrix.norm());
  const MatrixXd identity = MatrixXd::Identity(n, n);
  CHECK((basis.vectors.transpose() * basis.vectors - identity).norm() < 1e-15 * (1 + size));
  CHECK((matrix * basis.vectors - basis.vectors * basis.values.asDiagonal()).norm() <= tolerance);
  for (Index k = 1; k < n; ++k) CHECK(basis.values(k - 1) <= basis.values(k));
  if (n == 0) return;
  const Eigen::SelfAdjointEigenSolver<MatrixXd> expected(matrix);
  CHECK((basis.values - expected.eigenvalues()).norm() <= tolerance);
}

}  // namespace

TEST_CASE("eigenbasis finds the eigenvalues and eigenvectors of symmetric matrices") {
  std::srand(1);
  for (const Index n : {0, 1, 2, 3, 17, 64, 101}) {
    const VectorXd steps = VectorXd::LinSpaced(n, 0, 1);
    SECTION("random, n = " + std::to_string(n)) { check_basis(symmetric(MatrixXd::Random(n, n))); }
    SECTION("clustered, n = " + std::to_string(n)) {
      check_basis(with_values((steps.array() > 0.5).select(1 + 1e-13 * steps.array(), 1e-9 * steps.array())));
    }
    SECTION("repeated, n = " + std::to_string(n)) {
      check_basis(with_values((4 * steps).array().floor()));
      check_basis(3 * MatrixXd::Identity(n, n));
      check_basis(MatrixXd::Ones(n, n));
    }
    SECTION("rank deficient, n = " + std::to_string(n)) {
      const MatrixXd x = MatrixXd::Random(n, (n + 2) / 3);
      check_basis(x * x.transpose());
    }
    SECTION("graded, n = " + std::to_string(n)) {
      const VectorXd falling = Eigen::pow(10.0, -300 * steps.array());
      check_basis(with_values(falling));
      check_basis(with_values(falling.reverse()));
      const VectorXd root = falling.cwiseSqrt();
      const MatrixXd full = symmetric(MatrixXd::Random(n, n)) + 2 * MatrixXd::Identity(n, n);
      check_basis(root.asDiagonal() * full * root.asDiagonal());
      check_basis(root.reverse().asDiagonal() * full * root.reverse().asDiagonal());
    }
  }
}

TEST_CASE("eigenbasis only sorts a diagonal matrix") {
  const Index n = 61;
  const VectorXd falling = Eigen::pow(10.0, -5 * VectorXd::LinSpaced(n, 0, n - 1).array());
  const Basis basis = basis_of(falling.asDiagonal());
  CHECK(basis.values == falling.reverse());
  CHECK(basis.vectors.cwiseAbs() == MatrixXd::Identity(n, n).rowwise().reverse());
}

TEST_CASE("eigenbasis does not depend on the magnitude of a matrix") {
  const MatrixXd matrix = symmetric(MatrixXd::Random(17, 17));
  const Basis basis = basis_of(matrix);
  for (const double power : {0x1p-960, 0x1p-47, 0x1p1, 0x1p1000}) {
    const Basis scaled = basis_of(power * matrix);
    CHECK(scaled.vectors == basis.vectors);
    CHECK(scaled.values == power * basis.values);
  }
  for (const double factor : {1e-300, 1e-100, 1e100, 1e300}) {
    const Basis scaled = basis_of(factor * matrix);
    CHECK((scaled.vectors - basis.vectors).norm() < 1e-11);
    CHECK((scaled.values / factor - basis.values).norm() < 1e-14);
  }
}

TEST_CASE("eigenbasis takes denormal and huge numbers") {
  const MatrixXd matrix = symmetric(2 * integers(20));
  const Basis basis = basis_of(matrix);
  const double smallest = std::numeric_limits<double>::denorm_min();
  CHECK(basis_of(smallest * matrix).vectors == basis.vectors);
  CHECK(basis_of(0x1p1015 * matrix).vectors == basis.vectors);
  const double largest = std::numeric_limits<double>::max();
  const Basis two = basis_of(MatrixXd{{0, largest}, {largest, 0}});
  CHECK(std::abs(two.values(0) / -largest - 1) < 1e-15);
  CHECK(std::abs(two.values(1) / largest - 1) < 1e-15);
}

TEST_CASE("the eigenbasis of nothing but zeros is the identity") {
  for (const Index n : {1, 2, 7}) {
    const Basis basis = basis_of(MatrixXd::Zero(n, n));
    CHECK(basis.vectors == MatrixXd::Identity(n, n));
    CHECK(basis.values == VectorXd::Zero(n));
  }
}

TEST_CASE("infinity or NaN anywhere makes an eigenbasis NaN") {
  for (const double bad : {infinity, -infinity, not_a_number}) {
    for (const Index n : {1, 2, 9}) {
      for (Index i = 0; i < n * n; ++i) {
        MatrixXd matrix = symmetric(MatrixXd::Random(n, n));
        matrix.data()[i] = bad;
        const Basis basis = basis_of(matrix);
        CHECK(basis.vectors.array().isNaN().all());
        CHECK(basis.values.array().isNaN().all());
      }
    }
  }
}

TEST_CASE("a QR iteration that does not converge is an error") {
  MatrixXd vectors = MatrixXd::Identity(3, 3);
  VectorXd diagonal{{1, not_a_number, 2}}, subdiagonal{{1, 1, 0}};
  Workspace workspace;
  workspace.reset(eigenbasis_scratch(3));
  auto d = map(diagonal), e = map(subdiagonal), q = map(vectors);
  CHECK_THROWS_WITH(detail::diagonalize(d, e, q, workspace), gradus_test::contains("does not converge"));
}

TEST_CASE("eigen_function writes a function of a matrix into a block") {
  for (const Index n : {0, 1, 2, 17, 64}) {
    CAPTURE(n);
    const MatrixXd matrix = with_values(VectorXd::LinSpaced(n, 1, 3));
    Basis basis = basis_of(matrix);
    Workspace workspace;
    workspace.reset(eigen_function_scratch(n));
    MatrixXd whole = MatrixXd::Constant(n + 3, n + 5, 7), expected = whole;
    const auto apply = [&](const auto& f) {
      eigen_function(whole.block(1, 2, n, n), map(basis.vectors), map(basis.values), f, workspace);
      CHECK(workspace.used() == 0);
      return MatrixXd(whole.block(1, 2, n, n));
    };
    CHECK((apply([](double x) { return x; }) - matrix).norm() <= 1e-13);
    const MatrixXd root = apply([](double x) { return std::pow(x, -0.25); });
    CHECK((root * root * root * root * matrix - MatrixXd::Identity(n, n)).norm() <= 1e-12);
    CHECK(root == root.transpose());
    expected.block(1, 2, n, n) = root;
    CHECK(whole == expected);
  }
}

TEST_CASE("orthonormalize keeps what the first columns span, whatever their magnitudes") {
  for (const Index n : {0, 1, 2, 3, 17, 64}) {
    CAPTURE(n);
    const MatrixXd matrix = MatrixXd::Random(n, n);
    Workspace workspace;
    workspace.reset(orthonormalize_scratch(n));
    MatrixXd q = matrix;
    orthonormalize(map(q), workspace);
    CHECK(workspace.used() == 0);
    CHECK((q.transpose() * q - MatrixXd::Identity(n, n)).norm() <= 1e-13);
    const MatrixXd r = q.transpose() * matrix;
    CHECK(MatrixXd(r.triangularView<Eigen::StrictlyLower>()).norm() <= 1e-13);

    MatrixXd scaled = matrix;
    for (Index k = 0; k < n; ++k) scaled.col(k) *= std::ldexp(1, k % 2 == 0 ? -900 : 900);
    orthonormalize(map(scaled), workspace);
    CHECK(scaled == q);
  }
}

TEMPLATE_TEST_CASE("Eigen's products and tiles give the same", "", float, double, long double) {
  using Matrix = Eigen::MatrixX<TestType>;
  const double tolerance = std::is_same_v<TestType, float> ? 1e-4 : 1e-13;
  const Index rows = 45, depth = 31;
  Workspace workspace;
  workspace.reset(std::max(TiledProducts::scratch<TestType>(rows, depth),
                           detail::TiledProduct<TestType>::scratch(rows, rows, rows)));
  const Matrix x = Matrix::Random(rows, depth), start = Matrix::Random(rows, rows);
  const Matrix even = start + start.transpose();
  const Matrix unread = Matrix::Constant(rows, rows, std::numeric_limits<TestType>::quiet_NaN());
  for (const bool symmetric : {false, true}) {
    for (const double keep : {0.0, 1.0, -0.5}) {
      Matrix tiled = keep == 0 ? unread : even, by_eigen = tiled;
      detail::tiled_multiply_add(symmetric, tiled, 2, x, x.transpose(), keep, tiled, workspace);
      detail::eigen_multiply_add(symmetric, by_eigen, 2, x, x.transpose(), keep, by_eigen);
      CHECK((tiled - by_eigen).norm() < tolerance * tiled.norm());
      if (symmetric) CHECK(by_eigen == by_eigen.transpose());
    }
  }
#ifdef GRADUS_EIGEN_PRODUCTS
  STATIC_REQUIRE(std::is_same_v<DefaultProducts, EigenProducts>);
  CHECK(detail::multiply_scratch<TestType>(rows) == 0);
#else
  STATIC_REQUIRE(std::is_same_v<DefaultProducts, TiledProducts>);
#endif
}
