// SPDX-License-Identifier: MIT
//
// Descent under a norm: what it promises, which optimizers it is, and what weight decay has to do with it.
#pragma once

#include <gradus/geometry/entry_norms.hpp>
#include <gradus/geometry/neuron_norms.hpp>
#include <gradus/objectives/matrix_problems.hpp>
#include <gradus/optimizers/adamw.hpp>
#include <gradus/optimizers/lion.hpp>
#include <gradus/optimizers/scion.hpp>
#include <gradus/optimizers/shampoo.hpp>
#include <gradus/optimizers/steepest_descent.hpp>

#include "muon.hpp"

namespace theory {

using ExactSpectralNorm = gradus::SpectralNorm<gradus::ExactPolar>;

inline Eigen::MatrixXd random_matrix(gradus::Index rows, gradus::Index cols, std::uint64_t seed) {
  return gradus::PortableRandom(seed).matrix<double>(rows, cols);
}

template <class O>
Eigen::MatrixXd stepped(const O& optimizer, Eigen::MatrixXd theta, const Eigen::MatrixXd& gradient) {
  auto state = optimizer.init(theta);
  optimizer.step(theta, gradient, state);
  return theta;
}

/// Steps of fixed length, without averages.
template <gradus::MatrixNorm N>
gradus::Scion<N> descent_under(const N& norm) {
  return {.momentum = 0, .constrained = false, .norm = norm};
}

/// What the steepest step takes off ½‖AW − B‖², in units of ‖g‖*²/(2L).
template <gradus::MatrixNorm N>
double decrease(const N& norm, double smoothness, const gradus::MatrixLeastSquares<>& f,
                const Eigen::MatrixXd& w) {
  Eigen::MatrixXd gradient;
  const double before = f(w, gradient), dual = norm.dual_norm(gradient);
  const double after = f(stepped(gradus::SteepestDescent<N>{1 / smoothness, norm}, w, gradient));
  return (before - after) * 2 * smoothness / (dual * dual);
}

/// The least decrease over random problems with A of 6 x 5 and W of 5 x 3, where L = `smoothness(A)`.
template <gradus::MatrixNorm N, class Smoothness>
double least_decrease(const N& norm, const Smoothness& smoothness) {
  double least = std::numeric_limits<double>::infinity();
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const gradus::MatrixLeastSquares<> f{random_matrix(6, 5, 3 * seed), random_matrix(6, 3, 3 * seed + 1)};
    least = std::min(least, decrease(norm, smoothness(f.a), f, random_matrix(5, 3, 3 * seed + 2)));
  }
  return least;
}

/// Where f is L-smooth in a norm, the step −(‖g‖*/L) lmo(g) lowers it by ‖g‖*²/(2L) at least
/// (arXiv:2409.20325). On ½‖AW − B‖² L is the largest ‖AT‖² over ‖T‖ ≤ 1.
inline Rows steepest_descent() {
  using Matrix = Eigen::MatrixXd;
  const auto squares = [](const Matrix& a) -> Eigen::VectorXd {  // of the singular values
    return Eigen::JacobiSVD<Matrix>(a).singularValues().cwiseAbs2();
  };
  const auto top = [=](const Matrix& a) { return squares(a)(0); };
  const auto columns = [](const Matrix& a) { return std::pow(a.colwise().norm().sum(), 2); };
  const gradus::MatrixLeastSquares<> identity{Matrix::Identity(5, 5), Matrix::Zero(5, 3)};
  const Matrix polar = gradus::lmo(ExactSpectralNorm{}, random_matrix(5, 3, 1));
  return {
      at_least("Frobenius norm: decrease over |g|*^2/2L, least of 100 quadratics",
               least_decrease(gradus::FrobeniusNorm{}, top), 1),
      at_least("nuclear norm", least_decrease(gradus::NuclearNorm{}, top), 1),
      at_least("spectral norm",
               least_decrease(ExactSpectralNorm{}, [=](const Matrix& a) { return squares(a).head(3).sum(); }),
               1),
      at_least("1 to 2, longest column",
               least_decrease(gradus::OneToTwoNorm{}, [=](const Matrix& a) { return 3 * top(a); }), 1),
      at_least("2 to max, longest row", least_decrease(gradus::TwoToMaxNorm{}, columns), 1),
      at_least("largest entry",
               least_decrease(gradus::MaxNorm{}, [=](const Matrix& a) { return 3 * columns(a); }), 1),
      equals("spectral norm, |W|^2/2 at a W with orthonormal columns: not more",
             decrease(ExactSpectralNorm{}, 3, identity, polar), 1, 1e-12),
  };
}

