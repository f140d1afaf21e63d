// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/linalg/kl_factors.hpp>
#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

namespace stages {

/// Adam in the eigenbasis of Shampoo's L and R, in the order of SOAP's authors (Vyas et al.,
/// arXiv:2409.11321; github.com/nikhilvyas/SOAP). The first call only finds the bases, and ends the step;
/// then, with k = t − 1:
///
///     u' = Q_Lᵀ u Q_R
///     m ← β1 m + (1 − β1)u',  v ← β2 v + (1 − β2)u'²
///     L ← L + (1 − β_s)(uuᵀ − L),  R ← R + (1 − β_s)(uᵀu − R)
///     u ← √(1 − β2ᵏ)/(1 − β1ᵏ) Q_L [m/(√v + ε)] Q_Rᵀ
///     every `period` calls:  Q ← the Q of the QR decomposition of L Q (R Q), the columns sorted by QᵀLQ, v
///                            with them; m moves into the new basis, v does not
///
/// With `kullback_leibler` the factors are those of KL-SOAP (Lin et al., arXiv:2509.03378;
/// github.com/yorkerlin/KL-Methods), which whiten each other, there is no bias correction, and no column is
/// sorted. With the eigenvalues λ, which begin as 0.1 and stay above 1/max(10, min(n, 4000))²,
///
///     L ← L + (1 − β_s)(uQ_R Λ_R⁻¹Q_Rᵀuᵀ − L),  R ← R + (1 − β_s)(uᵀQ_L Λ_L⁻¹Q_Lᵀu − R)
///     λ_L ← β_s λ_L + (1 − β_s) · mean of u'²/λ_R over each row,  λ_R likewise over each column
///
/// A side longer than `max_dimension` is not rotated, nor are vectors; with `one_sided` only the shorter side
/// is. State: m, v, L, R, Q_L, Q_R, and the eigenvalues if they are used. Throws `std::runtime_error` when
/// eigenvalues are not found; then leaves may have moved.
struct EigenbasisAdam {
  double beta1 = 0.95;                   ///< decay of the mean, in [0, 1)
  double beta2 = 0.95;                   ///< decay of the mean square, in [0, 1)
  std::optional<double> shampoo_beta{};  ///< β_s, decay of L and R, in [0, 1); β2 if not given
  double epsilon = 1e-8;                 ///< ε ≥ 0, outside the root, before the correction
  int period = 10;                       ///< ≥ 1, calls between bases
  Index max_dimension = 10000;           ///< ≥ 1, the longest side that is rotated; read by `init`
  bool one_sided = false;                ///< rotate the shorter side only; read by `init`
  bool kullback_leibler = false;         ///< KL-SOAP's factors; read by `init`
  GRADUS_FIELDS(EigenbasisAdam, beta1, beta2, shampoo_beta, epsilon, period, max_dimension, one_sided,
                kullback_leibler)

  template <class Tree>
  struct State {
    matrices_like<Tree> m, v, q_left, q_right;  ///< averages of u' and u'²; the bases Q_L and Q_R
    matrices_like<Tree, double> l, r;           ///< averages of uuᵀ and uᵀu
    matrices_like<Tree, double> eigenvalues_left, eigenvalues_right;  ///< λ_L and λ_R
    std::int64_t t = 0;                                               ///< calls so far
    double beta1_power = 1, beta2_power = 1;                          ///< β1ᵏ, β2ᵏ
    GRADUS_STATE(m, v, q_left, q_right, l, r, eigenvalues_left, eigenvalues_right, t, beta1_power,
                 beta2_power)
  };

  /// Refuses bad fields.
  void validate(std::string_view who) const {
    require_fraction(who, "beta1", beta1);
    require_fraction(who, "beta2", beta2);
    if (shampoo_beta) require_fraction(who, "shampoo_beta", *shampoo_beta);
    require_nonnegative(who, "epsilon", epsilon);
    require_at_least(who, "period", period, 1);
    require_at_least(who, "max_dimension", max_dimension, 1);
  }

