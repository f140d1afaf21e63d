// SPDX-License-Identifier: MIT
//
// What finite steps prefer.
#pragma once

#include <gradus/objectives/finite_sums.hpp>
#include <gradus/optimizers/sgd.hpp>
#include <gradus/tools/batches.hpp>

#include "row.hpp"

namespace theory {

/// The decay rate per unit of ηt of SGD, in epochs of shuffled batches, on a sum of f_i = ½(a_i x)².
inline double decay_rate(const Eigen::VectorXd& a, gradus::Index batch, double eta) {
  const gradus::LinearRegression<> f{a, Eigen::VectorXd::Zero(a.size())};
  gradus::Batches batches(f.size(), batch, 1);
  Eigen::Matrix<double, 1, 1> x(1.0), gradient;
  const gradus::SGD sgd{.learning_rate = eta};
  auto state = sgd.init(x);
  const int steps = 50 * static_cast<int>(batches.per_epoch());
  for (int t = 0; t < steps; ++t) {
    f(x, gradient, batches.next());
    sgd.step(x, gradient, state);
  }
  return -std::log(x[0]) / (eta * steps);
}

/// Backward error analysis: to second order, steps of η follow the gradient flow of a modified loss.
///
///     gradient descent:      f + (η/4)‖∇f‖²                   (Barrett & Dherin, arXiv:2009.11162)
///     m shuffled batches:    f + (η/(4m)) Σ ‖∇f_k‖² = f + (η/4)‖∇f‖² + (η/(4m)) Σ ‖∇f_k − ∇f‖²
///                                                             (Smith et al., arXiv:2101.12176)
///
/// Only the last part scales like η over the batch size. The form f + (η/(4B))‖∇f‖² is also in print: it is
/// wrong in first order. A right formula leaves an error of η², a fourth for half the step; a wrong one half.
inline Rows implicit_regularization() {
  const double eta = 0.01;
  // One sample of curvature 2: modified curvature 2 + (η/2) · 2².
  const Eigen::VectorXd one = Eigen::VectorXd::Constant(1, std::sqrt(2.0));
  // Two batches of curvature 2 and 0, mean curvature 1: modified 1 + (η/4)(2² + 0²), in the other form 1 +
  // η/2.
  const Eigen::Vector2d two(std::sqrt(2.0), 0);
  const auto right = [&](double step) { return decay_rate(two, 1, step) - (1 + step); };
  const auto wrong = [&](double step) { return decay_rate(two, 1, step) - (1 + step / 2); };
  return {
      equals("gradient descent, curvature 2, eta = 0.01: rate a + eta a^2/2", decay_rate(one, 1, eta),
             2 + 2 * eta, 2e-4),
      equals("shuffled batches of curvature 2 and 0: rate 1 + eta", decay_rate(two, 1, eta), 1 + eta, 2e-4),
      equals("... error of that formula, of its error for eta/2", right(eta) / right(eta / 2), 4, 0.03),
      differs("... printed f + eta/(4B) |grad f|^2, rate 1 + eta/2: refuted", decay_rate(two, 1, eta),
              1 + eta / 2, 2e-4),
      equals("... error of that formula, of its error for eta/2", wrong(eta) / wrong(eta / 2), 2, 0.03),
      equals("both samples in one batch: rate 1 + eta/2", decay_rate(two, 2, eta), 1 + eta / 2, 2e-4),
  };
}

}  // namespace theory
