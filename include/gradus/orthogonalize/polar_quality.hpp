// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <gradus/orthogonalize/exact_polar.hpp>
#include <gradus/orthogonalize/orthogonalize.hpp>
#include <stdexcept>

namespace GRADUS_NAMESPACE {

/// How near a matrix u is to the polar factor of x.
struct PolarQuality {
  double orthogonality;  ///< ‖uuᵀ − I‖_F / √m, with m the smaller dimension: 0 where u is orthogonal
  double smallest_sigma;  ///< the least singular value of u, 1 where u is orthogonal
  double largest_sigma;   ///< the largest one
  double cosine;  ///< ⟨u, p⟩ / (‖u‖‖p‖) with the exact polar factor p of x: the direction alone
  double error;   ///< ‖u − p‖_F / ‖p‖_F
};

/// Compares u with the polar factor of x, in double by singular value decomposition: for tests and
/// benchmarks.
template <Leaf U, Leaf X>
PolarQuality polar_quality(const U& u, const X& x) {
  if (u.rows() != x.rows() || u.cols() != x.cols()) {
    throw std::invalid_argument("polar_quality: the matrices have different shapes");
  }
  using Matrix = Eigen::MatrixXd;
  const Matrix wide = u.rows() <= u.cols() ? Matrix(u.matrix().template cast<double>())
                                           : Matrix(u.matrix().template cast<double>().transpose());
  const Matrix given = u.rows() <= u.cols() ? Matrix(x.matrix().template cast<double>())
                                            : Matrix(x.matrix().template cast<double>().transpose());
  const Matrix exact = orthogonalize(given, ExactPolar{});
  const Matrix gram = wide * wide.transpose();
  const Eigen::VectorXd sigma = Eigen::JacobiSVD<Matrix>(wide).singularValues();
  return {.orthogonality = (gram - Matrix::Identity(gram.rows(), gram.cols())).norm() /
                           std::sqrt(static_cast<double>(gram.rows())),
          .smallest_sigma = sigma.minCoeff(),
          .largest_sigma = sigma.maxCoeff(),
          .cosine = wide.cwiseProduct(exact).sum() / (wide.norm() * exact.norm()),
          .error = (wide - exact).norm() / exact.norm()};
}

}  // namespace GRADUS_NAMESPACE
