// SPDX-License-Identifier: MIT
//
// Flat minima: what makes SGD prefer them, and why flatness is not a property of the function that is
// learned.
#pragma once

#include <gradus/objectives/separable_minima.hpp>
#include <gradus/optimizers/sgd.hpp>
#include <gradus/tools/hessian.hpp>

#include "row.hpp"

namespace theory {

/// The trace of the Hessian of an objective, and its largest eigenvalue.
template <class F, class X>
double trace(const F& f, const X& x) {
  return gradus::hessian_trace(gradus::hessian_vector_product(f), x, 2000, 1).value;
}
template <class F, class X>
double sharpness(const F& f, const X& x) {
  return gradus::largest_hessian_eigenvalue(gradus::hessian_vector_product(f), x, 20, 1).value;
}

/// ½(uv − y)²: its minima are the hyperbola uv = y, with the trace u² + v², which is also the largest
/// eigenvalue.
struct Product {
  double target = 1;  // y

  double operator()(const Eigen::VectorXd& x, Eigen::VectorXd& gradient) const {
    const double residual = x[0] * x[1] - target;
    gradient = residual * x.reverse();
    return residual * residual / 2;
  }
};

/// A layer of rectifiers and an output for each column of fixed inputs, x = (W, v): ½‖vᵀ max(WA, 0) − y‖²
/// with the targets y of a network (W*, v*), which is a minimum.
struct Rectifiers {
  using Network = std::pair<Eigen::MatrixXd, Eigen::RowVectorXd>;
  Eigen::MatrixXd inputs = gradus::PortableRandom(1).matrix(3, 10);
  Network teacher{gradus::PortableRandom(2).matrix(4, 3), gradus::PortableRandom(3).matrix(1, 4)};

  Eigen::RowVectorXd outputs(const Network& x) const { return x.second * (x.first * inputs).cwiseMax(0); }

  double operator()(const Network& x, Network& gradient) const {
    const Eigen::MatrixXd scores = x.first * inputs;
    const Eigen::RowVectorXd residuals = outputs(x) - outputs(teacher);
    const Eigen::MatrixXd back = x.second.transpose() * residuals;
    gradient.first = (scores.array() > 0).select(back, 0) * inputs.transpose();
    gradient.second = residuals * scores.cwiseMax(0).transpose();
    return residuals.squaredNorm() / 2;
  }
};

/// SGD on ½(uv − y)² with labels y = 1 ± ½ at random, `batch` of them a step, then 2000 steps on their mean,
/// which end in the valley.
inline Eigen::VectorXd noisy_labels(Eigen::VectorXd x, double eta, int batch, int steps) {
  gradus::PortableRandom random(1);
  Eigen::VectorXd gradient = x;
  const gradus::SGD noisy{.learning_rate = eta}, quiet{.learning_rate = 0.05};
  auto state = noisy.init(x);
  for (int t = 0; t < steps; ++t) {
    Product f{.target = 0};
    for (int k = 0; k < batch; ++k) f.target += (random.uniform() < 0 ? 0.5 : 1.5) / batch;
    f(x, gradient);
    noisy.step(x, gradient, state);
  }
  for (int t = 0; t < 2000; ++t) {
    Product{}(x, gradient);
    quiet.step(x, gradient, state);
  }
  return x;
}

/// Gradient descent is stable at a minimum for η < 2/λ_max only.
inline Rows stability() {
  const gradus::StyblinskiTang f;
  const Eigen::VectorXd minimum = Eigen::VectorXd::Constant(2, -2.903534027771177);
  const double largest = sharpness(f, minimum);
  const auto distance = [&](double eta) {
    Eigen::VectorXd theta = minimum.array() + 1e-3, gradient = theta;
    const gradus::SGD sgd{.learning_rate = eta};
    auto state = sgd.init(theta);
    for (int t = 0; t < 1000; ++t) {
      f(theta, gradient);
      sgd.step(theta, gradient, state);
    }
    return (theta - minimum).norm();
  };
  return {
      equals("Styblinski-Tang, global minimum: largest eigenvalue 6x^2 - 16", largest,
             6 * minimum[0] * minimum[0] - 16, 1e-8),
      equals("... trace", trace(f, minimum), 2 * largest, 1e-8),
      at_most("gradient descent from nearby, step 0.99 * 2/lambda: distance", distance(0.99 * 2 / largest),
              1e-9),
      exceeds("... step 1.01 * 2/lambda", distance(1.01 * 2 / largest), 0.01),
  };
}

/// On ½(uv − y)² a step of SGD multiplies u² − v² by 1 − η²r², with r the residual that it sees: noise in the
/// labels leads along the valley to its flattest point, at the rate ησ²/B per unit of ηt, and gradient
/// descent stays where it came in (Blanc et al., arXiv:1904.09080).
inline Rows flat_minima() {
  const Eigen::VectorXd start = Eigen::Vector2d(3, 1 / 3.0);
  const auto imbalance = [](const Eigen::VectorXd& x) { return x[0] * x[0] - x[1] * x[1]; };
  // Per unit of ηt.
  const auto rate = [&](double eta, int batch, int steps) {
    return std::log(imbalance(start) / imbalance(noisy_labels(start, eta, batch, steps))) / (eta * steps);
  };
  return {
      equals("largest eigenvalue of the Hessian of (uv - 1)^2/2 at (3, 1/3)", sharpness(Product{}, start),
             9 + 1 / 9.0, 1e-6),
      equals("... where gradient descent ends", sharpness(Product{}, noisy_labels(start, 0.1, 1, 0)),
             9 + 1 / 9.0, 1e-6),
      equals("... where SGD with noisy labels ends, step 0.1: least of all minima",
             sharpness(Product{}, noisy_labels(start, 0.1, 1, 5000)), 2, 1e-3),
      equals("rate of that, step 0.005: eta sigma^2", rate(0.005, 1, 20000), 0.005 * 0.25, 0.06),
      equals("... twice the step, twice the batch: the same", rate(0.01, 2, 10000) / rate(0.005, 1, 20000), 1,
             0.06),
      equals("... twice the batch: half", rate(0.005, 2, 20000) / rate(0.005, 1, 20000), 0.5, 0.06),
  };
}

/// The trace of the Hessian is no property of the function that a model computes: all (c, 1/c) make the same
/// product, with the trace c² + 1/c², and a layer of rectifiers times α before one over α the same outputs
/// (Dinh et al., arXiv:1703.04933).
inline Rows reparametrization() {
  const Product f;
  const Eigen::VectorXd flat = Eigen::Vector2d(1, 1), sharp = Eigen::Vector2d(10, 0.1);
  const auto bound = [&](const Eigen::VectorXd& x) { return sharpness(f, x) * x.squaredNorm(); };
  const Rectifiers network;
  auto rescaled = network.teacher;
  rescaled.first *= 10, rescaled.second /= 10;
  return {
      equals("trace of the Hessian of (uv - 1)^2/2 at (1, 1)", trace(f, flat), 2, 0.07),
      equals("... at (10, 1/10), the same product", trace(f, sharp), 100.01, 1e-3),
      equals("tr(H)|theta|^2, which is to bound a gap, there over here", bound(sharp) / bound(flat),
             100.01 * 100.01 / 4, 1e-6),
      at_most("rectifiers, first layer times 10, second over 10: change of an output",
              (network.outputs(rescaled) - network.outputs(network.teacher)).cwiseAbs().maxCoeff(), 1e-12),
      at_least("... largest eigenvalue of the Hessian, there over here",
               sharpness(network, rescaled) / sharpness(network, network.teacher), 10),
  };
}

}  // namespace theory
