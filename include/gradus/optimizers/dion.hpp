// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/for_each_leaf.hpp>
#include <gradus/core/matrices_like.hpp>
#include <gradus/core/optimizer.hpp>
#include <gradus/linalg/multiply.hpp>
#include <numbers>
#include <random>

namespace GRADUS_NAMESPACE {

/// Dion (Ahn et al., arXiv:2504.05295): orthonormal updates of low rank. One step of power iteration on the
/// momentum M (m x n) follows its r strongest directions; what it misses stays in M and is not forgotten:
///
///     M ← M + g
///     P = orthonormal basis of MQ,  R = MᵀP
///     M ← M − (1 − μ) P Rᵀ                      (error feedback: only the part that was used decays)
///     Q ← R, each column divided by ‖column‖ + ε
///     θ ← (1 − ηλ)θ − η √(m/n) P Qᵀ
///
/// with r = ⌈`rank_fraction` · min(m, n)⌉ and a random Gaussian Q at first. Equal to dion_simple.py of
/// github.com/microsoft/dion, in the leaf's own precision, save that directions which M has not got (M = 0,
/// or of rank below r) move nothing and keep their column of Q, where the original's depend on rounding. P
/// comes from classical Gram–Schmidt, run twice, which is as orthogonal as Householder's QR and needs no
/// memory of its own. A step costs 8mnr + 8mr² flops; Muon's five Newton–Schulz steps cost 20m²n + 10m³.
/// Parameters are outputs x inputs, vectors matrices of one column. State: M, Q, and scratch memory for the
/// largest leaf and each thread. Threads as in `BasicMuon`.
struct Dion {
  double learning_rate = 0.01;  ///< η ≥ 0
  double momentum = 0.95;       ///< μ in [0, 1]
  double weight_decay = 0.01;   ///< λ ≥ 0, decoupled, not multiplied by √(m/n)
  double rank_fraction = 1;     ///< in (0, 1]; read by `init`
  double epsilon = 1e-8;        ///< ε > 0
  std::uint32_t seed = 0;  ///< of the first Q, to which each leaf adds its place in the tree; read by `init`

  template <class Tree>
  struct State {
    matrices_like<Tree> m, q;           ///< momentum, and its strongest directions
    std::int64_t t = 0;                 ///< steps taken
    std::vector<Workspace> workspaces;  ///< scratch memory, one a thread
    GRADUS_STATE(m, q, t)
  };

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_nonnegative("Dion", "learning_rate", learning_rate);
    require_field(momentum >= 0 && momentum <= 1, "Dion", "momentum", momentum, "lie in [0, 1]");
    require_nonnegative("Dion", "weight_decay", weight_decay);
    require_field(rank_fraction > 0 && rank_fraction <= 1, "Dion", "rank_fraction", rank_fraction,
                  "lie in (0, 1]");
    require_positive("Dion", "epsilon", epsilon);
    State<like<P>> state;
    state.m = make_matrices_like(params, [](const Path&, const auto& leaf) {
      return MatrixOf<decltype(leaf)>::Zero(leaf.rows(), leaf.cols());
    });
    state.q = make_matrices_like(params, [&](const Path& path, const auto& leaf) {
      std::mt19937 engine(seed + static_cast<std::uint32_t>(path.ordinal));
      MatrixOf<decltype(leaf)> q(leaf.cols(), rank(leaf.rows(), leaf.cols()));
      for (auto& x : q.reshaped()) x = static_cast<std::remove_reference_t<decltype(x)>>(gaussian(engine));
      return q;
    });
    state.workspaces = make_workspaces(params, [&](const auto& leaf) { return scratch(leaf); });
    return state;
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("Dion", params, grads, state.m);
    ++state.t;
    for_each_leaf(
        state.workspaces,
        [&](Workspace& workspace, auto& theta, const auto& grad, auto& m, auto& q) {
          workspace.reset(scratch(theta));
          step_leaf(theta, grad, m, q, workspace);
        },
        params, grads, state.m, state.q);
  }

 private:
  template <class L>
  using MatrixOf = Eigen::MatrixX<detail::Compute<typename std::remove_cvref_t<L>::Scalar>>;

  Index rank(Index rows, Index cols) const {
    const Index most = std::min(rows, cols);
    return std::min(most, static_cast<Index>(std::ceil(rank_fraction * static_cast<double>(most))));
  }

  // By Box and Muller: the standard fixes the numbers of the engine, but not those of its distributions.
  static double gaussian(std::mt19937& engine) {
    const double u = (static_cast<double>(engine()) + 0.5) * 0x1p-32;
    const double v = (static_cast<double>(engine()) + 0.5) * 0x1p-32;
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
  }

  template <class L>
  std::size_t scratch(const L& leaf) const {
    using Scalar = typename MatrixOf<L>::Scalar;
    const Index m = leaf.rows(), n = leaf.cols(), r = rank(m, n);
    return Workspace::bytes<Scalar>(m, r) + Workspace::bytes<Scalar>(n, r) + Workspace::bytes<Scalar>(m, n) +
           Workspace::bytes<Scalar>(r, 1) + detail::multiply_scratch<Scalar>(std::max(m, n));
  }

  template <class Theta, class Grad, class Matrix>
  void step_leaf(Theta& theta, const Grad& grad, Matrix& m, Matrix& q, Workspace& workspace) const {
    using Scalar = typename Matrix::Scalar;
    auto p = workspace.take<Scalar>(m.rows(), q.cols()), r = workspace.take<Scalar>(q.rows(), q.cols());
    for_each_block([](auto& sum, const auto& g) { sum += g; }, m, grad);
    detail::multiply(p, m, q, workspace);
    orthonormalize(p, workspace.take<Scalar>(q.cols(), 1));
    detail::multiply(r, m.transpose(), p, workspace);
    detail::multiply_add(false, m, momentum - 1, p, r.transpose(), 1, m, workspace);
    for (Index k = 0; k < q.cols(); ++k) {
      if (!p.col(k).isZero(0)) q.col(k) = r.col(k) / static_cast<Scalar>(norm(r.col(k)) + epsilon);
    }
    auto o = workspace.take<Scalar>(m.rows(), m.cols());
    detail::multiply(o, p, q.transpose(), workspace);
    const double aspect = static_cast<double>(m.rows()) / static_cast<double>(m.cols());
    const double kept = 1 - learning_rate * weight_decay, rate = learning_rate * std::sqrt(aspect);
    for_each_block([=](auto& x, const auto& update) { x = kept * x - rate * update; }, theta,
                   std::as_const(o));
  }

  // Makes the columns of p orthonormal, those that depend on the columns before them zero.
  template <class Scalar>
  static void orthonormalize(MatrixMap<Scalar> p, MatrixMap<Scalar> overlap) {
    const Scalar tiny = 10 * static_cast<Scalar>(p.rows()) * std::numeric_limits<Scalar>::epsilon();
    for (Index k = 0; k < p.cols(); ++k) {
      const auto basis = p.leftCols(k);
      auto column = p.col(k);
      const double length = norm(column);  // which the square of large numbers does not overflow
      if (length == 0) continue;
      column /= static_cast<Scalar>(length);
      for (int round = 0; round < 2; ++round) {
        overlap.topRows(k).noalias() = basis.transpose() * column;
        column.noalias() -= basis * overlap.topRows(k);
        const Scalar rest = column.norm();
        if (rest <= tiny) {
          column.setZero();
        } else {
          column /= rest;
        }
      }
    }
  }
};

}  // namespace GRADUS_NAMESPACE
