// SPDX-License-Identifier: MIT
//
// How fast SGD is.
#pragma once

#include <algorithm>
#include <gradus/minimize/minimize.hpp>
#include <gradus/optimizers/momentum.hpp>
#include <gradus/optimizers/sgd.hpp>

#include "noisy_quadratic.hpp"
#include "row.hpp"

namespace theory {

/// SGD with the constant step η ≤ 1/L on a convex, L-smooth f, from the distance D to a minimiser:
///
///     E f(mean of θ_0 ... θ_{T−1}) − f* ≤ D²/(2ηT) + ησ²/2,   least for η = D/(σ√T), where it is Dσ/√T.
///
/// The mean runs over the points at which gradients were taken; for θ_1 ... θ_T the same proof gives
/// ησ²(1 + ηL)/2 for the second term.
struct ConvexBound {
  double distance = 10, sigma = 1;
  int steps = 10000;

  double operator()(double eta) const {
    return distance * distance / (2 * eta * steps) + eta * sigma * sigma / 2;
  }
  double best_step() const { return distance / (sigma * std::sqrt(steps)); }
};

/// What SGD makes of that bound on f = ½h‖θ‖²: E f(mean of θ_0 ... θ_{T−1}), measured.
inline double value_of_mean(const ConvexBound& bound, double eta, double curvature) {
  const int dimension = 10, runs = 50;
  NoisyQuadratic f{Eigen::VectorXd::Constant(dimension, curvature), bound.sigma};
  Eigen::MatrixXd theta =
      Eigen::MatrixXd::Constant(dimension, runs, bound.distance / std::sqrt(double(dimension)));
  Eigen::MatrixXd gradient = theta, sum = 0 * theta;
  const gradus::SGD sgd{.learning_rate = eta};
  auto state = sgd.init(theta);
  for (int t = 0; t < bound.steps; ++t) {
    sum += theta;
    f.gradient(theta, gradient);
    sgd.step(theta, gradient, state);
  }
  return f.value(sum / bound.steps);
}

/// The same, computed: the start decays like (1 − ηh)ᵗ, and so does what each step's noise leaves behind.
inline double expected_value_of_mean(const ConvexBound& bound, double eta, double curvature) {
  const double kept = 1 - eta * curvature;
  const auto sum_of_powers = [&](int count) { return (1 - std::pow(kept, count)) / (1 - kept); };
  double squares = std::pow(bound.distance * sum_of_powers(bound.steps), 2);
  for (int t = 1; t < bound.steps; ++t) squares += std::pow(eta * bound.sigma * sum_of_powers(t), 2);
  return curvature / 2 * squares / (double(bound.steps) * bound.steps);
}

inline Rows convex_sgd() {
  const ConvexBound bound;
  // The bound is itself a function to be minimised.
  const auto objective = [&](const auto& eta, auto& slope) {
    const double d = bound.distance, e = eta[0];
    slope[0] = -d * d / (2 * e * e * bound.steps) + bound.sigma * bound.sigma / 2;
    return bound(e);
  };
  const auto best =
      gradus::minimize(objective, Eigen::Matrix<double, 1, 1>(0.08), gradus::SGD{.learning_rate = 0.02});
  const double eta = bound.best_step(), flat = 1e-3, round = 1;
  const double on_flat = value_of_mean(bound, eta, flat), on_round = value_of_mean(bound, eta, round);
  return {
      equals("exercise 1: step that minimises the bound, D = 10, sigma = 1, T = 10000", best.x[0], 0.1, 1e-8),
      equals("exercise 1: the bound there", best.value, 0.1, 1e-12),
      equals("... with L = 100 the step is 1/L, and the bound", bound(1.0 / 100), 0.505, 1e-12),
      at_most("E f(mean) on a flat quadratic, L = 0.001", on_flat, bound(eta)),
      equals("... exactly", on_flat, expected_value_of_mean(bound, eta, flat), 0.05),
      at_most("E f(mean) on a round one, L = 1", on_round, bound(eta)),
      equals("... exactly", on_round, expected_value_of_mean(bound, eta, round), 0.1),
  };
}

/// The mean of f over the late steps of an optimizer on f(θ) = ½θ² with noise of variance 1.
template <class Optimizer>
double noise_floor(const Optimizer& optimizer) {
  NoisyQuadratic f{Eigen::VectorXd::Ones(1)};
  Eigen::MatrixXd theta = Eigen::MatrixXd::Zero(1, 100), gradient = theta;
  auto state = optimizer.init(theta);
  const int settle = 1000, steps = 4000;
  double sum = 0;
  for (int t = 0; t < settle + steps; ++t) {
    f.gradient(theta, gradient);
    optimizer.step(theta, gradient, state);
    if (t >= settle) sum += f.value(theta);
  }
  return sum / steps;
}

/// Where a constant step ends: E f = ησ²/(2(2 − ηL)) for SGD on ½Lθ². Heavy-ball momentum β, whose velocity
/// is a sum and so worth 1/(1 − β) of a gradient, ends at (1 + β)ησ²/(2(1 − β)(2(1 + β) − ηL)): at the same
/// place, to first order, as SGD with η/(1 − β). It averages no noise away.
inline Rows noise_floors() {
  const double eta = 0.1, beta = 0.9, small = eta * (1 - beta);
  Eigen::Matrix<double, 1, 1> theta(0.0), ones(1.0);
  const gradus::Momentum heavy_ball{.learning_rate = small, .momentum = beta};
  auto state = heavy_ball.init(theta);
  for (int t = 0; t < 500; ++t) heavy_ball.step(theta, ones, state);
  return {
      equals("last iterate of SGD, step 0.1", noise_floor(gradus::SGD{.learning_rate = eta}),
             eta / (2 * (2 - eta)), 0.03),
      equals("last iterate of momentum 0.9, step 0.01", noise_floor(heavy_ball),
             (1 + beta) * small / (2 * (1 - beta) * (2 * (1 + beta) - small)), 0.03),
      equals("velocity of momentum 0.9, in gradients", state.b[0], 1 / (1 - beta), 1e-12),
  };
}

/// Strongly convex, μ = 1, L = 100, with the steps η_t = 2/(μ(γ + t)). With γ = 1, E f(θ_T) − f* ≤ 2Lσ²/(μ²T)
/// is in print. It is false: without noise it promises the minimum after one step, but the early steps are
/// far beyond 2/L. With γ = 2L/μ − 1 no step is longer than 1/L, and
///
///     E f(θ_t) − f* ≤ max{2Lσ²/μ², 2(L/μ)(f(θ_1) − f*)} / (γ + t)
///
/// (Bottou, Curtis & Nocedal, arXiv:1606.04838, theorem 4.7).
inline Rows strongly_convex_sgd() {
  const double mu = 1, smooth = 100;
  // E f(θ_t) of t = 1, 2, ..., 2000 from θ_1 = (1, 1).
  const auto values = [&](double sigma, double gamma) {
    NoisyQuadratic f{Eigen::Vector2d(mu, smooth), sigma};
    Eigen::MatrixXd theta = Eigen::MatrixXd::Ones(2, 200), gradient = theta;
    gradus::SGD sgd;
    auto state = sgd.init(theta);
    std::vector<double> result;
    for (int t = 1; t <= 2000; ++t) {
      result.push_back(f.value(theta));
      f.gradient(theta, gradient);
      sgd.learning_rate = 2 / (mu * (gamma + t));
      sgd.step(theta, gradient, state);
    }
    return result;
  };
  const auto quiet = values(0, 1), printed = values(1, 1);
  const double gamma = 2 * smooth / mu - 1;
  const auto right = values(1, gamma);
  const double scale = std::max(2 * smooth / (mu * mu), 2 * smooth / mu * right[0]);
  double worst = 0;
  for (std::size_t t = 2; t <= right.size(); ++t) {
    worst = std::max(worst, right[t - 1] * (gamma + double(t)) / scale);
  }
  return {
      exceeds("printed bound, no noise: refuted, largest f(theta_T)",
              *std::max_element(quiet.begin(), quiet.end()), 0),
      exceeds("printed bound, sigma = 1, T = 100: refuted", printed[100], 2 * smooth / (mu * mu * 100)),
      at_most("bound with gamma = 2L/mu - 1, share of it that is reached, t = 2 ... 2000", worst, 1),
      at_most("... and at t = 2000", right[1999], scale / (gamma + 2000)),
  };
}

/// The same steps with γ = 1 are right for projected SGD, with a bound G² on the second moment of the
/// gradients in place of their variance (Lacoste-Julien, Schmidt & Bach, arXiv:1212.2002):
///
///     E f(Σ tθ_t · 2/(T(T+1))) − f* ≤ 2G²/(μ(T + 1)),    E‖θ_{T+1} − θ*‖² ≤ 4G²/(μ²(T + 1)).
///
/// Here f = ½‖θ‖² on the unit disc, so μ = 1 and G² = 1 + σ².
inline Rows projected_sgd() {
  NoisyQuadratic f{Eigen::Vector2d(1, 1)};
  Eigen::MatrixXd theta = Eigen::MatrixXd::Constant(2, 200, std::sqrt(0.5)), gradient = theta,
                  sum = 0 * theta;
  const int steps = 1000;
  const double second_moment = 2;
  gradus::SGD sgd;
  auto state = sgd.init(theta);
  for (int t = 1; t <= steps; ++t) {
    sum += t * theta;
    f.gradient(theta, gradient);
    sgd.learning_rate = 2.0 / (t + 1);
    sgd.step(theta, gradient, state);
    for (auto run : theta.colwise()) run /= std::max(1.0, run.norm());
  }
  const double mean_squared_distance = theta.squaredNorm() / double(theta.cols());
  return {
      at_most("projected, E f(weighted mean), T = 1000", f.value(sum * 2 / (steps * (steps + 1.0))),
              2 * second_moment / (steps + 1)),
      at_most("projected, squared distance of the last iterate", mean_squared_distance,
              4 * second_moment / (steps + 1)),
  };
}

}  // namespace theory
