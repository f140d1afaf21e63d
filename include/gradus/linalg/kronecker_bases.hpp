// SPDX-License-Identifier: MIT
//
// The eigenbases of a matrix's two sides, which SOAP and its relatives rotate it into. An empty basis stands
// for the identity: that side is not rotated.
#pragma once

#include <algorithm>
#include <gradus/linalg/eigenbasis.hpp>

namespace GRADUS_NAMESPACE::detail {

// The lengths of a matrix's sides; 0 for one that is not rotated.
struct RotatedSides {
  Index left, right;
};

// Sides longer than `max_dimension` are not rotated, nor are vectors; with `one_sided` only the shorter side
// is.
inline RotatedSides rotated_sides(Index rows, Index cols, Index max_dimension, bool one_sided) {
  const bool is_vector = std::min(rows, cols) <= 1;
  const bool left = rows <= max_dimension && (!one_sided || rows <= cols);
  const bool right = cols <= max_dimension && (!one_sided || cols < rows);
  return {!is_vector && left ? rows : 0, !is_vector && right ? cols : 0};
}

// Room for what each of the functions below needs.
template <class Scalar>
std::size_t bases_scratch(Index rows, Index cols, Index max_dimension, bool one_sided) {
  const auto [left, right] = rotated_sides(rows, cols, max_dimension, one_sided);
  const Index side = std::max(left, right);
  const auto products = std::max(multiply_scratch<Scalar>(std::max(rows, cols)),
                                 multiply_scratch<double>(std::max(rows, cols)));
  const auto turn = 2 * Workspace::bytes<double>(side, side) + Workspace::bytes<double>(side, 1) +
                    Workspace::bytes<Index>(side, 1) + Workspace::bytes<Scalar>(rows, cols) +
                    std::max(products, orthonormalize_scratch(side));
  const auto find =
      Workspace::bytes<double>(side, side) + Workspace::bytes<double>(side, 1) + eigenbasis_scratch(side);
  return std::max({turn, find, Workspace::bytes<double>(rows, cols) + products});
}

// The floating-point operations of rotations there and back and of the squares; once in a `period` of the
// bases.
inline double bases_flops(Index rows, Index cols, const RotatedSides& sides, int period) {
  const auto side = [&](Index n) {
    const auto m = static_cast<double>(n);
    return 6 * m * static_cast<double>(rows * cols) + 6 * m * m * m / period;
  };
  return side(sides.left) + side(sides.right);
}

// x ← left · x · right, where an empty factor is the identity.
template <class X, class Left, class Right>
void rotate(X& x, const Left& left, const Right& right, Workspace& workspace) {
  if (left.size() == 0 && right.size() == 0) return;
  const std::size_t used = workspace.used();
  auto product = workspace.take<typename X::Scalar>(x.rows(), x.cols());
  if (left.size() != 0) {
    detail::multiply(product, left, x, workspace);
  } else {
    product = x;
  }
  if (right.size() != 0) {
    detail::multiply(x, product, right, workspace);
  } else {
    x = product;
  }
  workspace.rewind(used);
}

// square ← kept · square + (1 − kept) g gᵀ
template <class G>
void add_outer(Eigen::MatrixXd& square, double kept, const G& g, Workspace& workspace) {
  if (square.size() == 0) return;
  const std::size_t used = workspace.used();
  auto wide = workspace.take<double>(g.rows(), g.cols());
  wide = g.template cast<double>();
  detail::add_gram(square, kept, 1 - kept, wide, workspace);
  workspace.rewind(used);
}

// The eigenvectors, those of the largest values first.
template <class Q>
void find_basis(Workspace& workspace, const Eigen::MatrixXd& square, Q& q) {
  if (square.size() == 0) return;
  const std::size_t used = workspace.used();
  auto vectors = workspace.take<double>(square.rows(), square.rows());
  auto values = workspace.take<double>(square.rows(), 1);
  gradus::eigenbasis(square, vectors, values, workspace);
  q = vectors.rowwise().reverse().template cast<typename Q::Scalar>();
  workspace.rewind(used);
}

GRADUS_PACKETS_BEGIN

// One step of power iteration from the basis at hand, whose columns are sorted first if `sort`, and v's rows
// alike.
template <class Q, class V>
void turn_basis(Workspace& workspace, const Eigen::MatrixXd& square, Q& q, V&& v, bool sort = true) {
  if (square.size() == 0) return;
  using Scalar = typename Q::Scalar;
  const Index n = square.rows();
  const std::size_t used = workspace.used();
  auto order = workspace.take<Index>(n, 1);
  auto sorted = workspace.take<double>(n, n), product = workspace.take<double>(n, n);
  sorted = q.template cast<double>();
  detail::multiply(product, square, sorted, workspace);
  auto values = workspace.take<double>(n, 1);
  for (Index k = 0; k < n; ++k) order(k) = k, values(k) = sorted.col(k).dot(product.col(k));
  if (sort) {
    std::sort(order.data(), order.data() + n, [&](Index a, Index b) { return values(a) > values(b); });
  }
  for (Index k = 0; k < n; ++k) sorted.col(k) = product.col(order(k));
  gradus::orthonormalize(sorted, workspace);
  q = sorted.template cast<Scalar>();
  auto moved = workspace.take<Scalar>(v.rows(), v.cols());
  for (Index k = 0; k < n; ++k) moved.row(k) = v.row(order(k));
  v = moved;
  workspace.rewind(used);
}

GRADUS_PACKETS_END

}  // namespace GRADUS_NAMESPACE::detail
