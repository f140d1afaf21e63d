// SPDX-License-Identifier: MIT
//
// A finite sum without noise floor.
#pragma once

#include <Eigen/Dense>
#include <gradus/gradients/reduce_variance.hpp>
#include <gradus/objectives/finite_sums.hpp>
#include <gradus/optimizers/adam.hpp>
#include <gradus/optimizers/momentum.hpp>
#include <gradus/optimizers/sgd.hpp>
#include <gradus/tools/batches.hpp>
#include <gradus/tools/gradient_noise.hpp>

#include "row.hpp"

namespace theory {

/// Least squares, with its minimiser and the constants of its theory.
struct LeastSquares {
  gradus::LinearRegression<> f = gradus::LinearRegression<>::random(100, 3, 1, 1);
  Eigen::MatrixXd best = f.features.colPivHouseholderQr().solve(f.targets);
  double smooth = f.features.rowwise().squaredNorm().maxCoeff();  // L, of every sample
  double convex = Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d>(f.features.transpose() * f.features / 100)
                      .eigenvalues()[0];  // μ, of the mean

  double gap(const Eigen::MatrixXd& x) const {
    return (f.features * (x - best)).squaredNorm() / 200;
  }  // f − f*
};

/// f − f* at the snapshots of `epochs` epochs of `inner` steps on single samples each, with gradients of
/// reduced variance or without. A snapshot is the mean of the points of an epoch, or the last of them.
template <class Optimizer>
std::vector<double> gaps(const LeastSquares& problem, const Optimizer& optimizer, int epochs, int inner,
                         bool reduces, bool averages) {
  Eigen::MatrixXd x = Eigen::MatrixXd::Zero(3, 1), gradient = x, at_snapshot = x, mean = x;
  gradus::PortableRandom random(1);
  auto state = optimizer.init(x);
  std::vector<double> result{problem.gap(x)};
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const Eigen::MatrixXd snapshot = x;
    Eigen::MatrixXd sum = 0 * x;
    problem.f(snapshot, mean);
    for (int t = 0; t < inner; ++t) {
      sum += x;
      const std::array<gradus::Index, 1> sample{static_cast<gradus::Index>(random.below(100))};
      problem.f(x, gradient, sample);
      problem.f(snapshot, at_snapshot, sample);
      if (reduces) {
        optimizer.step(x, gradus::reduce_variance(gradient, at_snapshot, mean), state);
      } else {
        optimizer.step(x, gradient, state);
      }
    }
    if (averages) x = sum / inner;
    result.push_back(problem.gap(x));
  }
  return result;
}

/// With SVRG the gap falls by α = 1/(μη(1 − 2Lη)m) + 2Lη/(1 − 2Lη) on average in every epoch of m steps
/// (Johnson & Zhang, 2013, theorem 1), where SGD with the same constant step stays on a floor.
inline Rows variance_reduction() {
  const LeastSquares problem;
  const double eta = 0.1 / problem.smooth, spread = 2 * problem.smooth * eta;
  const int inner = static_cast<int>(4 / (problem.convex * eta));
  const double factor = 1 / (problem.convex * eta * (1 - spread) * inner) + spread / (1 - spread);
  const gradus::SGD sgd{.learning_rate = eta};
  const int epochs = 15;
  const auto reduced = gaps(problem, sgd, epochs, inner, true, true),
             plain = gaps(problem, sgd, epochs, inner, false, false);
  // Over all samples, halfway and at the minimiser.
  const Eigen::MatrixXd half = problem.best / 2;
  Eigen::MatrixXd mean, at_half, at_best, expected = 0 * half;
  problem.f(problem.best, mean);
  double variance = 0;
  for (gradus::Index i = 0; i < 100; ++i) {
    problem.f(half, at_half, std::array{i});
    problem.f(problem.best, at_best, std::array{i});
    const Eigen::MatrixXd g = at_half - at_best + mean;
    expected += g / 100;
    variance += g.squaredNorm() / 100;
  }
  problem.f(half, at_half);
  variance -= expected.squaredNorm();
  const double noise = gradus::gradient_noise(problem.f, half).variance;
  const gradus::Momentum momentum{.learning_rate = eta / 10};
  const gradus::Adam adam{.learning_rate = 0.01};
  return {
      at_most("expectation of a gradient of reduced variance: distance from grad f",
              (expected - at_half).norm(), 1e-12),
      at_most("... its variance halfway to the snapshot, bound 4L(f - f* + 0)", variance,
              4 * problem.smooth * problem.gap(half)),
      at_most("... of that of a plain one", variance / noise, 1),
      at_most("SVRG: f - f* falls by, an epoch, mean of 15",
              std::pow(reduced.back() / reduced[0], 1.0 / epochs), factor),
      at_most("... and is, of its start", reduced.back() / reduced[0], std::pow(factor, epochs)),
      exceeds("SGD, the same constant step: its floor, of the start", plain.back() / plain[0], 1e-4),
      at_most("momentum with reduced variance: f - f*, of its start",
              gaps(problem, momentum, epochs, inner, true, false).back() / plain[0], 1e-12),
      at_most("Adam with reduced variance", gaps(problem, adam, epochs, inner, true, false).back() / plain[0],
              1e-6),
      exceeds("... without", gaps(problem, adam, epochs, inner, false, false).back() / plain[0], 1e-6),
  };
}

}  // namespace theory
