// SPDX-License-Identifier: MIT
#include <gradus/linalg/product.hpp>

#include "catch.hpp"

using namespace gradus;

TEMPLATE_TEST_CASE("multiply is a product of blocks, maps and transposes of any shape", "", float, double) {
  using Matrix = Eigen::MatrixX<TestType>;
  const auto [rows, depth, cols] = GENERATE(
      table<int, int, int>({{1, 1, 1}, {5, 7, 3}, {48, 130, 65}, {3, 0, 2}, {0, 4, 2}, {100, 600, 9}}));
  const Matrix a = Matrix::Random(rows, depth), b = Matrix::Random(depth, cols);
  const Matrix at = a.transpose(), around = Matrix::Random(depth + 2, cols + 3);
  Matrix wide = Matrix::Random(rows + 3, cols + 2), result = Matrix::Random(rows, cols);
  Workspace workspace;
  const double tolerance = 10.0 * (depth + 1) * static_cast<double>(std::numeric_limits<TestType>::epsilon());

  multiply(result, a, b, workspace);
  CHECK((result - a * b).cwiseAbs().sum() <= tolerance * rows * cols);
  const Matrix kept = wide;
  multiply_add(wide.block(2, 1, rows, cols), 0.5, -2, at.transpose(), around.block(1, 2, depth, cols),
               workspace);
  Matrix expected = kept;
  expected.block(2, 1, rows, cols) =
      kept.block(2, 1, rows, cols) / 2 - 2 * a * around.block(1, 2, depth, cols);
  CHECK((wide - expected).cwiseAbs().sum() <= tolerance * rows * cols);
}

TEST_CASE("multiply does not read what it does not keep, and needs no workspace of a size") {
  const Eigen::MatrixXd a = Eigen::MatrixXd::Random(9, 4), b = Eigen::MatrixXd::Random(4, 5);
  Eigen::MatrixXd result = Eigen::MatrixXd::Constant(9, 5, std::numeric_limits<double>::quiet_NaN());
  Workspace workspace;
  multiply(result, a, b, workspace);
  CHECK(result.isApprox(a * b));
  const std::size_t room = workspace.capacity();
  multiply(result, a, b, workspace);
  CHECK(workspace.capacity() == room);
}

TEST_CASE("multiply says which shapes do not fit, and changes nothing") {
  const Eigen::MatrixXd a = Eigen::MatrixXd::Ones(9, 4), b = Eigen::MatrixXd::Ones(5, 5);
  Eigen::MatrixXd result = Eigen::MatrixXd::Ones(9, 5);
  Workspace workspace;
  CHECK_THROWS_WITH(multiply(result, a, b, workspace), "multiply: 9 x 4 times 5 x 5 does not give 9 x 5");
  CHECK(result == Eigen::MatrixXd::Ones(9, 5));
}
