// SPDX-License-Identifier: MIT
//
// What a norm is, and its linear minimization oracle.
#pragma once

#include <Eigen/SVD>
#include <algorithm>
#include <gradus/core/layout.hpp>
#include <gradus/core/state.hpp>
#include <gradus/core/sum_blocks.hpp>
#include <gradus/core/workspace.hpp>

namespace GRADUS_NAMESPACE {

/// A norm of matrices is a value with fields (GRADUS_FIELDS) and
///
///     norm(m)                      ‖m‖, of a leaf of any storage, in double
///     dual_norm(g)                 ‖g‖* = max ⟨g, T⟩ over ‖T‖ ≤ 1, likewise
///     lmo(x, workspace)            leaves a matrix in x and returns a number; their product is the T at
///                                  which that maximum is reached for g = x, or 0 for x = 0
///     scratch<Scalar>(rows, cols)  bytes that `lmo` takes of the workspace
///     validate(who)                refuses bad fields, as `validate` of an optimizer does
///
/// `lmo` takes no memory from the heap and depends on the direction of x alone, not on its length. It points
/// uphill, where papers on linear minimization oracles return −T: a step subtracts it. `norm` and `dual_norm`
/// are for measuring, and may take memory.
template <class N>
concept MatrixNorm = requires(const N& norm, MatrixMap<double> x, Workspace& workspace) {
  norm.validate("");
  { norm.norm(x) } -> std::convertible_to<double>;
  { norm.dual_norm(x) } -> std::convertible_to<double>;
  { norm.lmo(x, workspace) } -> std::convertible_to<double>;
  { norm.template scratch<double>(Index{}, Index{}) } -> std::convertible_to<std::size_t>;
};

/// The steepest direction: T with ‖T‖ = 1 and ⟨g, T⟩ = ‖g‖*, in memory of `workspace`, where it stays valid
/// until the workspace is used again. Repeated calls allocate nothing. 16-bit scalars are computed in float.
template <MatrixNorm N, Leaf M>
auto lmo(const N& norm, const M& g, Workspace& workspace) {
  using Scalar = detail::Compute<typename M::Scalar>;
  norm.validate("lmo");
  workspace.reset(Workspace::bytes<Scalar>(g.rows(), g.cols()) +
                  norm.template scratch<Scalar>(g.rows(), g.cols()));
  auto x = workspace.take<Scalar>(g.rows(), g.cols());
  x = g.matrix().template cast<Scalar>();
  const double factor = norm.lmo(x, workspace);
  x *= static_cast<Scalar>(factor);
  return x;
}

/// The same as an object of its own.
template <MatrixNorm N, Leaf M>
typename M::PlainObject lmo(const N& norm, const M& g) {
  Workspace workspace;
  const auto x = gradus::lmo(norm, g, workspace);
  typename M::PlainObject result(g.rows(), g.cols());
  result = x.template cast<typename M::Scalar>();
  return result;
}

namespace detail {

// The number of rows or columns, at least 1.
template <class M>
double side(bool of_rows, const M& m) {
  return static_cast<double>(std::max(of_rows ? m.rows() : m.cols(), Index{1}));
}

// From large to small.
template <class M>
Eigen::VectorXd singular_values(const M& m) {
  if (m.size() == 0) return Eigen::VectorXd::Zero(1);
  const Eigen::MatrixXd wide = m.matrix().template cast<double>();
  return Eigen::JacobiSVD<Eigen::MatrixXd>(wide).singularValues();
}

}  // namespace detail

}  // namespace GRADUS_NAMESPACE
