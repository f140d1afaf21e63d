// SPDX-License-Identifier: MIT
//
// A gradient with the singular values 100, 1 and 0.01, and the first step that an optimizer takes on it.
#pragma once

#include <Eigen/SVD>
#include <cmath>
#include <gradus/optimizers/adam.hpp>
#include <gradus/optimizers/muon.hpp>
#include <gradus/optimizers/sgd.hpp>
#include <gradus/orthogonalize/exact_polar.hpp>

#include "row.hpp"

namespace theory {

/// The rotation by `angle` in the plane of two coordinates.
inline Eigen::Matrix3d rotation(int i, int j, double angle) {
  Eigen::Matrix3d r = Eigen::Matrix3d::Identity();
  r(i, i) = r(j, j) = std::cos(angle);
  r(j, i) = std::sin(angle);
  r(i, j) = -r(j, i);
  return r;
}

/// A gradient UΣVᵀ and its polar factor UVᵀ.
struct Gradient {
  Eigen::Matrix3d matrix, polar;
};

inline const Eigen::Vector3d spectrum(100, 1, 0.01);

/// U = V = I
inline Gradient aligned_gradient() { return {spectrum.asDiagonal(), Eigen::Matrix3d::Identity()}; }

/// U and V are rotations.
inline Gradient rotated_gradient() {
  const Eigen::Matrix3d u = rotation(0, 1, 0.5) * rotation(1, 2, 0.7) * rotation(0, 2, 0.3);
  const Eigen::Matrix3d v = rotation(0, 2, 0.4) * rotation(0, 1, 0.9) * rotation(1, 2, 0.2);
  return {u * spectrum.asDiagonal() * v.transpose(), u * v.transpose()};
}

/// The singular values of a step, from large to small, and its cosine to the polar factor.
struct Step {
  Eigen::Vector3d singular_values;
  double cosine;
};

/// An optimizer's step from zero, with learning rate 1 and without the sign.
template <class Optimizer>
Step first_step(Optimizer optimizer, const Gradient& gradient) {
  optimizer.learning_rate = 1;
  if constexpr (requires { optimizer.weight_decay; }) optimizer.weight_decay = 0;
  Eigen::Matrix3d parameters = Eigen::Matrix3d::Zero();
  auto state = optimizer.init(parameters);
  optimizer.step(parameters, gradient.matrix, state);
  const Eigen::Matrix3d step = -parameters;
  const double cosine = step.cwiseProduct(gradient.polar).sum() / (step.norm() * gradient.polar.norm());
  return {Eigen::JacobiSVD<Eigen::Matrix3d>(step).singularValues(), cosine};
}

/// Muon without momentum.
inline gradus::Muon plain_muon(const gradus::NewtonSchulz& method) {
  return {.momentum = 0, .orthogonalizer = method};
}

/// What Newton–Schulz must make of the smallest singular value: its polynomials, applied to σ/‖Σ‖.
inline double weakest_after(const gradus::NewtonSchulz& method) {
  double sigma = spectrum[2] / spectrum.norm();
  for (int k = 0; k < method.steps; ++k) sigma = method.coefficients[k](sigma);
  return sigma;
}

/// SGD's step is long along strong directions only. Adam's first is the sign of every entry: in the basis of
/// the singular vectors that is the polar factor, in another one nothing of the sort. Muon's is the same in
/// every basis, as near to the polar factor as its Newton–Schulz steps bring small singular values. The five
/// to ten classical cubic steps that are in print do not bring them there, and Muon does not run them.
inline Rows muon_and_adam() {
  const Gradient aligned = aligned_gradient(), rotated = rotated_gradient();
  const auto strongest = [](const auto& o, const Gradient& g) { return first_step(o, g).singular_values[0]; };
  const auto weakest = [](const auto& o, const Gradient& g) { return first_step(o, g).singular_values[2]; };
  const gradus::SGD sgd;
  const gradus::Adam adam;
  const gradus::BasicMuon<gradus::ExactPolar> exact;
  Rows rows{
      equals("exercise 3: SGD, strongest direction over weakest",
             strongest(sgd, rotated) / weakest(sgd, rotated), 1e4, 1e-8),
      equals("Adam in the basis of the singular vectors: weakest", weakest(adam, aligned), 1, 1e-5),
      equals("Adam in a rotated basis, where its step is all ones: strongest", strongest(adam, rotated), 3,
             1e-6),
      at_most("... weakest", weakest(adam, rotated), 1e-6),
      equals("Muon, exact, in the basis of the singular vectors: weakest", weakest(exact, aligned), 1, 1e-10),
      equals("... in a rotated basis: weakest", weakest(exact, rotated), 1, 1e-10),
      equals("... strongest", strongest(exact, rotated), 1, 1e-10),
  };
  const gradus::NewtonSchulz jordan{.coefficients = gradus::quintics::jordan};
  rows.push_back(equals("Muon, Jordan's 5 steps: weakest", weakest(plain_muon(jordan), rotated),
                        weakest_after(jordan), 1e-8));
  for (const int steps : {5, 10, 25}) {
    const gradus::NewtonSchulz cubic{.steps = steps, .coefficients = gradus::quintics::cubic};
    const double reached = weakest(plain_muon(cubic), rotated);
    const std::string name = std::to_string(steps) + " cubic steps: weakest";
    rows.push_back(equals(name, reached, weakest_after(cubic), 1e-8));
    if (steps <= 10) rows.push_back(differs("... in print as the polar factor: refuted", reached, 1, 0.01));
  }
  return rows;
}

}  // namespace theory
