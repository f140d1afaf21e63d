// SPDX-License-Identifier: MIT
//
// A Kronecker preconditioner, G ↦ AGB with A = Q_LQ_L and B = Q_RQ_R, and how it learns to whiten gradients.
// A factor Q is a symmetric n x n matrix, the diagonal of one as a column of n, or nothing, which stands for
// the identity.
#pragma once

#include <algorithm>
#include <cmath>
#include <gradus/core/sum_blocks.hpp>
#include <gradus/linalg/multiply.hpp>

namespace GRADUS_NAMESPACE::detail {

// A lower bound of the spectral norm of a symmetric matrix without negative eigenvalues, mostly a close one:
// four steps of power iteration from the column of largest norm.
template <class Scalar>
double spectral_norm_from_below(const MatrixMap<Scalar>& symmetric, Workspace& workspace) {
  const std::size_t used = workspace.used();
  auto x = workspace.take<Scalar>(symmetric.rows(), 1), y = workspace.take<Scalar>(symmetric.rows(), 1);
  double norm = 0;
  for (const auto& column : symmetric.colwise()) {
    const double length = gradus::norm(column);
    if (length > norm) norm = length, y = column;
  }
  for (int k = 0; k < 4 && norm > 0; ++k) {
    x = y / static_cast<Scalar>(norm);
    y.noalias() = symmetric * x;
    norm = gradus::norm(y);
  }
  workspace.rewind(used);
  return norm;
}

// square ← QQ
template <class Q, class Square>
void square_factor(const Q& q, Square& square, Workspace& workspace) {
  if (q.cols() == 1) {
    square = q.cwiseAbs2();
  } else if (q.size() > 0) {
    detail::multiply_add(true, square, 1, q, q, 0, square, workspace);
  }
}

// x ← a x b
template <class X, class Square>
void apply_factors(const Square& a, X& x, const Square& b, Workspace& workspace) {
  const std::size_t used = workspace.used();
  auto product = workspace.take<typename X::Scalar>(x.rows(), x.cols());
  if (a.cols() > 1) {
    detail::multiply(product, a, x, workspace);
    x = product;
  } else if (a.size() > 0) {
    x.array().colwise() *= a.col(0).array();
  }
  if (b.cols() > 1) {
    detail::multiply(product, x, b, workspace);
    x = product;
  } else if (b.size() > 0) {
    for (Index j = 0; j < x.cols(); ++j) x.col(j) *= b(j);
  }
  workspace.rewind(used);
}

// What a fit knows of the other factor and the options.
struct FactorFit {
  double rate;     // of learning, μ
  double beta;     // of the bound
  double damping;  // the squared size of noise that the other factor lets through
  double& bound;   // L, of the curvature

  // The rate that belongs to this curvature.
  double next_rate(double curvature) const {
    bound = std::max(beta * bound + (1 - beta) * curvature, curvature);
    return rate / (2 * bound);
  }
};

// Q ← EQE with E = I − μ/2L (T − nI), where T = WWᵀ + damping · (QQ)² and n is the number of columns of W: T
// would be nI on average if W were white.
template <class Q, class Square, class W>
void fit_factor(Q& q, const Square& square, const W& w, const FactorFit& fit, Workspace& workspace) {
  using Scalar = typename Q::Scalar;
  if (q.size() == 0) return;
  const std::size_t used = workspace.used();
  const auto n = static_cast<double>(w.cols());
  auto t = workspace.take<Scalar>(q.rows(), q.cols());
  if (q.cols() == 1) {
    t = w.rowwise().squaredNorm() + static_cast<Scalar>(fit.damping) * square.cwiseAbs2();
    const double c = fit.next_rate(static_cast<double>(t.maxCoeff()) + n);
    q.array() *= (static_cast<Scalar>(1 + c * n) - static_cast<Scalar>(c) * t.array()).square();
  } else {
    auto product = workspace.take<Scalar>(q.rows(), q.cols());
    detail::add_gram(t, 0, 1, w, workspace);
    detail::multiply_add(true, t, fit.damping, square, square, 1, t, workspace);
    const double c = fit.next_rate(detail::spectral_norm_from_below(t, workspace) + n);
    t *= static_cast<Scalar>(-c);
    t.diagonal().array() += static_cast<Scalar>(1 + c * n);
    detail::multiply(product, t, q, workspace);
    detail::multiply_add(true, q, 1, product, t, 0, q, workspace);
  }
  workspace.rewind(used);
}

// Makes the largest coefficients of both factors equal, which changes no product of them.
template <class Q>
void balance_factors(Q& left, Q& right) {
  if (left.size() == 0 || right.size() == 0) return;
  using Scalar = typename Q::Scalar;
  const Scalar ratio = std::sqrt(left.cwiseAbs().maxCoeff() / right.cwiseAbs().maxCoeff());
  if (!(ratio > 0) || !std::isfinite(ratio)) return;
  left /= ratio;
  right *= ratio;
}

// Room for what each of the functions above needs, for both squares and for W; `left` and `right` are columns
// of the factors.
template <class Scalar>
std::size_t factors_scratch(Index rows, Index cols, Index left, Index right) {
  const Index side = std::max(rows, cols), whole = std::max(left, right);
  const auto of_sides = [&](Index columns) { return Workspace::bytes<Scalar>(side, columns); };
  return Workspace::bytes<Scalar>(rows, left) + Workspace::bytes<Scalar>(cols, right) +
         2 * (Workspace::bytes<Scalar>(rows, cols) + of_sides(whole) + of_sides(1)) +
         detail::multiply_scratch<Scalar>(side);
}

}  // namespace GRADUS_NAMESPACE::detail
