// SPDX-License-Identifier: MIT
//
// Rates, fitted over the number of steps, and what momentum is worth where gradients are noisy.
#pragma once

#include <gradus/optimizers/momentum.hpp>
#include <gradus/optimizers/nesterov.hpp>
#include <gradus/optimizers/sgd.hpp>

#include "acceleration.hpp"
#include "noisy_quadratic.hpp"
#include "row.hpp"

namespace theory {

/// The exponent p where value(T) ~ Tᵖ: the slope of the line of least squares through the logarithms at T =
/// first, 2 first, 4 first, ...
template <class Value>
double exponent(const Value& value, int first, int doublings) {
  double slope = 0, squares = 0;
  for (int k = 0; k <= doublings; ++k) {
    const double x = k - doublings / 2.0;
    slope += x * std::log2(value(first << k));
    squares += x * x;
  }
  return slope / squares;
}

/// A function on which SGD with the best constant step η = D/(σ√T) all but meets its bound, D²/(2ηT) + ησ²/2:
/// h|θ|, rounded off within ηh of 0, so that L = 1/η. The way from D takes D/(ηh) steps, and costs D²/(2ηT)
/// on average; afterwards the noise holds E f = ησ²/2 up. Returns the mean of f(θ_0), ..., f(θ_{T−1}), of
/// which the bound speaks, with D = σ = 1, for an optimizer whose steps are `gain` times those of SGD.
template <class Optimizer>
double mean_at_corner(Optimizer optimizer, double gain, int steps) {
  const double eta = 1 / std::sqrt(double(steps)), slope = 0.1, amplitude = std::sqrt(3.0);
  gradus::PortableRandom random(1);
  Eigen::MatrixXd theta = Eigen::MatrixXd::Ones(1, 100), gradient = theta;
  optimizer.learning_rate = eta / gain;
  auto state = optimizer.init(theta);
  double sum = 0;
  for (int t = 0; t < steps; ++t) {
    gradient = (theta / eta).cwiseMin(slope).cwiseMax(-slope);
    // ½|θ|²/η near 0, else h(|θ| − ηh/2): in terms of the gradient, both are gθ − ηg²/2.
    sum += (gradient.cwiseProduct(theta) - eta / 2 * gradient.cwiseAbs2()).mean();
    for (double& g : gradient.reshaped()) g += amplitude * random.uniform();
    optimizer.step(theta, gradient, state);
  }
  return sum / steps;
}

/// T E f(θ_T) on ½θ² with σ = 1 and steps 2/(t + 1), T = 1000, for an optimizer whose steps are `gain` times
/// those of SGD.
template <class Optimizer>
double scaled_gap(Optimizer optimizer, double gain) {
  NoisyQuadratic f{Eigen::VectorXd::Ones(1)};
  Eigen::MatrixXd theta = Eigen::MatrixXd::Ones(1, 4000), gradient = theta;
  auto state = optimizer.init(theta);
  const int steps = 1000;
  for (int t = 1; t <= steps; ++t) {
    f.gradient(theta, gradient);
    optimizer.learning_rate = 2 / (gain * (t + 1));
    optimizer.step(theta, gradient, state);
  }
  return steps * f.value(theta);
}

/// The rates that the bounds promise are those that are measured, each where its bound is nearly reached.
inline Rows rates_over_time() {
  // In units of LD².
  const auto descent = [](int steps) {
    const WorstForDescent f{.smooth = 1, .width = 1.0 / (2 * steps + 1)};
    return gradient_descent(f, Eigen::VectorXd::Ones(1), steps);
  };
  const auto accelerated = [](int steps) {
    const WorstQuadratic f{.dimension = 2 * steps + 1};
    return nesterov(f, Eigen::VectorXd::Zero(f.dimension), steps) / f.minimiser().squaredNorm();
  };
  const auto convex = [](int steps) { return mean_at_corner(gradus::SGD{}, 1, steps); };
  // E f(θ_T) with the steps 2/(t + 1), exactly.
  const auto strongly_convex = [](int steps) {
    double square = 1;
    for (int t = 1; t <= steps; ++t) {
      const double eta = 2.0 / (t + 1);
      square = (1 - eta) * (1 - eta) * square + eta * eta;
    }
    return square / 2;
  };
  return {
      equals("gradient descent, convex, T = 25 ... 800: exponent", exponent(descent, 25, 5), -1, 0.01),
      equals("Nesterov, convex, T = 100 ... 800", exponent(accelerated, 100, 3), -2, 0.02),
      equals("SGD at its best step, convex, T = 2000 ... 32000", exponent(convex, 2000, 4), -0.5, 0.05),
      equals("... where its bound D sigma/sqrt(T) is nearly reached: share, T = 32000",
             convex(32000) * std::sqrt(32000.0), 1, 0.1),
      equals("SGD, strongly convex, steps 2/(t + 1), T = 100 ... 1600", exponent(strongly_convex, 100, 4), -1,
             0.01),
  };
}

/// Noise leaves momentum no better rate and no better constant: with steps that are worth the same, 1 − β of
/// them, all three end alike. Nesterov's acceleration, whose momentum tends to 1, is worse off: on ½hθ² it
/// ends at (1 + q)σ²/(2h(1 + 3q)) with q = 1 − ηh, σ²/(4h) whatever the step, where SGD ends at
/// ησ²/(2(2 − ηh)).
inline Rows momentum_under_noise() {
  const gradus::Momentum heavy_ball{.momentum = 0.9}, nesterov_momentum{.momentum = 0.9, .nesterov = true};
  const double gain = 10, sgd = mean_at_corner(gradus::SGD{}, 1, 32000);
  const auto of_momentum = [&](const gradus::Momentum& o) {
    return [&o, gain](int steps) { return mean_at_corner(o, gain, steps); };
  };
  const auto floor_of_nesterov = [](double eta) {
    NoisyQuadratic f{Eigen::VectorXd::Ones(1)};
    const gradus::Nesterov optimizer{.learning_rate = eta};
    Eigen::MatrixXd y = Eigen::MatrixXd::Zero(1, 50), gradient = y;
    auto state = optimizer.init(y);
    const int settle = 20000, steps = 20000;
    double sum = 0;
    for (int t = 0; t < settle + steps; ++t) {
      f.gradient(y, gradient);
      optimizer.step(y, gradient, state);
      if (t >= settle) sum += f.value(y - state.factor * state.v);
    }
    return sum / steps;
  };
  const auto predicted = [](double eta) {
    const double q = 1 - eta;
    return (1 + q) / (2 * (1 + 3 * q));
  };
  return {
      equals("heavy ball 0.9, convex, T = 2000 ... 32000: exponent",
             exponent(of_momentum(heavy_ball), 2000, 4), -0.5, 0.05),
      equals("Nesterov momentum 0.9", exponent(of_momentum(nesterov_momentum), 2000, 4), -0.5, 0.05),
      equals("heavy ball 0.9, T = 32000: mean f, of that of SGD",
             mean_at_corner(heavy_ball, gain, 32000) / sgd, 1, 0.1),
      equals("Nesterov momentum 0.9", mean_at_corner(nesterov_momentum, gain, 32000) / sgd, 1, 0.1),
      equals("SGD, strongly convex, steps 2/(t + 1): T E f(theta_T), T = 1000", scaled_gap(gradus::SGD{}, 1),
             2 / 3.0, 0.05),
      equals("... heavy ball 0.9", scaled_gap(heavy_ball, gain), 2 / 3.0, 0.05),
      equals("... Nesterov momentum 0.9", scaled_gap(nesterov_momentum, gain), 2 / 3.0, 0.05),
      equals("Nesterov's acceleration, constant step 0.1: late E f", floor_of_nesterov(0.1), predicted(0.1),
             0.05),
      equals("... and 0.01: no less, where SGD would end at 0.0025", floor_of_nesterov(0.01), predicted(0.01),
             0.05),
  };
}

}  // namespace theory
