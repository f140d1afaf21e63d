// SPDX-License-Identifier: MIT
//
// What finite steps prefer.
#pragma once

#include <gradus/objectives/finite_sums.hpp>
#include <gradus/objectives/matrix_problems.hpp>
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

/// The trace of the Hessian of ½(uv − 1)² at the minimum (c, 1/c), by central differences of the gradient.
inline double sharpness(double c) {
  const gradus::LowRankFactorization<> f{Eigen::MatrixXd::Ones(1, 1)};
  using Scalar = Eigen::Matrix<double, 1, 1>;
  std::pair<Scalar, Scalar> gradient;
  const auto slope = [&](double u, double v) {
    f(std::pair{Scalar(u), Scalar(v)}, gradient);
    return Eigen::Vector2d(gradient.first[0], gradient.second[0]);
  };
  const double h = 1e-4;
  return (slope(c + h, 1 / c) - slope(c - h, 1 / c))[0] / (2 * h) +
         (slope(c, 1 / c + h) - slope(c, 1 / c - h))[1] / (2 * h);
}

/// The trace of the Hessian is no property of the function that a model computes: all (c, 1/c) make the same
/// product, with the trace c² + 1/c² (Dinh et al., arXiv:1703.04933).
inline Rows reparametrization() {
  return {equals("trace of the Hessian of (uv - 1)^2/2 at (1, 1)", sharpness(1), 2, 1e-6),
          equals("... at (10, 1/10), the same product", sharpness(10), 100.01, 1e-6)};
}

}  // namespace theory
