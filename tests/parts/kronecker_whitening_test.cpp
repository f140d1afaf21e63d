// SPDX-License-Identifier: MIT
//
// What PSGD's preconditioner learns, beside its trajectories.
#include <gradus/gradus.hpp>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

using Matrix = Eigen::MatrixXd;

// P G for the factors of a state: Q_L² G Q_R², where a column is a diagonal.
Matrix whitened(const Matrix& q_left, const Matrix& g, const Matrix& q_right) {
  const auto square = [](const Matrix& q) -> Matrix {
    return q.cols() == 1 ? Matrix(q.cwiseAbs2().col(0).asDiagonal()) : Matrix(q * q);
  };
  return square(q_left) * g * square(q_right);
}

// Steps along gradients with the covariance (right rightᵀ) ⊗ (left leftᵀ), and then asks how white new ones
// become: the largest coefficient of the mean of WWᵀ/n − I and of WᵀW/m − I.
double error_of_whiteness(const PSGDKron& optimizer, const Matrix& left, const Matrix& right) {
  PortableRandom random(3);
  const Index m = left.rows(), n = right.rows();
  const auto gradient = [&]() -> Matrix { return left * random.matrix<double>(m, n) * right.transpose(); };
  Matrix x = Matrix::Zero(m, n);
  auto state = optimizer.init(x);
  for (int t = 0; t < 4000; ++t) optimizer.step(x, gradient(), state);
  const auto& its = state.of<stages::KroneckerWhitening>();
  CHECK(its.q_left == its.q_left.transpose());
  Matrix of_rows = Matrix::Zero(m, m), of_columns = Matrix::Zero(n, n);
  const int samples = 20000;
  for (int k = 0; k < samples; ++k) {
    const Matrix w = whitened(its.q_left, gradient(), its.q_right);
    of_rows += w * w.transpose() / (samples * n), of_columns += w.transpose() * w / (samples * m);
  }
  return std::max((of_rows - Matrix::Identity(m, m)).cwiseAbs().maxCoeff(),
                  (of_columns - Matrix::Identity(n, n)).cwiseAbs().maxCoeff());
}

}  // namespace

TEST_CASE("PSGD's preconditioner makes gradients white whose covariance is a Kronecker product") {
  PortableRandom random(1);
  const auto factor = [&](Index n) -> Matrix {
    return random.matrix<double>(n, n) + 2 * Matrix::Identity(n, n);
  };
  PSGDKron optimizer{.learning_rate = 0, .preconditioner_rate = 0.05, .max_skew = 10};
  const Matrix left = factor(4), right = 1e-3 * factor(6);
  CHECK(error_of_whiteness(optimizer, left, right) < 0.15);
  // Of the longer side only a diagonal is kept, which is enough where that side is uncorrelated.
  optimizer.max_skew = 1;
  const Matrix scales = Eigen::VectorXd::LinSpaced(6, 0.1, 10).asDiagonal();
  CHECK(error_of_whiteness(optimizer, left, scales) < 0.15);
  CHECK(error_of_whiteness(optimizer, left, right) > 0.3);
}

TEST_CASE("without gradients PSGD's preconditioner stays below 1/damping, and nothing moves") {
  for (const auto& [rows, cols] : Shapes{{3, 3}, {5, 2}, {7, 1}, {1, 1}}) {
    Eigen::MatrixXf x = Eigen::MatrixXf::Ones(rows, cols);
    const Eigen::MatrixXf zero = Eigen::MatrixXf::Zero(rows, cols);
    const PSGDKron optimizer{.preconditioner_rate = 1, .damping = 1e-3};
    auto state = optimizer.init(x);
    for (int t = 0; t < 500; ++t) optimizer.step(x, zero, state);
    CHECK(x == Eigen::MatrixXf::Ones(rows, cols));
    const auto& its = state.of<stages::KroneckerWhitening>();
    const auto largest = [](const Eigen::MatrixXf& q) {
      return q.size() == 0 ? 1 : std::pow(q.cwiseAbs().maxCoeff(), 2);
    };
    const float p = largest(its.q_left) * largest(its.q_right);
    CHECK(p < 1.5e3f);
    CHECK(p > 0.5e3f);
  }
}

TEST_CASE("PSGD's steps are clipped") {
  Matrix x = Matrix::Zero(4, 4);
  PSGDKron optimizer{.learning_rate = 1, .momentum = 0, .period = 100, .clip = 3};
  auto state = optimizer.init(x);
  const Matrix g = PortableRandom(1).matrix<double>(4, 4);
  optimizer.step(x, g, state);
  const Matrix first = x;
  optimizer.step(x, 1000 * g, state);
  const Matrix step = first - x;
  CHECK(step.norm() / 4 <= 2 + 1e-12);
  CHECK(step.norm() / 4 > 1.5);
  CHECK(step.cwiseAbs().maxCoeff() <= 3);
}
