// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/linalg/eigenbasis.hpp>
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
/// A side longer than `max_dimension` is not rotated, nor are vectors; with `one_sided` only the shorter side
/// is. State: m, v, L, R, Q_L, Q_R. Throws `std::runtime_error` when eigenvalues are not found; then leaves
/// may have moved.
struct EigenbasisAdam {
  double beta1 = 0.95;                   ///< decay of the mean, in [0, 1)
  double beta2 = 0.95;                   ///< decay of the mean square, in [0, 1)
  std::optional<double> shampoo_beta{};  ///< β_s, decay of L and R, in [0, 1); β2 if not given
  double epsilon = 1e-8;                 ///< ε ≥ 0, outside the root, before the correction
  int period = 10;                       ///< ≥ 1, calls between bases
  Index max_dimension = 10000;           ///< ≥ 1, the longest side that is rotated; read by `init`
  bool one_sided = false;                ///< rotate the shorter side only; read by `init`
  GRADUS_FIELDS(EigenbasisAdam, beta1, beta2, shampoo_beta, epsilon, period, max_dimension, one_sided)

  template <class Tree>
  struct State {
    matrices_like<Tree> m, v, q_left, q_right;  ///< averages of u' and u'²; the bases Q_L and Q_R
    matrices_like<Tree, double> l, r;           ///< averages of uuᵀ and uᵀu
    std::int64_t t = 0;                         ///< calls so far
    double beta1_power = 1, beta2_power = 1;    ///< β1ᵏ, β2ᵏ
    GRADUS_STATE(m, v, q_left, q_right, l, r, t, beta1_power, beta2_power)
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

  /// Refuses a change of `max_dimension` or `one_sided`.
  void check_unchanged(std::string_view who, const EigenbasisAdam& made_with) const {
    require_unchanged(who, "max_dimension", static_cast<double>(max_dimension),
                      static_cast<double>(made_with.max_dimension));
    require_same_choice(who, "one_sided", one_sided, made_with.one_sided);
  }

  /// m and v as the leaf, L and Q_L of its rows, R and Q_R of its columns, where they are rotated.
  std::array<Shape, 6> shapes(Index rows, Index cols) const {
    const Index left = turns_left(rows, cols) ? rows : 0, right = turns_right(rows, cols) ? cols : 0;
    const Shape leaf{rows, cols}, of_left{left, left}, of_right{right, right};
    return {leaf, leaf, of_left, of_right, of_left, of_right};
  }

  /// Room for u, a product of its size, and what a basis needs.
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    const Index side = std::max(turns_left(rows, cols) ? rows : 0, turns_right(rows, cols) ? cols : 0);
    const auto products = std::max(detail::multiply_scratch<Scalar>(std::max(rows, cols)),
                                   detail::multiply_scratch<double>(std::max(rows, cols)));
    const auto turn = 2 * Workspace::bytes<double>(side, side) + Workspace::bytes<double>(side, 1) +
                      Workspace::bytes<Index>(side, 1) + Workspace::bytes<Scalar>(rows, cols) +
                      std::max(products, orthonormalize_scratch(side));
    const auto find =
        Workspace::bytes<double>(side, side) + Workspace::bytes<double>(side, 1) + eigenbasis_scratch(side);
    return Workspace::bytes<Scalar>(rows, cols) +
           std::max({turn, find, Workspace::bytes<double>(rows, cols) + products});
  }

  /// The floating-point operations of the rotations and of L and R; once in a `period` the new bases.
  double flops(Index rows, Index cols) const {
    const auto side = [&](bool turns, Index n) {
      const auto m = static_cast<double>(n);
      return turns ? 6 * m * static_cast<double>(rows * cols) + 6 * m * m * m / period : 0;
    };
    return side(turns_left(rows, cols), rows) + side(turns_right(rows, cols), cols);
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
    return [=, this](auto& update, auto& m, auto& v, auto& q_left, auto& q_right, auto& l, auto& r) {
      update.settle();
      auto& u = update.matrix;
      Workspace& workspace = update.workspace;
      auto g = workspace.template take<typename std::remove_cvref_t<decltype(u)>::Scalar>(u.rows(), u.cols());
      g = u;
      accumulate(l, g, workspace);
      accumulate(r, g.transpose(), workspace);
      if (first) {
        find_basis(workspace, l, q_left);
        find_basis(workspace, r, q_right);
        return false;
      }
      rotate(u, q_left.transpose(), q_right, workspace);
      gradus::for_each_block(recurrence(), u, m, v);
      rotate(u, q_left, q_right.transpose(), workspace);
      update.factor = std::sqrt(c2) / c1;
      if (refresh) {
        rotate(m, q_left, q_right.transpose(), workspace);
        turn_basis(workspace, l, q_left, v);
        turn_basis(workspace, r, q_right, v.transpose());
        rotate(m, q_left.transpose(), q_right, workspace);
      }
      return true;
    };
  }

 private:
  bool turns(Index rows, Index cols, Index side) const {
    return std::min(rows, cols) > 1 && side <= max_dimension;
  }
  bool turns_left(Index rows, Index cols) const {
    return turns(rows, cols, rows) && (!one_sided || rows <= cols);
  }
  bool turns_right(Index rows, Index cols) const {
    return turns(rows, cols, cols) && (!one_sided || cols < rows);
  }

  // x ← left · x · right, where an empty factor is the identity.
  template <class X, class Left, class Right>
  static void rotate(X& x, const Left& left, const Right& right, Workspace& workspace) {
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

  template <class G>
  void accumulate(Eigen::MatrixXd& square, const G& g, Workspace& workspace) const {
    if (square.size() == 0) return;
    const std::size_t used = workspace.used();
    auto wide = workspace.take<double>(g.rows(), g.cols());
    wide = g.template cast<double>();
    const double kept = shampoo_beta.value_or(beta2);
    detail::add_gram(square, kept, 1 - kept, wide, workspace);
    workspace.rewind(used);
  }

  // The eigenvectors, those of the largest values first.
  template <class Q>
  static void find_basis(Workspace& workspace, const Eigen::MatrixXd& square, Q& q) {
    if (square.size() == 0) return;
    const std::size_t used = workspace.used();
    auto vectors = workspace.take<double>(square.rows(), square.rows());
    auto values = workspace.take<double>(square.rows(), 1);
    gradus::eigenbasis(square, vectors, values, workspace);
    q = vectors.rowwise().reverse().template cast<typename Q::Scalar>();
    workspace.rewind(used);
  }

  GRADUS_PACKETS_BEGIN

  // One step of power iteration from the basis at hand, whose columns are sorted first, and v's rows alike.
  template <class Q, class V>
  static void turn_basis(Workspace& workspace, const Eigen::MatrixXd& square, Q& q, V&& v) {
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
    std::sort(order.data(), order.data() + n, [&](Index a, Index b) { return values(a) > values(b); });
    for (Index k = 0; k < n; ++k) sorted.col(k) = product.col(order(k));
    gradus::orthonormalize(sorted, workspace);
    q = sorted.template cast<Scalar>();
    auto moved = workspace.take<Scalar>(v.rows(), v.cols());
    for (Index k = 0; k < n; ++k) moved.row(k) = v.row(order(k));
    v = moved;
    workspace.rewind(used);
  }

  GRADUS_PACKETS_END
};

}  // namespace stages
}  // namespace GRADUS_NAMESPACE
