// SPDX-License-Identifier: MIT
//
// What a larger batch is worth.
#pragma once

#include <array>
#include <gradus/objectives/finite_sums.hpp>
#include <gradus/optimizers/sgd.hpp>
#include <gradus/tools/gradient_noise.hpp>

#include "row.hpp"
#include "sgd.hpp"

namespace theory {

using gradus::Index;

/// Independent samples: the cross terms of the variance of a mean vanish, and σ²/b is left. Samples that are
/// drawn without replacement exclude each other: (σ²/b)(n − b)/(n − 1). Checked over all pairs of samples.
inline Rows batch_variance() {
  const auto f = gradus::LogisticRegression<>::random(12, 3, 1, 1);
  const Eigen::Vector3d x(1, -2, 0.5);
  const gradus::GradientNoise noise = gradus::gradient_noise(f, x);
  const double n = double(f.size());
  Eigen::Vector3d mean, gradient;
  f(x, mean);
  double with = 0, without = 0, square = 0;
  for (Index i = 0; i < f.size(); ++i) {
    for (Index j = 0; j < f.size(); ++j) {
      f(x, gradient, std::array{i, j});
      with += (gradient - mean).squaredNorm() / (n * n);
      square += gradient.squaredNorm() / (n * n);
      if (i != j) without += (gradient - mean).squaredNorm() / (n * (n - 1));
    }
  }
  // From the mean squared norms of the gradients of batches of one and of two.
  const gradus::GradientNoise estimate =
      gradus::estimate_gradient_noise(1, noise.squared_norm + noise.variance, 2, square);
  return {
      equals("exercise 2: variance of batches of 2, all pairs: sigma^2/b", with, noise.variance / 2, 1e-12),
      equals("... without replacement: (sigma^2/b)(n - b)/(n - 1)", without, noise.batch_variance(2, n),
             1e-12),
      equals("critical batch size tr Sigma/|grad f|^2 from batches of 1 and 2",
             estimate.critical_batch_size(), noise.critical_batch_size(), 1e-10),
  };
}

/// At the critical batch size the best step makes half of the progress that the gradient of the whole sum
/// would make; at batch size b it makes 1/(1 + B/b). Exact where the curvature is alike in all directions, as
/// in the estimation of a mean, f_i = ½‖θ − y_i‖². A sample's share of that, 1/(b + B), falls with the batch,
/// below the critical size as well: larger batches save steps, never samples.
inline Rows critical_batch() {
  gradus::PortableRandom random(3);
  const Index n = 20;
  const gradus::LinearRegression<> f{Eigen::VectorXd::Ones(n), random.matrix(n, 4)};
  const Eigen::RowVectorXd best = f.targets.colwise().mean(), start = best.array() + 0.2;
  const double critical = gradus::gradient_noise(f, start).critical_batch_size();
  const double gap = f(start) - f(best);
  // Of one best step on this batch.
  const auto progress = [&](std::span<const Index> batch) {
    Eigen::RowVectorXd theta = start, gradient;
    const gradus::SGD sgd{.learning_rate = 1 / (1 + critical / double(batch.size()))};
    auto state = sgd.init(theta);
    f(theta, gradient, batch);
    sgd.step(theta, gradient, state);
    return (f(start) - f(theta)) / gap;
  };
  double one = 0, two = 0;  // the mean over all batches
  for (Index i = 0; i < n; ++i) {
    one += progress(std::array{i}) / double(n);
    for (Index j = 0; j < n; ++j) two += progress(std::array{i, j}) / double(n * n);
  }
  return {equals("progress of the best step on one sample, of the whole: 1/(1 + B)", one, 1 / (1 + critical),
                 1e-10),
          equals("... on two", two, 1 / (1 + critical / 2), 1e-10),
          at_most("... for each sample, of one that is alone, B = 7", two / 2 / one, 1)};
}

/// With σ²/b for σ² the bound of convex SGD at its best step is Dσ/√(bT): twice the batch and half the steps
/// leave it as it is, but the best step D√b/(σ√T) doubles. That ends at 1/L, that is at b = σ²T/(L²D²).
inline Rows linear_scaling() {
  const ConvexBound once, twice{.sigma = once.sigma / std::sqrt(2.0), .steps = once.steps / 2};
  const double eta = once.best_step(), flat = 1e-3;
  return {
      equals("exercise 2: best bound for (2b, T/2), of that for (b, T)",
             twice(twice.best_step()) / once(once.best_step()), 1, 1e-12),
      equals("... and its step: twice as long", twice.best_step() / eta, 2, 1e-12),
      equals("... measured: E f(mean) for (2b, T/2, 2 eta), of that for (b, T, eta)",
             value_of_mean(twice, 2 * eta, flat) / value_of_mean(once, eta, flat), 1, 0.05),
  };
}

}  // namespace theory
