// SPDX-License-Identifier: MIT
//
// What is promised where a function is not convex: a small gradient somewhere, and no more.
#pragma once

#include <gradus/optimizers/sgd.hpp>

#include "momentum_under_noise.hpp"
#include "row.hpp"

namespace theory {

/// f = Σ 1 + cos θ_i: L = 1, minima of value 0, maxima, and saddles between them. The parameters are a matrix
/// whose columns are runs.
struct Waves {
  /// The mean over the runs.
  double operator()(const Eigen::MatrixXd& theta, Eigen::MatrixXd& gradient) const {
    gradient = -theta.array().sin();
    return (1 + theta.array().cos()).sum() / double(theta.cols());
  }
};

struct Descended {
  double value;            ///< E f of the last point
  double squared_norm;     ///< E‖∇f‖² of the last point
  double mean_of_squares;  ///< mean of E‖∇f(θ_t)‖², t = 0 ... T − 1
};

/// `steps` steps of SGD on `Waves` from `start`.
inline Descended descend(const Eigen::MatrixXd& start, double eta, double sigma, int steps) {
  gradus::PortableRandom random(1);
  Eigen::MatrixXd theta = start, gradient = theta;
  const gradus::SGD sgd{.learning_rate = eta};
  auto state = sgd.init(theta);
  const double amplitude = sigma * std::sqrt(3.0 / double(theta.rows()));
  double sum = 0;
  for (int t = 0; t < steps; ++t) {
    Waves{}(theta, gradient);
    sum += gradient.squaredNorm() / double(theta.cols());
    for (Eigen::Index i = 0; i < gradient.size(); ++i) gradient(i) += amplitude * random.uniform();
    sgd.step(theta, gradient, state);
  }
  const double value = Waves{}(theta, gradient);
  return {value, gradient.squaredNorm() / double(theta.cols()), sum / steps};
}

/// L-smooth and no more (Ghadimi & Lan, arXiv:1309.5549), η ≤ 1/L, Δ = f(θ_0) − f*:
///
///     mean of E‖∇f(θ_t)‖², t = 0 ... T − 1  ≤  2Δ/(ηT) + ηLσ²,  least for η = √(2Δ/(LT))/σ: 2σ√(2LΔ/T).
///
/// That is a stationary point. Without noise it may be a saddle; noise leaves it.
inline Rows stationarity() {
  const Eigen::Vector2d start(0.5, 1);
  Eigen::MatrixXd gradient;
  const double gap = Waves{}(start, gradient);
  const Eigen::MatrixXd runs = start.replicate(1, 100);
  const auto best_step = [gap](int steps) { return std::sqrt(2 * gap / steps); };
  const auto noisy = [&](int steps) { return descend(runs, best_step(steps), 1, steps).mean_of_squares; };
  const Eigen::Vector2d ridge(0, 1);  // ∇f has no component across it
  const Descended stuck = descend(ridge, 0.5, 0, 200);
  return {
      at_most("gradient descent, step 1/L: mean |grad f|^2, T = 10", descend(start, 1, 0, 10).mean_of_squares,
              2 * gap / 10),
      at_most("SGD at its best step: mean E|grad f|^2, T = 8000", noisy(8000), 2 * std::sqrt(2 * gap / 8000)),
      equals("... T = 500 ... 8000: exponent", exponent(noisy, 500, 4), -0.5, 0.05),
      at_most("gradient descent along a ridge: |grad f|^2 of the last point", stuck.squared_norm, 1e-20),
      equals("... which is a saddle: f there, above the minimum", stuck.value, 2, 1e-12),
      at_most("... with noise, sigma = 0.1: E f of the last point",
              descend(ridge.replicate(1, 100), 0.5, 0.1, 200).value, 0.01),
  };
}

}  // namespace theory
