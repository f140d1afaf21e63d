// SPDX-License-Identifier: MIT
//
// Why warm-up: the first steps of Adam.
#pragma once

#include <gradus/optimizers/adam.hpp>
#include <gradus/tools/portable_random.hpp>

#include "row.hpp"

namespace theory {

/// Adam on nothing but noise: gradients that are standard normal, in 2000 coefficients.
struct Noise {
  gradus::Adam adam{.learning_rate = 1};
  Eigen::MatrixXd theta = Eigen::MatrixXd::Zero(2000, 1), gradient = theta, step = theta;
  gradus::PortableRandom random{1};
  decltype(adam.init(theta)) state = adam.init(theta);

  void advance(int steps) {
    for (int t = 0; t < steps; ++t) {
      for (double& g : gradient.reshaped()) g = random.normal();
      step = theta;
      adam.step(theta, gradient, state);
      step -= theta;
    }
  }
  /// Of v̂, over its squared mean.
  double relative_variance() const {
    const Eigen::ArrayXXd v = state.v.array();  // v̂ is that over 1 − β2ᵗ
    return (v - v.mean()).square().mean() / (v.mean() * v.mean());
  }
  double root_mean_square_step() const { return step.norm() / std::sqrt(double(step.size())); }
};

/// v̂_t, the mean of few squares, is a poor estimate at first: for normal gradients its relative variance is
/// 2(1 − β2)(1 + β2ᵗ)/((1 + β2)(1 − β2ᵗ)), from 2 down to 2(1 − β2)/(1 + β2) (Liu et al., arXiv:1908.03265,
/// build RAdam on that). The steps are not wild for that: m̂ is made of the same gradients, and the first step
/// has the length η in every coefficient. But it has that length also where there is nothing but noise, on
/// which later steps have √((1 − β1)/(1 + β1))η. A linear warm-up over 2/(1 − β2) steps outlasts both (Ma &
/// Yarats, arXiv:1910.04209).
inline Rows warmup() {
  const double beta1 = 0.9, beta2 = 0.999, late = std::sqrt((1 - beta1) / (1 + beta1));
  const auto predicted = [=](int t) {
    const double power = std::pow(beta2, t);
    return 2 * (1 - beta2) * (1 + power) / ((1 + beta2) * (1 - power));
  };
  Noise noise;
  noise.advance(1);
  const double first = noise.relative_variance(), first_step = noise.root_mean_square_step();
  const double largest_first = noise.step.cwiseAbs().maxCoeff();
  noise.advance(9);
  const double tenth = noise.relative_variance();
  noise.advance(1990);
  const double after = noise.relative_variance(), late_step = noise.root_mean_square_step();
  return {
      equals("Adam, normal gradients: relative variance of v, t = 1", first, predicted(1), 0.1),
      equals("... t = 10", tenth, predicted(10), 0.1),
      equals("... t = 2/(1 - beta2) = 2000", after, predicted(2000), 0.1),
      equals("longest first step of all coefficients: not wild", largest_first, 1, 1e-4),
      equals("first step, root mean square", first_step, 1, 1e-4),
      equals("step 2000, root mean square: sqrt((1 - beta1)/(1 + beta1))", late_step, late, 0.05),
  };
}

}  // namespace theory
