// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/for_each_leaf.hpp>
#include <gradus/core/matrices_like.hpp>
#include <gradus/core/optimizer.hpp>
#include <gradus/linalg/eigenbasis.hpp>
#include <gradus/linalg/multiply.hpp>
#include <optional>

namespace GRADUS_NAMESPACE {

/// SOAP (Vyas et al., arXiv:2409.11321): Adam in the eigenbasis of Shampoo's L and R, in the order of the
/// authors' code (github.com/nikhilvyas/SOAP). The first call only finds the bases and moves nothing; then,
/// with k = t − 1:
///
///     G' = Q_LᵀGQ_R
///     m ← β1 m + (1 − β1)G',  v ← β2 v + (1 − β2)G'²
///     θ ← (1 − ηλ)(θ − η √(1 − β2ᵏ)/(1 − β1ᵏ) Q_L [m/(√v + ε)] Q_Rᵀ)
///     L ← L + (1 − β_s)(GGᵀ − L),  R ← R + (1 − β_s)(GᵀG − R)
///     every `period` calls:  Q ← the Q of the QR decomposition of L Q (R Q), the columns sorted by QᵀLQ, v
///                            with them; m moves into the new basis, v does not
///
/// A side longer than `max_dimension` is not rotated, nor are vectors; with `one_sided` only the shorter side
/// is. State: m, v, L, R, Q_L, Q_R; and scratch memory for the largest leaf and each thread.
struct SOAP {
  double learning_rate = 3e-3;           ///< η ≥ 0
  double beta1 = 0.95;                   ///< decay of the mean, in [0, 1)
  double beta2 = 0.95;                   ///< decay of the mean square, in [0, 1)
  std::optional<double> shampoo_beta{};  ///< β_s, decay of L and R, in [0, 1); β2 if not given
  double epsilon = 1e-8;                 ///< ε ≥ 0, outside the root, before the correction
  double weight_decay = 0.01;            ///< λ ≥ 0, decoupled, after the step
  int period = 10;                       ///< ≥ 1, calls between bases
  Index max_dimension = 10000;           ///< ≥ 1, the longest side that is rotated; read by `init`
  bool one_sided = false;                ///< rotate the shorter side only; read by `init`

  template <class Tree>
  struct State {
    matrices_like<Tree> m, v, q_left, q_right;  ///< averages of G' and G'²; the bases Q_L and Q_R
    matrices_like<Tree, double> l, r;           ///< averages of GGᵀ and GᵀG
    std::int64_t t = 0;                         ///< calls so far
    double beta1_power = 1, beta2_power = 1;    ///< β1ᵏ, β2ᵏ
    std::vector<detail::EigenScratch> scratch;  ///< scratch memory, one a thread
    GRADUS_STATE(m, v, q_left, q_right, l, r, t, beta1_power, beta2_power)
  };

  /// m, v, and m/(√v + ε) in place of the rotated gradient u, for one block of coefficients.
  auto adam() const {
    return [*this](auto& u, auto& m, auto& v) {
      m += (1 - beta1) * (u - m);
      v = beta2 * v + (1 - beta2) * u.square();
      u = m / (root(v) + representable(epsilon, v));
    };
  }

