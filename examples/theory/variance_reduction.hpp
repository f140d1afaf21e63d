// SPDX-License-Identifier: MIT
//
// A finite sum without noise floor.
#pragma once

#include <Eigen/Dense>
#include <array>
#include <gradus/gradients/reduce_variance.hpp>
#include <gradus/objectives/finite_sums.hpp>
#include <gradus/optimizers/adam.hpp>
#include <gradus/optimizers/momentum.hpp>
#include <gradus/optimizers/sgd.hpp>
#include <gradus/tools/gradient_noise.hpp>
#include <gradus/tools/portable_random.hpp>

#include "row.hpp"

namespace theory {

/// Least squares, with its minimiser and the constants of its theory.
struct LeastSquares {
  gradus::LinearRegression<> f = gradus::LinearRegression<>::random(100, 3, 1, 1);
  Eigen::MatrixXd best = f.features.colPivHouseholderQr().solve(f.targets);
  double smooth = f.features.rowwise().squaredNorm().maxCoeff();  // L, of every sample
  double convex = Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d>(f.features.transpose() * f.features / 100)
                      .eigenvalues()[0];  // μ, of the mean

  /// f − f*
  double gap(const Eigen::MatrixXd& x) const { return (f.features * (x - best)).squaredNorm() / 200; }
};

/// f − f* after `epochs` epochs of `inner` steps on single samples each, of that at the start, 0, with
/// gradients of reduced variance or without. The snapshot is the last point of the epoch before.
template <class Optimizer>
double gap_left(const LeastSquares& problem, const Optimizer& optimizer, int epochs, int inner,
                bool reduces) {
  const Eigen::MatrixXd start = Eigen::MatrixXd::Zero(3, 1);
  Eigen::MatrixXd x = start, gradient = x, at_snapshot = x, mean = x;
  gradus::PortableRandom random(1);
  auto state = optimizer.init(x);
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const Eigen::MatrixXd snapshot = x;
    problem.f(snapshot, mean);
    for (int t = 0; t < inner; ++t) {
      const std::array sample{static_cast<gradus::Index>(random.below(100))};
      problem.f(x, gradient, sample);
      problem.f(snapshot, at_snapshot, sample);
      if (reduces) {
        optimizer.step(x, gradus::reduce_variance(gradient, at_snapshot, mean), state);
      } else {
        optimizer.step(x, gradient, state);
      }
    }
  }
  return problem.gap(x) / problem.gap(start);
}

/// The variance of the gradient of one sample at x, reduced by a snapshot at the minimiser.
inline double reduced_variance(const LeastSquares& problem, const Eigen::MatrixXd& x) {
  Eigen::MatrixXd gradient, at_snapshot, mean;
  problem.f(problem.best, mean);
  const gradus::SGD unit{.learning_rate = 1};  // its step from 0 is the gradient itself, but for the sign
  double square = 0;
  for (gradus::Index i = 0; i < 100; ++i) {
    problem.f(x, gradient, std::array{i});
    problem.f(problem.best, at_snapshot, std::array{i});
    Eigen::MatrixXd reduced = 0 * x;
    auto state = unit.init(reduced);
    unit.step(reduced, gradus::reduce_variance(gradient, at_snapshot, mean), state);
    square += reduced.squaredNorm() / 100;
  }
  problem.f(x, mean);
  return square - mean.squaredNorm();
}

/// The variance is at most 4L(f(θ) − f* + f(θ̃) − f*), and so vanishes at the minimum: the gap falls by α =
/// 1/(μη(1 − 2Lη)m) + 2Lη/(1 − 2Lη) on average in every epoch of m steps (Johnson & Zhang, 2013, theorem 1),
/// where SGD with the same constant step stays on a floor.
inline Rows variance_reduction() {
  const LeastSquares problem;
  const double eta = 0.1 / problem.smooth, spread = 2 * problem.smooth * eta;
  const int epochs = 15, inner = static_cast<int>(4 / (problem.convex * eta));
  const double factor = 1 / (problem.convex * eta * (1 - spread) * inner) + spread / (1 - spread);
  const auto left = [&](const auto& optimizer, bool reduces) {
    return gap_left(problem, optimizer, epochs, inner, reduces);
  };
  const gradus::SGD sgd{.learning_rate = eta};
  const gradus::Adam adam{.learning_rate = 0.01};
  const Eigen::MatrixXd half = problem.best / 2;
  const double variance = reduced_variance(problem, half);
  return {
      at_most("variance of a gradient, halfway, with a snapshot at the minimum", variance,
              4 * problem.smooth * problem.gap(half)),
      at_most("... of that of a plain one", variance / gradus::gradient_noise(problem.f, half).variance, 1),
      at_most("SVRG: an epoch leaves of f - f*, mean of 15", std::pow(left(sgd, true), 1.0 / epochs), factor),
      exceeds("SGD, the same constant step: f - f* after 15 epochs, of the start", left(sgd, false), 1e-4),
      at_most("momentum with reduced variance", left(gradus::Momentum{.learning_rate = eta / 10}, true),
              1e-12),
      at_most("Adam with reduced variance", left(adam, true), 1e-12),
      exceeds("Adam without", left(adam, false), 1e-4),
  };
}

}  // namespace theory
