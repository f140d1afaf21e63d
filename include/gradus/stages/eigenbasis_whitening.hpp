// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/linalg/kronecker_bases.hpp>
#include <gradus/stages/average.hpp>

namespace GRADUS_NAMESPACE {

namespace stages {

/// Momentum, whitened in the eigenbasis of Shampoo's L and R: what SOAP-Muon orthogonalizes. With G the
/// gradient that u begins as,
///
///     b ← μb + (1 − μ)G
///     u ← (1 − μ)G + μb  with nesterov, else b
///     P = Q_LᵀuQ_R,  v ← β2 v + (1 − β2)P²,  u ← Q_L [P/max(√v, ε)] Q_Rᵀ        (not in the first call)
///     L ← L + (1 − β_s)(GGᵀ − L),  R ← R + (1 − β_s)(GᵀG − R)
///     Q ← eigenvectors of L (R) in the first call;  then every `period` calls the Q of the QR decomposition
///         of L Q (R Q), the columns sorted by QᵀLQ, v with them
///
/// Without bias correction: the length of u is of no meaning, so orthogonalize it. As in modded-nanogpt
/// (track 3 of github.com/KellerJordan/modded-nanogpt, after a note by Nikhil Vyas). A side longer than
/// `max_dimension` is not rotated, nor are vectors; with `one_sided` only the shorter side is. State: b, v,
/// L, R, Q_L, Q_R. Throws `std::runtime_error` when eigenvalues are not found; then leaves may have moved.
struct EigenbasisWhitening {
  double momentum = 0.95;                ///< μ in [0, 1)
  bool nesterov = true;                  ///< look ahead
  double beta2 = 0.9;                    ///< decay of the mean square, in [0, 1)
  std::optional<double> shampoo_beta{};  ///< β_s, decay of L and R, in [0, 1); β2 if not given
  double epsilon = 1e-8;                 ///< ε ≥ 0, the least root
  int period = 1;                        ///< ≥ 1, calls between bases
  Index max_dimension = 10000;           ///< ≥ 1, the longest side that is rotated; read by `init`
  bool one_sided = false;                ///< rotate the shorter side only; read by `init`
  GRADUS_FIELDS(EigenbasisWhitening, momentum, nesterov, beta2, shampoo_beta, epsilon, period, max_dimension,
                one_sided)

  template <class Tree>
  struct State {
    matrices_like<Tree> b, v, q_left, q_right;  ///< averages of G and P²; the bases Q_L and Q_R
    matrices_like<Tree, double> l, r;           ///< averages of GGᵀ and GᵀG
    std::int64_t t = 0;                         ///< calls so far
    GRADUS_STATE(b, v, q_left, q_right, l, r, t)
  };

  /// Refuses bad fields.
  void validate(std::string_view who) const {
    require_fraction(who, "momentum", momentum);
    require_fraction(who, "beta2", beta2);
    if (shampoo_beta) require_fraction(who, "shampoo_beta", *shampoo_beta);
    require_nonnegative(who, "epsilon", epsilon);
    require_at_least(who, "period", period, 1);
    require_at_least(who, "max_dimension", max_dimension, 1);
  }

  /// Refuses a change of `max_dimension` or `one_sided`.
  void check_unchanged(std::string_view who, const EigenbasisWhitening& made_with) const {
    require_unchanged(who, "max_dimension", static_cast<double>(max_dimension),
                      static_cast<double>(made_with.max_dimension));
    require_same_choice(who, "one_sided", one_sided, made_with.one_sided);
  }

  /// b and v as the leaf, L and Q_L of its rows, R and Q_R of its columns, where they are rotated.
  std::array<Shape, 6> shapes(Index rows, Index cols) const {
    const auto [left, right] = detail::rotated_sides(rows, cols, max_dimension, one_sided);
    const Shape leaf{rows, cols}, of_left{left, left}, of_right{right, right};
    return {leaf, leaf, of_left, of_right, of_left, of_right};
  }

  /// Room for G, a product of its size, and what a basis needs.
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    return Workspace::bytes<Scalar>(rows, cols) +
           detail::bases_scratch<Scalar>(rows, cols, max_dimension, one_sided);
  }

  /// The floating-point operations of the rotations and of L and R; once in a `period` the new bases.
  double flops(Index rows, Index cols) const {
    return detail::bases_flops(rows, cols, detail::rotated_sides(rows, cols, max_dimension, one_sided),
                               period);
  }

  /// v, and P/max(√v, ε) in place of P, for one block of coefficients.
  auto recurrence() const {
    return [*this](auto& u, auto& v) {
      v = beta2 * v + (1 - beta2) * u.square();
      const auto least = representable(epsilon, v);
      const auto size = root(v).eval();
      u /= (size < least).select(least, size);
    };
  }

  /// The whitened momentum in place of u.
  template <class Tree>
  auto begin(State<Tree>& state) const {
    const bool first = state.t++ == 0, refresh = (state.t - 1) % period == 0;
    return [=, this](auto& update, auto& b, auto& v, auto& q_left, auto& q_right, auto& l, auto& r) {
      update.settle();
      auto& u = update.matrix;
      Workspace& workspace = update.workspace;
      auto g = workspace.template take<typename std::remove_cvref_t<decltype(u)>::Scalar>(u.rows(), u.cols());
      g = u;
      gradus::for_each_block(Average{momentum, nesterov}.recurrence(1), b, u);
      if (!first) {
        detail::rotate(u, q_left.transpose(), q_right, workspace);
        gradus::for_each_block(recurrence(), u, v);
        detail::rotate(u, q_left, q_right.transpose(), workspace);
      }
      const double kept = shampoo_beta.value_or(beta2);
      detail::add_outer(l, kept, g, workspace);
      detail::add_outer(r, kept, g.transpose(), workspace);
      if (first) {
        detail::find_basis(workspace, l, q_left);
        detail::find_basis(workspace, r, q_right);
      } else if (refresh) {
        detail::turn_basis(workspace, l, q_left, v);
        detail::turn_basis(workspace, r, q_right, v.transpose());
      }
    };
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
