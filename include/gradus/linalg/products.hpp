// SPDX-License-Identifier: MIT
//
// The three products that Newton–Schulz is made of, and who computes them.
#pragma once

#include <concepts>
#include <gradus/linalg/multiply.hpp>

namespace GRADUS_NAMESPACE {

/// Who computes the products of Newton–Schulz on x, m x n with m ≤ n: a policy of three operations,
///
///     gram(a, x):                           a ← x xᵀ
///     commuting(c, scale, a, b, keep, d):   c ← scale · a b + keep · d
///     apply(y, b, keep, x):                 y ← b x + keep · x
///
/// and their scratch memory. a, b, c and d are symmetric, given and returned whole, and a, b commute; scale
/// and keep are of type `double`. Only the first argument changes; it may be d, but no factor of its own
/// product.
///
/// `TiledProducts` is the default, `EigenProducts` uses Eigen's own (and so the BLAS of `EIGEN_USE_BLAS`),
/// `OneDnnProducts` is in an optional header.
template <class P, class Scalar>
concept MatrixProducts = requires(MatrixMap<Scalar> x, double number, Workspace& workspace) {
  { P::template scratch<Scalar>(Index{}, Index{}) } -> std::convertible_to<std::size_t>;
  P::gram(x, x, workspace);
  P::commuting(x, number, x, x, number, x, workspace);
  P::apply(x, x, number, x, workspace);
};

/// Products made for symmetric results: one triangle is computed, which halves the work, and their packing
/// memory is the workspace's, so nothing is allocated. Large ones use all OpenMP threads; every coefficient
/// is summed in the same order for any number of them, so the bits are the same.
///
/// `Eigen::bfloat16` and `Eigen::half` are summed in float and rounded once. In a program compiled for
/// AVX512-BF16 products in bfloat16 take half the time of float's (denormal numbers count as zero); all
/// others take longer than float's.
struct TiledProducts {
  template <class Scalar>
  static std::size_t scratch(Index rows, Index cols) {
    return std::max(detail::TiledProduct<Scalar>::scratch(rows, cols, rows),
                    detail::TiledProduct<Scalar>::scratch(rows, rows, cols));
  }
  template <class Scalar>
  static void gram(MatrixMap<Scalar> a, MatrixMap<Scalar> x, Workspace& workspace) {
    detail::tiled_multiply_add(true, a, 1, detail::rows_of(x), detail::rows_of(x), x.cols(), 0, a, workspace);
  }
  template <class Scalar>
  static void commuting(MatrixMap<Scalar> c, double scale, MatrixMap<Scalar> a, MatrixMap<Scalar> b,
                        double keep, MatrixMap<Scalar> d, Workspace& workspace) {
    // Rows of b are its columns, and lie together.
    detail::tiled_multiply_add(true, c, scale, detail::rows_of(a), detail::rows_of(b), a.cols(), keep, d,
                               workspace);
  }
  template <class Scalar>
  static void apply(MatrixMap<Scalar> y, MatrixMap<Scalar> b, double keep, MatrixMap<Scalar> x,
                    Workspace& workspace) {
    detail::tiled_multiply_add(false, y, 1, detail::rows_of(b), detail::columns_of(x), b.cols(), keep, x,
                               workspace);
  }
};

/// Eigen's own products: plain ones, and with `EIGEN_USE_BLAS` those of a BLAS. Those of Eigen 5 took 0.7 of
/// the time of Eigen 3.4's (float, AVX-512, 512 to 1024 squared), which the default, being no product of
/// Eigen's, does not gain from. Eigen takes packing memory from the heap where matrices are large.
struct EigenProducts {
  template <class Scalar>
  static std::size_t scratch(Index, Index) {
    return 0;
  }
  template <class Scalar>
  static void gram(MatrixMap<Scalar> a, MatrixMap<Scalar> x, Workspace&) {
    detail::eigen_multiply_add(false, a, 1, x, x.transpose(), 0, a);
  }
  template <class Scalar>
  static void commuting(MatrixMap<Scalar> c, double scale, MatrixMap<Scalar> a, MatrixMap<Scalar> b,
                        double keep, MatrixMap<Scalar> d, Workspace&) {
    detail::eigen_multiply_add(false, c, scale, a, b, keep, d);
  }
  template <class Scalar>
  static void apply(MatrixMap<Scalar> y, MatrixMap<Scalar> b, double keep, MatrixMap<Scalar> x, Workspace&) {
    detail::eigen_multiply_add(false, y, 1, b, x, keep, x);
  }
};

/// Who computes where nobody says: `TiledProducts`; `EigenProducts` where `EIGEN_USE_BLAS` asks for a BLAS,
/// where the tiles are not tested with the processor's vectors (others than SSE, AVX and NEON), or where
/// `GRADUS_EIGEN_PRODUCTS` is defined, which has to be in all files of a program. Optimizers that multiply
/// matrices outside Newton–Schulz follow the same choice.
#ifdef GRADUS_EIGEN_PRODUCTS
using DefaultProducts = EigenProducts;
#else
using DefaultProducts = TiledProducts;
#endif

}  // namespace GRADUS_NAMESPACE