  /// The step with u, for one block of coefficients.
  auto descend(double rate) const {
    return [=, *this](auto& p, const auto& u) { p = (1 - learning_rate * weight_decay) * (p - rate * u); };
  }

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_nonnegative("SOAP", "learning_rate", learning_rate);
    require_fraction("SOAP", "beta1", beta1);
    require_fraction("SOAP", "beta2", beta2);
    if (shampoo_beta) require_fraction("SOAP", "shampoo_beta", *shampoo_beta);
    require_nonnegative("SOAP", "epsilon", epsilon);
    require_nonnegative("SOAP", "weight_decay", weight_decay);
    require_field(period >= 1, "SOAP", "period", period, "be at least 1");
    require_field(max_dimension >= 1, "SOAP", "max_dimension", static_cast<double>(max_dimension),
                  "be at least 1");
    State<like<P>> state;
    state.m = make_matrices_like(params, []<class L>(const Path&, const L& leaf) {
      return Eigen::MatrixX<ScalarOf<L>>::Zero(leaf.rows(), leaf.cols());
    });
    state.v = state.m;
    const auto square = [](bool turns, Index side) {
      return Eigen::MatrixXd::Zero(turns ? side : 0, turns ? side : 0);
    };
    const auto left = [&](const Path&, const auto& leaf) { return square(turns_left(leaf), leaf.rows()); };
    const auto right = [&](const Path&, const auto& leaf) { return square(turns_right(leaf), leaf.cols()); };
    state.l = make_matrices_like<double>(params, left);
    state.r = make_matrices_like<double>(params, right);
    state.q_left = make_matrices_like(params, left);
    state.q_right = make_matrices_like(params, right);
    state.scratch.resize(static_cast<std::size_t>(leaf_threads(params)));
    walk(
        "SOAP",
        [&](const Path&, const auto& leaf) {
          for (auto& scratch : state.scratch) {
            scratch.workspace.reset(bytes(leaf));
            if (turns_left(leaf)) scratch.basis(leaf.rows());
            if (turns_right(leaf)) scratch.basis(leaf.cols());
          }
        },
        params);
    return state;
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("SOAP", params, grads, state.m, state.v);
    const bool first = state.t++ == 0, refresh = (state.t - 1) % period == 0;
    const double c1 = first ? 1 : advance(state.beta1_power, beta1);
    const double c2 = first ? 1 : advance(state.beta2_power, beta2);
    for_each_leaf(
        state.scratch,
        [&](detail::EigenScratch& scratch, auto& theta, const auto& grad, auto& m, auto& v, auto& q_left,
            auto& q_right, auto& l, auto& r) {
          using Scalar = ScalarOf<decltype(theta)>;
          Workspace& workspace = scratch.workspace;
          workspace.reset(bytes(theta));
          auto g = workspace.take<Scalar>(theta.rows(), theta.cols());
          auto u = workspace.take<Scalar>(theta.rows(), theta.cols());
          for_each_block([](auto& x, auto& y, const auto& from) { x = y = from; }, g, u, grad);
          if (!first) {
            rotate(u, q_left.transpose(), q_right, workspace);
            for_each_block(adam(), u, m, v);
            rotate(u, q_left, q_right.transpose(), workspace);
            for_each_block(descend(learning_rate * std::sqrt(c2) / c1), theta, std::as_const(u));
          }
          accumulate(l, g, workspace);
          accumulate(r, g.transpose(), workspace);
          if (first) {
            find_basis(scratch, l, q_left);
            find_basis(scratch, r, q_right);
          } else if (refresh) {
            rotate(m, q_left, q_right.transpose(), workspace);
            turn_basis(workspace, l, q_left, v);
            turn_basis(workspace, r, q_right, v.transpose());
            rotate(m, q_left.transpose(), q_right, workspace);
          }
        },
        params, grads, state.m, state.v, state.q_left, state.q_right, state.l, state.r);
  }

 private:
  template <class L>
  using ScalarOf = detail::Compute<typename std::remove_cvref_t<L>::Scalar>;

  template <class L>
  bool turns(const L& leaf, Index side) const {
    return std::min(leaf.rows(), leaf.cols()) > 1 && side <= max_dimension;
  }
  template <class L>
  bool turns_left(const L& leaf) const {
    return turns(leaf, leaf.rows()) && (!one_sided || leaf.rows() <= leaf.cols());
  }
  template <class L>
  bool turns_right(const L& leaf) const {
    return turns(leaf, leaf.cols()) && (!one_sided || leaf.cols() < leaf.rows());
  }

  template <class L>
  static std::size_t bytes(const L& leaf) {
    const Index side = std::max(leaf.rows(), leaf.cols());
    return 3 * Workspace::bytes<ScalarOf<L>>(leaf.rows(), leaf.cols()) +
           std::max(detail::multiply_scratch<ScalarOf<L>>(side), detail::multiply_scratch<double>(side)) +
           std::max(Workspace::bytes<double>(leaf.rows(), leaf.cols()),
                    3 * Workspace::bytes<double>(side, side) + 3 * Workspace::bytes<double>(side, 1) +
                        Workspace::bytes<Index>(side, 1));
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
  static void find_basis(detail::EigenScratch& scratch, const Eigen::MatrixXd& square, Q& q) {
    if (square.size() == 0) return;
    Eigenbasis& basis = scratch.basis(square.rows());
    basis.compute(square);
    q = basis.vectors().rowwise().reverse().template cast<typename Q::Scalar>();
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
    orthonormalize(sorted, workspace);
    q = sorted.template cast<Scalar>();
    auto moved = workspace.take<Scalar>(v.rows(), v.cols());
    for (Index k = 0; k < n; ++k) moved.row(k) = v.row(order(k));
    v = moved;
    workspace.rewind(used);
  }

  GRADUS_PACKETS_END
};

}  // namespace GRADUS_NAMESPACE
