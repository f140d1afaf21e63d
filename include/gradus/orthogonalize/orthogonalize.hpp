// SPDX-License-Identifier: MIT
//
// The polar factor of a matrix, by a method of choice.
#pragma once

#include <algorithm>
#include <gradus/core/strip.hpp>
#include <gradus/orthogonalize/newton_schulz.hpp>

namespace GRADUS_NAMESPACE {

/// A method of orthogonalization: replaces a matrix by its polar factor, with scratch memory that the caller
/// keeps.
template <class M>
concept Orthogonalizer = requires(const M& method, MatrixMap<double> x, Workspace& workspace) {
  method.validate("");
  { method.template scratch<double>(Index{}, Index{}) } -> std::convertible_to<std::size_t>;
  method(x, workspace);
};

namespace detail {

// The floating-point operations of a method where it says them, else those of one product.
template <class Method>
double polar_flops(const Method& method, Index rows, Index cols) {
  if constexpr (requires { method.flops(rows, cols); }) {
    return method.flops(rows, cols);
  } else {
    return 2 * static_cast<double>(rows * cols) * static_cast<double>(std::min(rows, cols));
  }
}

}  // namespace detail

/// The matrix nearest to orthogonal: UVᵀ of m = UΣVᵀ, approximated by `method`, in memory of `workspace`,
/// where it stays valid until the workspace is used again. Repeated calls allocate nothing (with
/// `EigenProducts` large matrices take packing buffers). 16-bit scalars are computed in float.
template <Leaf M, Orthogonalizer Method>
auto orthogonalize(const M& m, const Method& method, Workspace& workspace) {
  using Scalar = detail::Compute<typename M::Scalar>;
  method.validate("orthogonalize");
  workspace.reset(Workspace::bytes<Scalar>(m.rows(), m.cols()) +
                  method.template scratch<Scalar>(m.rows(), m.cols()));
  auto x = workspace.take<Scalar>(m.rows(), m.cols());
  x = m.matrix().template cast<Scalar>();
  method(x, workspace);
  return x;
}

/// The same as an object of its own: `orthogonalize(m)` runs PyTorch's five Newton–Schulz steps.
template <Leaf M, Orthogonalizer Method = NewtonSchulz>
typename M::PlainObject orthogonalize(const M& m, const Method& method = {}) {
  Workspace workspace;
  const auto x = orthogonalize(m, method, workspace);
  typename M::PlainObject result(m.rows(), m.cols());
  result = x.template cast<typename M::Scalar>();
  return result;
}

}  // namespace GRADUS_NAMESPACE
