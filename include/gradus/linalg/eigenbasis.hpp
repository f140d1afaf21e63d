// SPDX-License-Identifier: MIT
//
// Eigenvectors of symmetric matrices and orthonormal bases, in memory that is given to them.
#pragma once

#include <Eigen/Householder>
#include <cmath>
#include <gradus/core/numerics.hpp>
#include <gradus/linalg/multiply.hpp>
#include <stdexcept>

namespace GRADUS_NAMESPACE {

GRADUS_PACKETS_BEGIN

namespace detail {

// The power of two to divide a matrix by, without rounding, so that its largest coefficient lies in [1, 2); 1
// where all are zeros.
template <class Matrix>
double power_of_two(const Matrix& x) {
  const double largest = x.cwiseAbs().maxCoeff();
  return largest > 0 ? std::ldexp(1, std::ilogb(largest)) : 1;
}

// Householder's reflections from both sides, A ← HAH with H = I − τvvᵀ: A − vwᵀ − wvᵀ, where w = p −
// ½τ(pᵀv)v and p = τAv. Only the lower triangle is read. Each pass over it does what the reflection before
// has left to do and finds p. What defines the reflections stays below the diagonal.
inline void make_tridiagonal(MatrixMap<double>& a, MatrixMap<double>& diagonal,
                             MatrixMap<double>& subdiagonal, MatrixMap<double>& factors,
                             Workspace& workspace) {
  const Index n = a.rows();
  auto w = workspace.take<double>(n, 1), p = workspace.take<double>(n, 1);
  for (Index k = 0; k < n; ++k) {
    const auto reflect_before = [&](Index j) {
      if (k == 0) return;
      const auto before = a.col(k - 1).tail(n - j);
      a.col(j).tail(n - j) -= before(0) * w.col(0).tail(n - j) + w(j) * before;
    };
    reflect_before(k);
    diagonal(k) = a(k, k);
    if (k + 1 == n) break;
    const Index rest = n - 1 - k;
    auto v = a.col(k).tail(rest);
    v.makeHouseholderInPlace(factors(k), subdiagonal(k));
    v(0) = 1;
    p.setZero();
    for (Index j = k + 1; j < n; ++j) {
      reflect_before(j);
      const Index below = n - 1 - j;
      p(j) += a.col(j).tail(below + 1).dot(v.tail(below + 1));
      p.col(0).tail(below) += a(j, k) * a.col(j).tail(below);
    }
    auto p_rest = p.col(0).tail(rest);
    w.col(0).tail(rest) = factors(k) * (p_rest - 0.5 * factors(k) * p_rest.dot(v) * v);
  }
}

// Makes of these reflections their product, from the last to the first. That of column k moves to k + 1.
inline void multiply_reflections(MatrixMap<double>& a, const MatrixMap<double>& factors) {
  const Index n = a.rows();
  for (Index k = n - 2; k >= 0; --k) {
    const auto v = a.col(k).tail(n - 1 - k);
    a.row(k + 1).tail(n - 2 - k).setZero();
    for (Index j = k + 2; j < n; ++j) {
      auto column = a.col(j).tail(n - 1 - k);
      column -= factors(k) * v.dot(column) * v;
    }
    a.col(k + 1).tail(n - 1 - k) = -factors(k) * v;
    a(k + 1, k + 1) += 1;
  }
  a.row(0).setZero();
  a.col(0).setZero();
  a(0, 0) = 1;
}

// As good as nothing beside coefficients of about 1, with a square that is no denormal number.
inline constexpr double vanishing = 1e-150;

// Turns the columns `begin` to `end` of q, from one pair of neighbours to the next: q ← qG with G = (c −s; s
// c), where (c, s) are columns of `rotations`. `Rows` rows at a time, from `row` on, so that what a rotation
// leaves to the next one stays in registers.
template <int Rows>
void rotate_rows(MatrixMap<double>& q, Index& row, Index begin, Index end,
                 const MatrixMap<double>& rotations) {
  using Part = Eigen::Array<double, Rows, 1>;
  for (; row + Rows <= q.rows(); row += Rows) {
    Part left = Eigen::Map<Part>(&q(row, begin));
    for (Index k = begin; k < end; ++k) {
      const double c = rotations(0, k), s = rotations(1, k);
      const Part right = Eigen::Map<Part>(&q(row, k + 1));
      Eigen::Map<Part>(&q(row, k)) = c * left + s * right;
      left = c * right - s * left;
    }
    Eigen::Map<Part>(&q(row, end)) = left;
  }
}

// One implicit QR step with Wilkinson's shift (Golub & Van Loan, Matrix Computations, 8.3) on rows `begin` to
// `end` of a tridiagonal matrix: T ← GᵀTG, q ← qG, with rotations G of neighbours. The first follows from the
// shift; each other one moves the `bulge`, which the one before left outside the three diagonals, one row
// down.
inline void qr_step(MatrixMap<double>& diagonal, MatrixMap<double>& subdiagonal, Index begin, Index end,
                    MatrixMap<double>& q, MatrixMap<double>& rotations) {
  const double half = (diagonal(end - 1) - diagonal(end)) / (2 * subdiagonal(end - 1));
  const double root = std::copysign(std::sqrt(half * half + 1), half);
  double x = diagonal(begin) - (diagonal(end) - subdiagonal(end - 1) / (half + root));
  double bulge = subdiagonal(begin);
  Index k = begin;
  for (; k < end && std::abs(bulge) > vanishing; ++k) {
    const double length = std::sqrt(x * x + bulge * bulge), c = x / length, s = bulge / length;
    if (k > begin) subdiagonal(k - 1) = length;
    const double t = s * (diagonal(k + 1) - diagonal(k)) + 2 * c * subdiagonal(k);
    diagonal(k) += s * t;
    diagonal(k + 1) -= s * t;
    subdiagonal(k) = x = c * t - subdiagonal(k);
    if (k + 1 < end) {
      bulge = s * subdiagonal(k + 1);
      subdiagonal(k + 1) *= c;
    }
    rotations(0, k) = c, rotations(1, k) = s;
  }
  Index row = 0;
  rotate_rows<16>(q, row, begin, k, rotations);
  rotate_rows<4>(q, row, begin, k, rotations);
  rotate_rows<1>(q, row, begin, k, rotations);
}

// The eigenvalues of a tridiagonal matrix, in place of its diagonal; the columns of q turn with its
// eigenvectors.
inline void diagonalize(MatrixMap<double>& diagonal, MatrixMap<double>& subdiagonal, MatrixMap<double>& q,
                        Workspace& workspace) {
  const Index n = diagonal.rows();
  auto rotations = workspace.take<double>(2, n);
  const auto is_zero = [&](Index k) {
    const double neighbours = std::abs(diagonal(k)) + std::abs(diagonal(k + 1));
    return std::abs(subdiagonal(k)) <= std::numeric_limits<double>::epsilon() * neighbours + vanishing;
  };
  Index steps = 0;
  for (Index end = n - 1; end > 0;) {
    if (is_zero(end - 1)) {
      --end;
      continue;
    }
    Index begin = end - 1;
    while (begin > 0 && !is_zero(begin - 1)) --begin;
    if (++steps > 30 * n) {
      throw std::runtime_error("gradus: the QR iteration for eigenvalues does not converge.");
    }
    qr_step(diagonal, subdiagonal, begin, end, q, rotations);
  }
}

}  // namespace detail

/// Bytes of scratch memory that `eigenbasis` needs for a matrix of n x n.
inline std::size_t eigenbasis_scratch(Index n) {
  return 4 * Workspace::bytes<double>(n, 1) + Workspace::bytes<double>(2, n);
}

/// A = V W Vᵀ: the eigenvalues W, the smallest first, and eigenvectors V of a symmetric matrix, given whole,
/// by Householder's reflections and implicit QR steps. The error is of the order of rounding times the
/// largest eigenvalue. A is scaled by a power of two first, so its magnitude does not matter; infinity or NaN
/// anywhere in it makes all results NaN. `values` is n x 1. Throws `std::runtime_error` when the steps, at
/// most 30 n, do not converge.
template <class Matrix>
void eigenbasis(const Matrix& symmetric, MatrixMap<double> vectors, MatrixMap<double> values,
                Workspace& workspace) {
  const Index n = symmetric.rows();
  assert(symmetric.cols() == n && vectors.rows() == n && vectors.cols() == n && values.size() == n);
  vectors = symmetric;
  if (n == 0) return;
  if (!vectors.allFinite()) {
    vectors.setConstant(std::numeric_limits<double>::quiet_NaN());
    values.setConstant(std::numeric_limits<double>::quiet_NaN());
    return;
  }
  const double scale = detail::power_of_two(vectors);
  vectors /= scale;
  const std::size_t used = workspace.used();
  auto subdiagonal = workspace.take<double>(n, 1), factors = workspace.take<double>(n, 1);
  detail::make_tridiagonal(vectors, values, subdiagonal, factors, workspace);
  detail::multiply_reflections(vectors, factors);
  detail::diagonalize(values, subdiagonal, vectors, workspace);
  workspace.rewind(used);
  for (Index k = 0; k < n; ++k) {
    Index smallest;
    values.col(0).tail(n - k).minCoeff(&smallest);
    if (smallest == 0) continue;
    std::swap(values(k), values(k + smallest));
    vectors.col(k).swap(vectors.col(k + smallest));
  }
  values *= scale;
}

/// Bytes of scratch memory that `eigen_function` needs for a matrix of n x n.
inline std::size_t eigen_function_scratch(Index n) {
  return Workspace::bytes<double>(n, n) + detail::multiply_scratch<double>(n);
}

/// result ← V f(W) Vᵀ, the matrix with the eigenvectors V, n x n, and the values `f(value)` of those in W, n
/// x
/// 1. `result` may be a block of a larger matrix.
template <class Result, class F>
void eigen_function(Result&& result, MatrixMap<double> vectors, MatrixMap<double> values, const F& f,
                    Workspace& workspace) {
  const std::size_t used = workspace.used();
  auto scaled = workspace.take<double>(vectors.rows(), vectors.cols());
  for (Index k = 0; k < vectors.cols(); ++k) scaled.col(k) = f(values(k)) * vectors.col(k);
  detail::multiply_add(true, result, 1, scaled, vectors.transpose(), 0, result, workspace);
  workspace.rewind(used);
}

/// Bytes of scratch memory that `orthonormalize` needs for a matrix of n x n.
inline std::size_t orthonormalize_scratch(Index n) {
  return Workspace::bytes<double>(n, n) + 2 * Workspace::bytes<double>(n, 1);
}

/// Replaces the columns of a square matrix by an orthonormal basis of which the first k span what the first k
/// of the matrix span, for every k: the Q of its QR decomposition by Householder's reflections. Columns are
/// scaled by powers of two first, so their magnitudes do not matter.
inline void orthonormalize(MatrixMap<double> matrix, Workspace& workspace) {
  const Index n = matrix.rows();
  const std::size_t used = workspace.used();
  auto q = workspace.take<double>(n, n), factors = workspace.take<double>(n, 1),
       room = workspace.take<double>(n, 1);
  for (Index k = 0; k < n; ++k) matrix.col(k) /= detail::power_of_two(matrix.col(k));
  for (Index k = 0; k < n; ++k) {
    auto column = matrix.col(k).tail(n - k);
    double length = 0;
    column.makeHouseholderInPlace(factors(k), length);
    matrix.bottomRightCorner(n - k, n - k - 1)
        .applyHouseholderOnTheLeft(column.tail(n - k - 1), factors(k), room.data());
  }
  q.setIdentity();
  for (Index k = n - 1; k >= 0; --k) {
    q.bottomRightCorner(n - k, n - k)
        .applyHouseholderOnTheLeft(matrix.col(k).tail(n - k - 1), factors(k), room.data());
  }
  matrix = q;
  workspace.rewind(used);
}

GRADUS_PACKETS_END

}  // namespace GRADUS_NAMESPACE
