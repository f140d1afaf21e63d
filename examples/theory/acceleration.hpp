// SPDX-License-Identifier: MIT
//
// What Nesterov's acceleration is worth, without noise.
#pragma once

#include <gradus/minimize/minimize.hpp>
#include <gradus/optimizers/nesterov.hpp>
#include <gradus/optimizers/sgd.hpp>

#include "row.hpp"

namespace theory {

/// The quadratic that is worst for every first-order method that starts at 0 (Nesterov, Introductory
/// lectures, 2004, section 2.1.2): ½θᵀAθ − bᵀθ with A = (L/4) tridiag(−1, 2, −1), b = (L/4) e_1; the value is
/// that above the minimum. A step carries the news from one coordinate to the next only.
struct WorstQuadratic {
  Eigen::Index dimension = 201;
  double smooth = 1;  // L

  Eigen::VectorXd minimiser() const {
    return Eigen::VectorXd::LinSpaced(dimension, double(dimension), 1) / (double(dimension) + 1);
  }

  double operator()(const Eigen::VectorXd& theta, Eigen::VectorXd& gradient) const {
    const Eigen::Index rest = dimension - 1;
    gradient = 2 * theta;
    gradient.head(rest) -= theta.tail(rest);
    gradient.tail(rest) -= theta.head(rest);
    gradient[0] -= 1;
    gradient *= smooth / 4;
    return (theta - minimiser()).dot(gradient) / 2;  // f − f* = ½(θ − θ*)ᵀ∇f of a quadratic
  }
};

/// The function on which gradient descent with steps 1/L meets its bound with equality: L · width · |θ|,
/// rounded off near 0 (Drori & Teboulle, arXiv:1206.3209).
struct WorstForDescent {
  double smooth, width;

  double operator()(const Eigen::VectorXd& theta, Eigen::VectorXd& gradient) const {
    const double size = std::abs(theta[0]);
    gradient = smooth * theta.cwiseMin(width).cwiseMax(-width);
    return size < width ? smooth * size * size / 2 : smooth * width * (size - width / 2);
  }
};

/// f − f* after T steps of length 1/L.
template <class F>
double gradient_descent(const F& f, Eigen::VectorXd theta, int steps) {
  Eigen::VectorXd gradient = theta;
  const gradus::SGD sgd{.learning_rate = 1 / f.smooth};
  auto state = sgd.init(theta);
  for (int t = 0; t < steps; ++t) {
    f(theta, gradient);
    sgd.step(theta, gradient, state);
  }
  return f(theta, gradient);
}

/// f − f* after T steps of `gradus::Nesterov`, at its solution.
template <class F>
double nesterov(const F& f, const Eigen::VectorXd& theta, int steps) {
  return gradus::minimize(f, theta, gradus::Nesterov{.learning_rate = 1 / f.smooth}, {.max_steps = steps})
      .value;
}

/// For convex, L-smooth functions: gradient descent LD²/(4T + 2), Nesterov 2LD²/(T + 1)² (and so 2LD²/T²,
/// which is in print), and on the worst quadratic of 2T + 1 dimensions no first-order method below 3LD²/(32(T
/// + 1)²).
inline Rows acceleration() {
  Rows rows;
  for (const int steps : {10, 100}) {
    const WorstQuadratic f{.dimension = 2 * steps + 1};
    const Eigen::VectorXd start = Eigen::VectorXd::Zero(f.dimension);
    const double squared_distance = f.minimiser().squaredNorm(), square = (steps + 1.0) * (steps + 1.0);
    const double gap = nesterov(f, start, steps);
    const std::string after = ", worst quadratic, T = " + std::to_string(steps);
    rows.push_back(at_most("gradient descent" + after, gradient_descent(f, start, steps),
                           squared_distance / (4 * steps + 2)));
    rows.push_back(at_most("Nesterov" + after, gap, 2 * squared_distance / square));
    rows.push_back(
        at_least("... and not below the bound of all methods", gap, 3 * squared_distance / (32 * square)));
  }
  const int steps = 50;
  const double distance = 3, smooth = 2;
  const WorstForDescent f{.smooth = smooth, .width = distance / (2 * steps + 1)};
  rows.push_back(equals("gradient descent where its bound is exact, L = 2, D = 3, T = 50",
                        gradient_descent(f, Eigen::VectorXd::Constant(1, distance), steps),
                        smooth * distance * distance / (4 * steps + 2), 1e-12));
  return rows;
}

}  // namespace theory
