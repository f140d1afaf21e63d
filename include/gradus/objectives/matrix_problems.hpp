// SPDX-License-Identifier: MIT
//
// Objectives over matrices whose solution is known. Each can be called as `f(x)` and `f(x, gradient)`;
// `random` makes an instance that is the same on every platform up to rounding. Unlike the test functions
// they take memory for a residual at every call, and so do the products in them.
#pragma once

#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <gradus/objectives/test_function.hpp>
#include <gradus/tools/portable_random.hpp>

namespace GRADUS_NAMESPACE {

/// Linear least squares over a matrix X, 1/2 |A X - B|^2 in the Frobenius norm, A being m x n and B m x k.
template <class Scalar = double>
struct MatrixLeastSquares {
  static constexpr std::string_view name = "MatrixLeastSquares";
  using Matrix = Eigen::MatrixX<Scalar>;  ///< of A and B

  Matrix a, b;  ///< the data

  /// Random A of `rows` x `cols` and a B = A X of `outputs` columns. The minimum is 0, and X is the only
  /// minimiser if rows >= cols.
  static MatrixLeastSquares random(Index rows, Index cols, Index outputs, std::uint64_t seed) {
    PortableRandom draw(seed);
    const Matrix a = draw.matrix<Scalar>(rows, cols), x = draw.matrix<Scalar>(cols, outputs);
    return {a, a * x};
  }

  /// The minimiser, the smallest if there are many.
  Matrix minimiser() const {
    test_functions::require_shape(name, "b", b, a.rows(), b.cols());
    return a.completeOrthogonalDecomposition().solve(b);
  }

  template <class X>
  Scalar operator()(const X& x) const {
    return residual(x).squaredNorm() / 2;
  }

  template <class X, class G>
  Scalar operator()(const X& x, G&& gradient) const {
    const Matrix r = residual(x);
    test_functions::fit(name, gradient, x.rows(), x.cols());
    gradient.noalias() = a.transpose() * r;
    return r.squaredNorm() / 2;
  }

 private:
  template <class X>
  Matrix residual(const X& x) const {
    test_functions::require_shape(name, "b", b, a.rows(), b.cols());
    test_functions::require_shape(name, "x", x, a.cols(), b.cols());
    Matrix r = -b;
    r.noalias() += a * x;
    return r;
  }
};

/// Factorisation of a matrix into two thin ones, 1/2 |U V^T - M|^2, over a pair or tuple x = (U, V) with M of
/// m x n, U of m x r and V of n x r. Not convex: the origin is a saddle, and (U Q, V Q) is as good as (U, V)
/// for every orthogonal Q.
template <class Scalar = double>
struct LowRankFactorization {
  static constexpr std::string_view name = "LowRankFactorization";
  using Matrix = Eigen::MatrixX<Scalar>;  ///< of M

  Matrix m;  ///< what U V^T is to be

  /// A random M = U V^T of `rows` x `cols` and of rank `rank`, so that the minimum is 0 for r >= rank.
  static LowRankFactorization random(Index rows, Index cols, Index rank, std::uint64_t seed) {
    PortableRandom draw(seed);
    const Matrix u = draw.matrix<Scalar>(rows, rank), v = draw.matrix<Scalar>(cols, rank);
    return {u * v.transpose()};
  }

  /// A minimiser (U, V) with `rank` columns each, by the singular value decomposition of M.
  std::pair<Matrix, Matrix> minimiser(Index rank) const {
    if (rank < 1 || rank > std::min(m.rows(), m.cols())) {
      throw std::invalid_argument(std::string(name) + ": rank is " + std::to_string(rank) + ", needs 1 to " +
                                  std::to_string(std::min(m.rows(), m.cols())));
    }
    const Eigen::JacobiSVD<Matrix> svd(m, Eigen::ComputeThinU | Eigen::ComputeThinV);
    const Eigen::VectorX<Scalar> root = svd.singularValues().head(rank).cwiseSqrt();
    return {svd.matrixU().leftCols(rank) * root.asDiagonal(),
            svd.matrixV().leftCols(rank) * root.asDiagonal()};
  }

  template <class Pair>
  Scalar operator()(const Pair& x) const {
    return residual(x).squaredNorm() / 2;
  }

  template <class Pair, class G>
  Scalar operator()(const Pair& x, G&& gradient) const {
    const auto& [u, v] = x;
    auto& [du, dv] = gradient;
    const Matrix r = residual(x);
    test_functions::fit(name, du, u.rows(), u.cols());
    test_functions::fit(name, dv, v.rows(), v.cols());
    du.noalias() = r * v;
    dv.noalias() = r.transpose() * u;
    return r.squaredNorm() / 2;
  }

