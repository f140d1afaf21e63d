// SPDX-License-Identifier: MIT
//
// How long Adam's steps are, and where they lead it astray.
#pragma once

#include <algorithm>
#include <gradus/optimizers/adam.hpp>
#include <gradus/optimizers/amsgrad.hpp>
#include <type_traits>
#include <vector>

#include "row.hpp"

namespace theory {

/// The convex online problem on which Adam fails (Reddi, Kale & Kumar, arXiv:1904.09237, theorem 1): on [−1,
/// 1], f_t(x) = Cx if t mod 3 = 1, else −x, so that x = −1 is the best fixed point for C > 2. The optimizer
/// has β1 = 0 and β2 = 1/(1 + C²), and takes the steps α/√t with α = ½ from x = 1. Returns the points after
/// each step.
template <class Optimizer>
std::vector<double> reddi(Optimizer optimizer, int steps) {
  optimizer.beta1 = optimizer.epsilon = 0;
  optimizer.beta2 = 1 / 17.0;
  Eigen::Matrix<double, 1, 1> x(1.0), slope;
  auto state = optimizer.init(x);
  std::vector<double> points;
  for (int t = 1; t <= steps; ++t) {
    slope[0] = t % 3 == 1 ? 4 : -1;
    // The theorem's Adam has no bias correction: what the library's divides by is multiplied here.
    constexpr bool corrects = std::is_same_v<Optimizer, gradus::Adam>;
    const double correction = corrects ? 1 - std::pow(optimizer.beta2, t) : 1;
    optimizer.learning_rate = 0.5 / std::sqrt(t * correction);
    optimizer.step(x, slope, state);
    x = x.cwiseMin(1).cwiseMax(-1);
    points.push_back(x[0]);
  }
  return points;
}

/// How much more was paid on that problem, per step, than at −1.
inline double average_regret(const std::vector<double>& points, std::size_t steps) {
  double sum = 0, x = 1;
  for (std::size_t t = 1; t <= steps; ++t) {
    sum += (t % 3 == 1 ? 4 : -1) * (x + 1);
    x = points[t - 1];
  }
  return sum / double(steps);
}

/// Adam returns to the worst point, +1, after every third step, because √v_t/η_t falls after the one large
/// gradient, and its regret stays; AMSGrad's largest v keeps it from falling.
inline Rows adam_fails() {
  const int steps = 30000;
  const auto adam = reddi(gradus::Adam{}, steps);
  const auto amsgrad = reddi(gradus::AMSGrad{.form = gradus::AMSGradForm::paper}, steps);
  double least = 1;
  for (std::size_t t = 3; t <= adam.size(); t += 3) least = std::min(least, adam[t - 1]);
  return {
      equals("Adam where -1 is best: the least of every third point", least, 1, 0),
      equals("... average regret (2C - 4)/3 with C = 4, T = 30000", average_regret(adam, steps), 4 / 3.0,
             0.003),
      equals("AMSGrad there: last point", amsgrad.back(), -1, 0.002),
      at_most("... average regret falls at least like 1/sqrt(T), T = 30000 of T = 3000",
              average_regret(amsgrad, steps) / average_regret(amsgrad, steps / 10), std::sqrt(0.1)),
  };
}

/// The first step has the size η in every coefficient. A lone large gradient after a long calm makes one of
/// (1 − β1)/√(1 − β2) η, which is in print as the longest that there is. It is not: by the inequality of
/// Cauchy and Schwarz that is (1 − β1)/√((1 − β2)(1 − β1²/β2)) η, where gradients grow by β2/β1 a step.
inline Rows adam_step_sizes() {
  const gradus::Adam adam{.learning_rate = 1};
  Eigen::Vector3d theta(0, 0, 0), gradient(1e-4, 1, 1e4);
  auto state = adam.init(theta);
  adam.step(theta, gradient, state);
  const Eigen::Vector3d first = theta.cwiseAbs();

  gradient.setZero();
  state = adam.init(theta);
  for (int t = 0; t < 10000; ++t) adam.step(theta, gradient, state);
  auto growing = state;
  Eigen::Vector3d before = theta;
  gradient.setOnes();
  adam.step(theta, gradient, state);
  const double lone = before[0] - theta[0];
  for (int t = 0; t < 300; ++t) {
    before = theta;
    adam.step(theta, gradient, growing);
    gradient *= adam.beta2 / adam.beta1;
  }
  return {
      equals("first step of Adam where the gradient is 1e-4", first[0], 1, 1e-3),
      equals("... and where it is 1e4", first[2], 1, 1e-3),
      equals("step after 10000 zero gradients: (1 - beta1)/sqrt(1 - beta2)", lone, 0.1 / std::sqrt(0.001),
             1e-3),
      equals("... and after 300 that grew by beta2/beta1: the longest, 2.3 times that", before[0] - theta[0],
             0.1 / std::sqrt(0.001 * (1 - 0.81 / 0.999)), 1e-3),
  };
}

}  // namespace theory