  /// Refuses a change of `max_dimension`, `one_sided` or `kullback_leibler`.
  void check_unchanged(std::string_view who, const EigenbasisAdam& made_with) const {
    require_unchanged(who, "max_dimension", static_cast<double>(max_dimension),
                      static_cast<double>(made_with.max_dimension));
    require_same_choice(who, "one_sided", one_sided, made_with.one_sided);
    require_same_choice(who, "kullback_leibler", kullback_leibler, made_with.kullback_leibler);
  }

  /// m and v as the leaf, L, Q_L and λ_L of its rows, R, Q_R and λ_R of its columns, where they are rotated.
  std::array<Shape, 8> shapes(Index rows, Index cols) const {
    const auto [left, right] = detail::rotated_sides(rows, cols, max_dimension, one_sided);
    const Shape leaf{rows, cols}, of_left{left, left}, of_right{right, right};
    const auto values = [&](Index side) {
      return kullback_leibler && side > 0 ? Shape{side, 1} : Shape{0, 0};
    };
    return {leaf, leaf, of_left, of_right, of_left, of_right, values(left), values(right)};
  }

  /// The first eigenvalues.
  template <class Matrix, class Factor>
  static void start(const Path&, Matrix&, Matrix&, Matrix&, Matrix&, Factor&, Factor&, Factor& left,
                    Factor& right) {
    left.setConstant(0.1), right.setConstant(0.1);
  }

  /// Room for u, a product of its size, and what a basis needs.
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    return Workspace::bytes<Scalar>(rows, cols) +
           (kullback_leibler ? detail::kl_scratch<Scalar>(rows, cols) : 0) +
           detail::bases_scratch<Scalar>(rows, cols, max_dimension, one_sided);
  }

  /// The floating-point operations of the rotations and of L and R; once in a `period` the new bases.
  double flops(Index rows, Index cols) const {
    return detail::bases_flops(rows, cols, detail::rotated_sides(rows, cols, max_dimension, one_sided),
                               period);
  }

  /// m, v, and m/(√v + ε) in place of the rotated u, for one block of coefficients.
  auto recurrence() const {
    return [*this](auto& u, auto& m, auto& v) {
      m += (1 - beta1) * (u - m);
      v = beta2 * v + (1 - beta2) * u.square();
      u = m / (root(v) + representable(epsilon, v));
    };
  }

  /// The statistics and bases, and Adam's step in place of u.
  template <class Tree>
  auto begin(State<Tree>& state) const {
    const bool first = state.t++ == 0, refresh = (state.t - 1) % period == 0;
    const double c1 = first ? 1 : advance(state.beta1_power, beta1);
    const double c2 = first ? 1 : advance(state.beta2_power, beta2);
    return [=, this](auto& update, auto& m, auto& v, auto& q_left, auto& q_right, auto& l, auto& r,
                     auto& left, auto& right) {
      update.settle();
      auto& u = update.matrix;
      Workspace& workspace = update.workspace;
      auto g = workspace.template take<typename std::remove_cvref_t<decltype(u)>::Scalar>(u.rows(), u.cols());
      g = u;
      const double kept = shampoo_beta.value_or(beta2);
      if (first || !kullback_leibler) {
        detail::add_outer(l, kept, g, workspace);
        detail::add_outer(r, kept, g.transpose(), workspace);
      } else {
        detail::add_whitened_outer(l, kept, g, q_right, right, workspace);
        detail::add_whitened_outer(r, kept, g.transpose(), q_left, left, workspace);
      }
      if (first) {
        detail::find_basis(workspace, l, q_left);
        detail::find_basis(workspace, r, q_right);
        return false;
      }
      detail::rotate(u, q_left.transpose(), q_right, workspace);
      if (kullback_leibler) detail::average_eigenvalues(u, kept, left, right, workspace);
      gradus::for_each_block(recurrence(), u, m, v);
      detail::rotate(u, q_left, q_right.transpose(), workspace);
      update.factor = kullback_leibler ? 1 : std::sqrt(c2) / c1;
      if (refresh) {
        detail::rotate(m, q_left, q_right.transpose(), workspace);
        detail::turn_basis(workspace, l, q_left, v, !kullback_leibler);
        detail::turn_basis(workspace, r, q_right, v.transpose(), !kullback_leibler);
        detail::rotate(m, q_left.transpose(), q_right, workspace);
      }
      return true;
    };
  }
};

}  // namespace stages
}  // namespace GRADUS_NAMESPACE
