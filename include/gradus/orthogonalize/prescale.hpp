// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <gradus/core/sum_blocks.hpp>
#include <gradus/core/workspace.hpp>
#include <utility>

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

  // Loops, not expressions: these few lines would take longer to compile than the products.
  using Eigen::Index;
  const Index m = a.rows();
  Wide* v = workspace.take<Wide>(m, 2).data();
  Wide* next = v + m;
  if (prescale == Prescale::aol) {
    std::fill(v, next, Wide(0));
    for (Index j = 0; j < m; ++j) {
      for (Index i = 0; i < m; ++i) v[i] += std::abs(static_cast<Wide>(a(i, j)));
    }
    for (Index i = 0; i < m; ++i) v[i] = v[i] > 0 ? 1 / std::sqrt(v[i]) : 0;
    for (Index j = 0; j < x.cols(); ++j) {
      for (Index i = 0; i < m; ++i) x(i, j) = static_cast<Scalar>(static_cast<Wide>(x(i, j)) * v[i]);
    }
    for (Index j = 0; j < m; ++j) {
      for (Index i = 0; i < m; ++i) a(i, j) = static_cast<Scalar>(static_cast<Wide>(a(i, j)) * v[i] * v[j]);
    }
    return 1;
  }

  Index start = 0;
  for (Index i = 1; i < m; ++i) start = a(i, i) > a(start, start) ? i : start;
  for (Index i = 0; i < m; ++i) v[i] = static_cast<Wide>(a(i, start));
  for (int k = 0; k <= 8; ++k) {
    const auto length = static_cast<Wide>(gradus::norm(MatrixMap<Wide>(v, m, 1)));
    std::fill(next, next + m, Wide(0));
    for (Index j = 0; j < m; ++j) {
      const Wide factor = v[j] / length;
      for (Index i = 0; i < m; ++i) next[i] += factor * static_cast<Wide>(a(i, j));
    }
    std::swap(v, next);
  }
  return std::min(1.05 * std::sqrt(gradus::norm(MatrixMap<Wide>(v, m, 1))), schatten4);
}

}  // namespace detail

}  // namespace GRADUS_NAMESPACE
