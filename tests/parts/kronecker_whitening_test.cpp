// SPDX-License-Identifier: MIT
//
// What PSGD's preconditioner learns, beside its trajectories.
#include <gradus/gradus.hpp>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

using Eigen::MatrixXd;

MatrixXd squared(const MatrixXd& q) {
  return q.cols() == 1 ? MatrixXd(q.cwiseAbs2().col(0).asDiagonal()) : MatrixXd(q * q);
}

// Steps along gradients G = left · Z · right, Z of independent numbers of variance 1/3, and then asks how
// white W = AGB has become: the largest coefficient of E[WWᵀ]/n − I and of E[WᵀW]/m − I.
double error_of_whiteness(const PSGDKron& optimizer, const MatrixXd& left, const MatrixXd& right) {
  PortableRandom random(3);
  const Index m = left.rows(), n = right.rows();
  MatrixXd x = MatrixXd::Zero(m, n);
  auto state = optimizer.init(x);
  for (int t = 0; t < 4000; ++t) {
    optimizer.step(x, (left * random.matrix<double>(m, n) * right.transpose()).eval(), state);
  }
  const auto& its = state.of<stages::KroneckerWhitening>();
  CHECK(its.q_left == its.q_left.transpose());
  const MatrixXd a = squared(its.q_left) * left, b = squared(its.q_right) * right;
  const MatrixXd of_rows = a * a.transpose() * b.squaredNorm() / (3 * static_cast<double>(n));
  const MatrixXd of_columns = b * b.transpose() * a.squaredNorm() / (3 * static_cast<double>(m));
  return std::max((of_rows - MatrixXd::Identity(m, m)).cwiseAbs().maxCoeff(),
                  (of_columns - MatrixXd::Identity(n, n)).cwiseAbs().maxCoeff());
}

}  // namespace

TEST_CASE("PSGD's preconditioner makes gradients white whose covariance is a Kronecker product") {
  PortableRandom random(1);
  const auto factor = [&](Index n) -> MatrixXd {
    return random.matrix<double>(n, n) + 2 * MatrixXd::Identity(n, n);
  };
  PSGDKron optimizer{.learning_rate = 0, .preconditioner_rate = 0.01, .max_skew = 10};
  const MatrixXd left = factor(4), right = 1e-3 * factor(6);
  CHECK(error_of_whiteness(optimizer, left, right) < 0.15);
  // Of the longer side only a diagonal is kept, which is enough where that side is uncorrelated.
  optimizer.max_skew = 1;
  const MatrixXd scales = Eigen::VectorXd::LinSpaced(6, 0.1, 10).asDiagonal();
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
    const auto largest = [](const Eigen::MatrixXf& q) -> double {
      return q.size() == 0 ? 1 : q.cwiseAbs2().maxCoeff();
    };
    CHECK(largest(its.q_left) * largest(its.q_right) == Approx(1e3).epsilon(0.5));
  }
}

TEST_CASE("PSGD's steps are clipped") {
  MatrixXd x = MatrixXd::Zero(4, 4);
  PSGDKron optimizer{.learning_rate = 1, .momentum = 0, .period = 100, .clip = 3};
  auto state = optimizer.init(x);
  const MatrixXd g = PortableRandom(1).matrix<double>(4, 4);
  optimizer.step(x, g, state);
  const MatrixXd first = x;
  optimizer.step(x, (1000 * g).eval(), state);
  const MatrixXd step = first - x;
  CHECK(step.norm() / 4 <= 2 + 1e-12);
  CHECK(step.norm() / 4 > 1.5);
  CHECK(step.cwiseAbs().maxCoeff() == Approx(3));
}
