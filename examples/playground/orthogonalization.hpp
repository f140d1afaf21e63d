// SPDX-License-Identifier: MIT
//
// Newton–Schulz step by step on matrices of chosen singular values, and the first steps of optimizers.
#pragma once

#include <Eigen/QR>
#include <Eigen/SVD>
#include <gradus/tools/portable_random.hpp>

#include "../theory/muon.hpp"
#include "field.hpp"

namespace playground {

/// A matrix to orthogonalize: "exercise" has the singular values 100, 1 and 0.01, "random" normal entries,
/// "geometric" singular values from 1 down to 1/`condition` in equal ratios.
inline Eigen::MatrixXd matrix_of(const std::string& kind, double condition) {
  constexpr int rows = 8, cols = 6;
  if (kind == "exercise") return theory::rotated_gradient().matrix;
  gradus::PortableRandom random(1);
  const Eigen::MatrixXd normal = random.matrix<double>(rows, cols), other = random.matrix<double>(cols, cols);
  if (kind == "random") return normal;
  const Eigen::VectorXd exponents = Eigen::VectorXd::LinSpaced(cols, 0, 1);
  const Eigen::VectorXd sigma = (-std::log(condition) * exponents.array()).exp();
  const Eigen::MatrixXd u =
      Eigen::HouseholderQR<Eigen::MatrixXd>(normal).householderQ() * Eigen::MatrixXd::Identity(rows, cols);
  const Eigen::MatrixXd v = Eigen::HouseholderQR<Eigen::MatrixXd>(other).householderQ();
  return u * sigma.asDiagonal() * v.transpose();
}

/// The same method with its first `steps` steps alone.
inline gradus::NewtonSchulz cut(gradus::NewtonSchulz method, int steps) {
  if (method.coefficients.size() != 0) {
    std::vector<gradus::Quintic> rows;
    for (int k = 0; k < steps; ++k) rows.push_back(method.coefficients[k]);
    method.coefficients = {rows.begin(), rows.end()};
  }
  method.steps = steps;
  return method;
}

/// The matrix after 0, 1, ... steps of the method, and its singular values.
struct Iterates {
  std::vector<Eigen::MatrixXd> matrices;
  std::vector<Eigen::VectorXd> singular_values;
};

inline Iterates iterates(const Eigen::MatrixXd& m, const gradus::NewtonSchulz& method) {
  Iterates found;
  for (int k = 0; k <= method.steps; ++k) {
    found.matrices.push_back(k == 0 ? (m / m.norm()).eval() : gradus::orthogonalize(m, cut(method, k)));
    found.singular_values.push_back(
        Eigen::JacobiSVD<Eigen::MatrixXd>(found.matrices.back()).singularValues());
  }
  return found;
}

/// The first step of an optimizer on the exercise's gradient, in the basis of its singular vectors and in a
/// rotated one.
struct FirstStep {
  std::string name;
  theory::Step aligned, rotated;
};

inline std::vector<FirstStep> first_steps(const gradus::NewtonSchulz& method) {
  std::vector<FirstStep> steps;
  const auto add = [&](const std::string& name, const auto& optimizer) {
    steps.push_back({name, theory::first_step(optimizer, theory::aligned_gradient()),
                     theory::first_step(optimizer, theory::rotated_gradient())});
  };
  add("SGD", gradus::SGD{});
  add("Adam", gradus::Adam{});
  add("Muon", theory::plain_muon(method));
  add("Muon, exact", gradus::BasicMuon<gradus::ExactPolar>{});
  return steps;
}

}  // namespace playground