/// Without averages, the steps of fixed length of these optimizers are those of a norm.
inline Rows norms_of_optimizers() {
  const Eigen::MatrixXd theta = random_matrix(5, 3, 1), g = random_matrix(5, 3, 2);
  const double eta = 0.1;
  const auto step_of = [&](const auto& norm) {
    auto scion = descent_under(norm);
    scion.learning_rate = eta;
    return stepped(scion, theta, g);
  };
  const auto difference = [&](const auto& norm, const auto& optimizer) {
    return (step_of(norm) - stepped(optimizer, theta, g)).cwiseAbs().maxCoeff();
  };
  const gradus::Adam adam{.learning_rate = eta, .beta1 = 0, .beta2 = 0, .epsilon = 0};
  const gradus::SGD normalized{.learning_rate = eta / g.norm()};
  const gradus::BasicMuon<gradus::ExactPolar> muon{
      .learning_rate = eta, .momentum = 0, .weight_decay = 0, .scale = gradus::MuonScale::none};
  const double sign_descent =
      (step_of(gradus::MaxNorm{}) - (theta - eta * g.cwiseSign())).cwiseAbs().maxCoeff();
  return {
      equals("largest entry and sign descent: largest difference of a step", sign_descent, 0, 0),
      equals("... and Adam with beta1 = beta2 = epsilon = 0", difference(gradus::MaxNorm{}, adam), 0, 0),
      equals("... and Lion, its first step",
             difference(gradus::MaxNorm{}, gradus::Lion{.learning_rate = eta}), 0, 0),
      at_most("Frobenius norm and normalized gradient descent",
              difference(gradus::FrobeniusNorm{}, normalized), 1e-15),
      equals("spectral norm and Muon with mu = 0", difference(ExactSpectralNorm{}, muon), 0, 0),
      at_most("... and Shampoo, its first step, epsilon = 1e-12",
              difference(ExactSpectralNorm{}, gradus::Shampoo{.learning_rate = eta, .epsilon = 1e-12}),
              1e-10),
  };
}

/// Where 4000 steps on ½‖W − target‖² lead from 0, with a rate that falls to 0.
template <class O>
Eigen::MatrixXd pulled(O optimizer, const Eigen::MatrixXd& target) {
  Eigen::MatrixXd w = 0 * target, gradient;
  auto state = optimizer.init(w);
  const double rate = optimizer.learning_rate;
  for (int t = 0; t < 4000; ++t) {
    gradient = w - target;
    optimizer.learning_rate = rate * (4000 - t) / 4000;
    optimizer.step(w, gradient, state);
  }
  return w;
}

