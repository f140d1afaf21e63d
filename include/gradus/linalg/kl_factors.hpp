// SPDX-License-Identifier: MIT
//
// Kronecker factors that are the nearest in the Kullback–Leibler divergence: each is made of gradients that
// the other one has whitened. A basis or eigenvalues without coefficients stand for the identity.
#pragma once

#include <gradus/linalg/kronecker_bases.hpp>

namespace GRADUS_NAMESPACE::detail {

// square ← kept · square + (1 − kept) h hᵀ with h = g Q Λ^−½, where Q Λ Qᵀ is the other factor.
template <class G, class Q>
void add_whitened_outer(Eigen::MatrixXd& square, double kept, const G& g, const Q& q,
                        const Eigen::MatrixXd& eigenvalues, Workspace& workspace) {
  if (square.size() == 0) return;
  const std::size_t used = workspace.used();
  auto h = workspace.take<typename G::Scalar>(g.rows(), g.cols());
  h = g;
  detail::rotate(h, Q(), q, workspace);
  for (Index j = 0; j < eigenvalues.size(); ++j) {
    h.col(j) *= static_cast<typename G::Scalar>(1 / std::sqrt(eigenvalues(j)));
  }
  detail::add_outer(square, kept, h, workspace);
  workspace.rewind(used);
}

// λ_L ← kept · λ_L + (1 − kept) · mean of g²/λ_R over each row, λ_R likewise with the old λ_L, for the
// gradient g in both bases. Never below 1/c² with c = max(10, min(their number, 4000)).
template <class G>
void average_eigenvalues(const G& g, double kept, Eigen::MatrixXd& left, Eigen::MatrixXd& right,
                         Workspace& workspace) {
  const auto approach = [&](double& value, double mean, Index count) {
    const double c = std::max(10.0, std::min(static_cast<double>(count), 4000.0));
    value = std::max(kept * value + (1 - kept) * mean, 1 / (c * c));
  };
  const std::size_t used = workspace.used();
  const auto rows = static_cast<double>(g.rows()), cols = static_cast<double>(g.cols());
  auto squares = workspace.take<double>(g.rows(), 1), sums = workspace.take<double>(g.rows(), 1);
  sums.setZero();
  for (Index j = 0; j < g.cols(); ++j) {
    squares = g.col(j).template cast<double>().cwiseAbs2();
    if (right.size() == 0) {
      sums += squares;
    } else {
      sums += squares / right(j);
      const double sum = left.size() == 0 ? squares.sum() : squares.cwiseQuotient(left).sum();
      approach(right(j), sum / rows, right.size());
    }
  }
  for (Index i = 0; i < left.size(); ++i) approach(left(i), sums(i) / cols, left.size());
  workspace.rewind(used);
}

// Room for what each of them needs.
template <class Scalar>
std::size_t kl_scratch(Index rows, Index cols) {
  return 2 * Workspace::bytes<double>(rows, 1) + Workspace::bytes<Scalar>(rows, cols);
}

}  // namespace GRADUS_NAMESPACE::detail