 private:
  template <class Pair>
  Matrix residual(const Pair& x) const {
    const auto& [u, v] = x;
    test_functions::require_shape(name, "u", u, m.rows(), u.cols());
    test_functions::require_shape(name, "v", v, m.cols(), u.cols());
    Matrix r = -m;
    r.noalias() += u * v.transpose();
    return r;
  }
};

/// The orthogonal Procrustes problem, 1/2 |X A - B|^2 with A and B of n x k: which rotation or reflection X
/// takes A to B? `minimiser` answers for orthogonal X. An optimizer that does not keep X orthogonal finds the
/// least squares solution, which has a lower value and is in general not orthogonal.
template <class Scalar = double>
struct OrthogonalProcrustes {
  static constexpr std::string_view name = "OrthogonalProcrustes";
  using Matrix = Eigen::MatrixX<Scalar>;  ///< of A and B

  Matrix a, b;  ///< the data

  /// Random A of `rows` x `cols`, and B = Q A for a random orthogonal Q, plus noise in [-noise, noise).
  static OrthogonalProcrustes random(Index rows, Index cols, std::uint64_t seed, double noise = 0) {
    PortableRandom draw(seed);
    const Matrix a = draw.matrix<Scalar>(rows, cols), q = draw.orthogonal<Scalar>(rows);
    return {a, q * a + static_cast<Scalar>(noise) * draw.matrix<Scalar>(rows, cols)};
  }

  /// The best orthogonal X: U V^T of the singular value decomposition of B A^T (P. H. Schonemann,
  /// Psychometrika 31, 1966).
  Matrix minimiser() const {
    test_functions::require_shape(name, "b", b, a.rows(), a.cols());
    const Matrix product = b * a.transpose();
    const Eigen::JacobiSVD<Matrix> svd(product, Eigen::ComputeFullU | Eigen::ComputeFullV);
    return svd.matrixU() * svd.matrixV().transpose();
  }

  template <class X>
  Scalar operator()(const X& x) const {
    return residual(x).squaredNorm() / 2;
  }

  template <class X, class G>
  Scalar operator()(const X& x, G&& gradient) const {
    const Matrix r = residual(x);
    test_functions::fit(name, gradient, x.rows(), x.cols());
    gradient.noalias() = r * a.transpose();
    return r.squaredNorm() / 2;
  }

 private:
  template <class X>
  Matrix residual(const X& x) const {
    test_functions::require_shape(name, "b", b, a.rows(), a.cols());
    test_functions::require_shape(name, "x", x, a.rows(), a.rows());
    Matrix r = -b;
    r.noalias() += x * a;
    return r;
  }
};

/// A quadratic over a matrix X, 1/2 tr((X - X*)^T H (X - X*)) with H symmetric and positive definite. Minimum
/// 0 at `target`, X*.
template <class Scalar = double>
struct MatrixQuadratic {
  static constexpr std::string_view name = "MatrixQuadratic";
  using Matrix = Eigen::MatrixX<Scalar>;  ///< of H and X*

  Matrix h, target;  ///< H and X*

  /// A random target of `rows` x `cols`, and an H with eigenvalues spaced geometrically from 1 to
  /// `condition_number` (at least 1) in a random orthogonal basis.
  static MatrixQuadratic random(Index rows, Index cols, double condition_number, std::uint64_t seed) {
    test_functions::require_at_least(1, condition_number, name, "condition_number");
    PortableRandom draw(seed);
    const Matrix basis = draw.orthogonal<Scalar>(rows);
    Eigen::VectorX<Scalar> eigenvalues = Eigen::VectorX<Scalar>::Ones(rows);
    for (Index i = 1; i < rows; ++i) {
      const double exponent = static_cast<double>(i) / static_cast<double>(rows - 1);
      eigenvalues[i] = static_cast<Scalar>(std::pow(condition_number, exponent));
    }
    return {basis * eigenvalues.asDiagonal() * basis.transpose(), draw.matrix<Scalar>(rows, cols)};
  }

  /// The minimiser, X*.
  const Matrix& minimiser() const { return target; }

  template <class X>
  Scalar operator()(const X& x) const {
    const Matrix difference = offset(x);
    return difference.cwiseProduct(h * difference).sum() / 2;
  }

  template <class X, class G>
  Scalar operator()(const X& x, G&& gradient) const {
    const Matrix difference = offset(x);
    test_functions::fit(name, gradient, x.rows(), x.cols());
    gradient.noalias() = h * difference;
    return difference.cwiseProduct(gradient).sum() / 2;
  }

 private:
  template <class X>
  Matrix offset(const X& x) const {
    test_functions::require_shape(name, "h", h, target.rows(), target.rows());
    test_functions::require_shape(name, "x", x, target.rows(), target.cols());
    return x - target;
  }
};

}  // namespace GRADUS_NAMESPACE
