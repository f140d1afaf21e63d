// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <gradus/core/for_each_block.hpp>
#include <gradus/core/workspace.hpp>

namespace GRADUS_NAMESPACE {

/// What brings the largest singular value σ₁ of a matrix to 1 or below before Newton–Schulz. The nearer to 1,
/// the fewer steps. All but the first are read off the Gram matrix A = XXᵀ, which the first step needs
/// anyway.
enum class Prescale {
  frobenius,  ///< ‖X‖_F ≥ σ₁: what is published; loose by up to √rank
  schatten4,  ///< (Σσ⁴)^¼ = √‖XXᵀ‖_F ≥ σ₁: free, and much nearer
  spectral,   ///< σ₁ from eight power iterations, times 1.05, or `schatten4` if that is less
  aol  ///< X ← diag(d) X with dᵢ = (Σⱼ|Aᵢⱼ|)^-½: rows of their own scale. The limit is the polar factor of
       ///< diag(d) X, not of X (Turbo-Muon, arXiv:2512.04632)
};

namespace detail {

// The number that X, of Frobenius norm 1, has to be divided by; for `aol` the rows of X and of A = XXᵀ are
// scaled here.
template <class Scalar>
double rescale(Prescale prescale, MatrixMap<Scalar> x, MatrixMap<Scalar> a, Workspace& workspace) {
  using Wide = Compute<Scalar>;
  if (prescale == Prescale::frobenius) return 1;
  const double schatten4 = std::sqrt(gradus::norm(a));
  if (schatten4 == 0) return 1;
  if (prescale == Prescale::schatten4) return schatten4;

  auto vectors = workspace.take<Wide>(a.rows(), 2);
  auto v = vectors.col(0), next = vectors.col(1);
  if (prescale == Prescale::aol) {
    v.setZero();
    for (Eigen::Index j = 0; j < a.cols(); ++j) v += a.col(j).cwiseAbs().template cast<Wide>();
    v = (v.array() > Wide(0)).select(v.array().rsqrt(), Wide(0));
    const auto d = v.template cast<Scalar>().array();
    x.array().colwise() *= d;
    a.array().colwise() *= d;
    a.array().rowwise() *= d.transpose();
    return 1;
  }

  Eigen::Index start = 0;
  a.diagonal().maxCoeff(&start);
  v = a.col(start).template cast<Wide>();
  for (int k = 0; k <= 8; ++k) {
    v /= static_cast<Wide>(gradus::norm(v));
    next.setZero();
    for (Eigen::Index j = 0; j < a.cols(); ++j) next += v(j) * a.col(j).template cast<Wide>();
    v.swap(next);
  }
  return std::min(1.05 * std::sqrt(gradus::norm(v)), schatten4);
}

}  // namespace detail

}  // namespace GRADUS_NAMESPACE