/// Decay makes of a step of fixed length a Frank–Wolfe step, θ ← (1 − ηλ)θ − ηλ (1/λ) lmo(g), in the ball
/// ‖θ‖ ≤ 1/λ, at whose best point it ends (arXiv:2404.04454 for AdamW, arXiv:2502.07529). AdamW's steps may
/// be longer than η, and so leave the ball for a while.
inline Rows decay_is_a_ball() {
  const double lambda = 0.1, radius = 1 / lambda;
  const Eigen::MatrixXd target = 30 * random_matrix(5, 3, 1);
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(target, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::MatrixXd nearest =
      svd.matrixU() * svd.singularValues().cwiseMin(radius).asDiagonal() * svd.matrixV().transpose();
  const Eigen::MatrixXd clamped = target.cwiseMin(radius).cwiseMax(-radius);
  const Eigen::MatrixXd adamw =
      pulled(gradus::AdamW{.learning_rate = 0.05, .beta2 = 0.99, .weight_decay = lambda}, target);
  const Eigen::MatrixXd lion = pulled(gradus::Lion{.learning_rate = 0.05, .weight_decay = lambda}, target);
  const Eigen::MatrixXd muon = pulled(
      gradus::BasicMuon<gradus::ExactPolar>{
          .learning_rate = 0.05, .weight_decay = lambda, .scale = gradus::MuonScale::none},
      target);
  const Eigen::MatrixXd scion =
      pulled(gradus::Scion<gradus::NuclearNorm>{.learning_rate = 0.02, .radius = radius}, target);

  // At the edge of the ball, after a calm.
  Eigen::MatrixXd theta = Eigen::MatrixXd::Constant(1, 1, -radius), gradient = 0 * theta;
  const gradus::AdamW calm{.learning_rate = 0.05, .weight_decay = 0},
      decaying{.learning_rate = 0.05, .weight_decay = lambda};
  auto state = calm.init(theta);
  for (int t = 0; t < 10000; ++t) calm.step(theta, gradient, state);
  gradient.setOnes();
  decaying.step(theta, gradient, state);
  return {
      equals("AdamW, decay 0.1, pulled outwards: largest |theta| = 1/lambda", adamw.cwiseAbs().maxCoeff(),
             radius, 0.005),
      at_most("... distance from the best point of the ball", (adamw - clamped).norm() / clamped.norm(),
              0.005),
      exceeds("... no bound on the way: a gradient after a calm, from the edge", std::abs(theta(0)), radius),
      at_most("Lion: largest |theta|", lion.cwiseAbs().maxCoeff(), radius),
      at_most("... distance from the best point", (lion - clamped).norm() / clamped.norm(), 0.005),
      equals("Muon, exact: spectral norm = 1/lambda", ExactSpectralNorm{}.norm(muon), radius, 0.005),
      at_most("... distance from the best point", (muon - nearest).norm() / nearest.norm(), 0.005),
      at_most("Scion in the nuclear ball of radius 10: nuclear norm", gradus::NuclearNorm{}.norm(scion),
              radius * (1 + 1e-12)),
  };
}

/// A step of length 1 under the norm.
template <gradus::MatrixNorm N>
Eigen::Vector3d step_under(const N& norm) {
  return first_step(descent_under(norm), rotated_gradient()).singular_values;
}

/// What each norm makes of a gradient with the singular values 100, 1 and 0.01, in a rotated basis.
inline Rows norms_and_spectra() {
  const Eigen::Vector3d frobenius = step_under(gradus::FrobeniusNorm{}),
                        nuclear = step_under(gradus::NuclearNorm{});
  const Eigen::Vector3d spectral = step_under(ExactSpectralNorm{}), entry = step_under(gradus::MaxNorm{});
  const Eigen::Vector3d columns = step_under(gradus::OneToTwoNorm{}),
                        rows = step_under(gradus::TwoToMaxNorm{});
  return {
      equals("Frobenius norm, a shorter gradient: strongest", frobenius[0], 100 / spectrum.norm(), 1e-12),
      equals("... over weakest", frobenius[0] / frobenius[2], 1e4, 1e-8),
      equals("nuclear norm, rank one: strongest", nuclear[0], 1, 1e-12),
      at_most("... second", nuclear[1], 1e-12),
      equals("spectral norm, all alike: weakest", spectral[2], 1, 1e-10),
      equals("largest entry, here all signs alike: strongest", entry[0], 3, 1e-12),
      equals("1 to 2, three columns of length 1: root of the sum of squares", columns.norm(), std::sqrt(3),
             1e-12),
      at_most("... which a strong direction makes nearly parallel: second", columns[1], 0.05),
      equals("2 to max, three rows of length 1", rows.norm(), std::sqrt(3), 1e-12),
      at_most("... second", rows[1], 0.05),
  };
}

}  // namespace theory
