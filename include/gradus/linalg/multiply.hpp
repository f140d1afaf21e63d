// SPDX-License-Identifier: MIT
//
// Products of matrices that take no memory from the heap, for optimizers that see whole matrices. A result
// is stored by columns and is no factor of its own product; `workspace` has room for `multiply_scratch`.
#pragma once

#include <cassert>
#include <gradus/linalg/tiled_product.hpp>

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

// result ← scale · left · right + keep · addend, which may be the result. `symmetric` says that left · right
// and the addend are: one triangle is computed and mirrored.
template <class Result, class Left, class Right, class Addend>
void multiply_add(bool symmetric, Result& result, double scale, const Left& left, const Right& right,
                  double keep, const Addend& addend, Workspace& workspace) {
  using Scalar = typename Result::Scalar;
  static_assert(!Result::IsRowMajor && !Addend::IsRowMajor);
  assert(left.cols() == right.rows() && left.rows() == result.rows() && right.cols() == result.cols());
  using Sum = typename Tile<Scalar>::Sum;
  const Finish<Scalar> finish{static_cast<Sum>(scale), static_cast<Sum>(keep), addend.data(),
                              addend.outerStride(),    result.data(),          result.outerStride()};
  TiledProduct<Scalar>(symmetric, left.cols(), rows_of(left), rows_of(right.transpose()), finish,
                       result.rows(), result.cols())
      .run(workspace);
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

// Bytes of scratch memory that a product needs whose matrices have at most `side` rows and columns.
template <class Scalar>
std::size_t multiply_scratch(Index side) {
  return TiledProduct<Scalar>::scratch(side, side, side);
}

}  // namespace GRADUS_NAMESPACE::detail
