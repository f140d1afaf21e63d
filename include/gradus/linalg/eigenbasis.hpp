// SPDX-License-Identifier: MIT
//
// Eigenvectors of symmetric matrices and orthonormal bases, found without taking memory.
#pragma once

#include <Eigen/Eigenvalues>
#include <gradus/core/numerics.hpp>
#include <gradus/linalg/multiply.hpp>
#include <map>

namespace GRADUS_NAMESPACE {

GRADUS_PACKETS_BEGIN

/// The eigenvectors of symmetric matrices of one size, by Eigen's solver. All memory is taken when it is
/// made.
class Eigenbasis {
 public:
  using Index = Eigen::Index;  ///< of rows and columns

  /// For matrices of `size` rows and columns.
  explicit Eigenbasis(Index size)
      : work_(size, size),
        vectors_(size, size),
        diagonal_(size),
        subdiagonal_(size > 0 ? size - 1 : 0),
        factors_(size),
        room_(size),
        solver_(size) {}

  /// Finds the eigenvalues and eigenvectors of a symmetric matrix, given whole.
  template <class Matrix>
  void compute(const Matrix& symmetric) {
    work_ = symmetric;
    // SelfAdjointEigenSolver::compute does both parts, but takes memory on the way.
    make_tridiagonal();
    solver_.computeFromTridiagonal(diagonal_, subdiagonal_);
    vectors_ = solver_.eigenvectors();
    for (Index k = work_.rows() - 2; k >= 0; --k) {
      const Index rest = work_.rows() - 1 - k;
      vectors_.bottomRows(rest).applyHouseholderOnTheLeft(work_.col(k).tail(rest - 1), factors_(k),
                                                          room_.data());
    }
  }

  /// The eigenvalues, the smallest first.
  const Eigen::VectorXd& values() const { return solver_.eigenvalues(); }

  /// The eigenvectors, in the order of the values.
  const Eigen::MatrixXd& vectors() const { return vectors_; }

  /// result ← the matrix with the same eigenvectors and the values `f(value)`: V f(W) Vᵀ. `workspace` must
  /// have room for a product with as many columns.
  template <class Result, class F>
  void function(Result&& result, const F& f, Workspace& workspace) {
    for (Index k = 0; k < vectors_.cols(); ++k) work_.col(k) = f(values()(k)) * vectors_.col(k);
    detail::multiply_add(true, result, 1, work_, vectors_.transpose(), 0, result, workspace);
  }

 private:
  // Householder's reflections from both sides, A ← HAH with H = I − τvvᵀ: A − vwᵀ − wvᵀ, where w = p −
  // ½τ(pᵀv)v and p = τAv. What defines the reflections stays below the diagonal of `work_`.
  void make_tridiagonal() {
    const Index n = work_.rows();
    for (Index k = 0; k + 1 < n; ++k) {
      const Index rest = n - 1 - k;
      auto v = work_.col(k).tail(rest);
      auto inner = work_.bottomRightCorner(rest, rest);
      auto w = room_.head(rest);
      diagonal_(k) = work_(k, k);
      v.makeHouseholderInPlace(factors_(k), subdiagonal_(k));
      v(0) = 1;
      w.noalias() = inner * v;
      w *= factors_(k);
      w -= 0.5 * factors_(k) * w.dot(v) * v;
      inner.noalias() -= v * w.transpose();
      inner.noalias() -= w * v.transpose();
    }
    if (n > 0) diagonal_(n - 1) = work_(n - 1, n - 1);
  }

  Eigen::MatrixXd work_, vectors_;
  Eigen::VectorXd diagonal_, subdiagonal_, factors_, room_;
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver_;
};

namespace detail {

// What a thread needs: room for matrices, and an eigenbasis for each size.
struct EigenScratch {
  Workspace workspace;
  std::map<Eigen::Index, Eigenbasis> bases;

  Eigenbasis& basis(Eigen::Index size) { return bases.try_emplace(size, size).first->second; }
};

}  // namespace detail

/// Replaces the columns of a square matrix by an orthonormal basis of which the first k span what the first k
/// of the matrix span, for every k: the Q of its QR decomposition by Householder's reflections. `workspace`
/// must have room for another such matrix and two columns.
inline void orthonormalize(MatrixMap<double> matrix, Workspace& workspace) {
  const Eigen::Index n = matrix.rows();
  const std::size_t used = workspace.used();
  auto q = workspace.take<double>(n, n), factors = workspace.take<double>(n, 1),
       room = workspace.take<double>(n, 1);
  for (Eigen::Index k = 0; k < n; ++k) {
    auto column = matrix.col(k).tail(n - k);
    double length = 0;
    column.makeHouseholderInPlace(factors(k), length);
    matrix.bottomRightCorner(n - k, n - k - 1)
        .applyHouseholderOnTheLeft(column.tail(n - k - 1), factors(k), room.data());
  }
  q.setIdentity();
  for (Eigen::Index k = n - 1; k >= 0; --k) {
    q.bottomRightCorner(n - k, n - k)
        .applyHouseholderOnTheLeft(matrix.col(k).tail(n - k - 1), factors(k), room.data());
  }
  matrix = q;
  workspace.rewind(used);
}

GRADUS_PACKETS_END

}  // namespace GRADUS_NAMESPACE
