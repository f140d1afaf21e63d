// SPDX-License-Identifier: MIT
//
// Products of matrices that take no memory from the heap, for optimizers that see whole matrices; or, where
// they are not to be used, Eigen's. A result is stored by columns and is no factor of its own product;
// `workspace` has room for `multiply_scratch`.
#pragma once

#include <cassert>
#include <gradus/linalg/tiled_product.hpp>

// Define `GRADUS_EIGEN_PRODUCTS`, in all files of a program, to have Eigen compute the products. Tiles are
// tested on x86 with SSE, AVX and AVX-512, on ARM with NEON, and without vectors; elsewhere Eigen is asked.
#if defined(EIGEN_USE_BLAS) || \
    (defined(EIGEN_VECTORIZE) && !defined(EIGEN_VECTORIZE_SSE) && !defined(EIGEN_VECTORIZE_NEON))
#define GRADUS_EIGEN_PRODUCTS
#endif

namespace GRADUS_NAMESPACE::detail {

// A matrix, a block of one or the transpose of either, as the left factor of a product.
template <class Matrix>
Factor<typename Matrix::Scalar> rows_of(const Matrix& x) {
  static_assert(Matrix::InnerStrideAtCompileTime == 1);
  if constexpr (Matrix::IsRowMajor) {
    return {x.data(), x.outerStride(), 1};
  } else {
    return {x.data(), 1, x.outerStride()};
  }
}

// As the right factor, whose columns go into the result.
template <class Matrix>
Factor<typename Matrix::Scalar> columns_of(const Matrix& x) {
  const auto rows = rows_of(x);
  return {rows.data, rows.depth_stride, rows.row_stride};
}

// result ← scale · left · right + keep · addend, which may be the result. `symmetric` says that left · right
// and the addend are: one triangle is computed and mirrored.
template <class Result, class Addend>
void tiled_multiply_add(bool symmetric, Result& result, double scale,
                        const Factor<typename Result::Scalar>& left,
                        const Factor<typename Result::Scalar>& right, Index depth, double keep,
                        const Addend& addend, Workspace& workspace) {
  using Scalar = typename Result::Scalar;
  static_assert(!Result::IsRowMajor && !Addend::IsRowMajor);
  using Sum = typename Tile<Scalar>::Sum;
  const Finish<Scalar> finish{static_cast<Sum>(scale), static_cast<Sum>(keep), addend.data(),
                              addend.outerStride(),    result.data(),          result.outerStride()};
  TiledProduct<Scalar>(symmetric, depth, left, right, finish, result.rows(), result.cols()).run(workspace);
}
template <class Result, class Left, class Right, class Addend>
void tiled_multiply_add(bool symmetric, Result& result, double scale, const Left& left, const Right& right,
                        double keep, const Addend& addend, Workspace& workspace) {
  assert(left.cols() == right.rows() && left.rows() == result.rows() && right.cols() == result.cols());
  tiled_multiply_add(symmetric, result, scale, rows_of(left), columns_of(right), left.cols(), keep, addend,
                     workspace);
}

// The same by Eigen's products, which take packing memory from the heap where matrices are large and do not
// sum 16-bit scalars in float.
template <class Result, class Left, class Right, class Addend>
void eigen_multiply_add(bool symmetric, Result& result, double scale, const Left& left, const Right& right,
                        double keep, const Addend& addend) {
  const auto factor = static_cast<typename Result::Scalar>(scale);
  if (keep == 0) {
    result.setZero();
  } else {
    result = static_cast<typename Result::Scalar>(keep) * addend;
  }
  if (symmetric) {
    result.template triangularView<Eigen::Lower>() += factor * left * right;
    for (Index j = 1; j < result.cols(); ++j) result.col(j).head(j) = result.row(j).head(j).transpose();
  } else {
    result.noalias() += factor * left * right;
  }
}

// The same by the one of them that is chosen above.
template <class Result, class Left, class Right, class Addend>
void multiply_add(bool symmetric, Result& result, double scale, const Left& left, const Right& right,
                  double keep, const Addend& addend, [[maybe_unused]] Workspace& workspace) {
#ifdef GRADUS_EIGEN_PRODUCTS
  eigen_multiply_add(symmetric, result, scale, left, right, keep, addend);
#else
  tiled_multiply_add(symmetric, result, scale, left, right, keep, addend, workspace);
#endif
}

// result ← left · right
template <class Result, class Left, class Right>
void multiply(Result&& result, const Left& left, const Right& right, Workspace& workspace) {
  multiply_add(false, result, 1, left, right, 0, result, workspace);
}

// result ← keep · result + scale · x xᵀ
template <class Result, class X>
void add_gram(Result&& result, double keep, double scale, const X& x, Workspace& workspace) {
  multiply_add(true, result, scale, x, x.transpose(), keep, result, workspace);
}

// Bytes of scratch memory that a product of rows x depth and depth x columns needs.
template <class Scalar>
std::size_t multiply_scratch([[maybe_unused]] Index rows, [[maybe_unused]] Index depth,
                             [[maybe_unused]] Index columns) {
#ifdef GRADUS_EIGEN_PRODUCTS
  return 0;
#else
  return TiledProduct<Scalar>::scratch(rows, depth, columns);
#endif
}

// Of any product whose matrices have at most `side` rows and columns.
template <class Scalar>
std::size_t multiply_scratch(Index side) {
  return detail::multiply_scratch<Scalar>(side, side, side);
}

}  // namespace GRADUS_NAMESPACE::detail
