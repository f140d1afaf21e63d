// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/for_each_leaf.hpp>
#include <gradus/core/optimizer.hpp>
#include <gradus/optimizers/muon_shape.hpp>
#include <gradus/orthogonalize/orthogonalize.hpp>

namespace GRADUS_NAMESPACE {

/// What Muon's momentum b is, and the direction u that is made of it. The first two have the same direction;
/// they differ by the factor 1 − μ before the guard of the norm. The third gives g more weight in the first
/// steps.
enum class MuonMomentum {
  mean,      ///< b ← μb + (1 − μ)g, u = (1 − μ)g + μb: Keller Jordan, PyTorch
  sum,       ///< b ← μb + g, u = g + μb: Moonlight, dion
  corrected  ///< b as for mean, u = (1 − μ)/(1 − μᵗ) g + μ/(1 − μᵗ⁺¹) b, as in NAdam: optax
};

namespace detail {

// The method with Muon's usual guard of the norm, if it has one.
template <Orthogonalizer Method>
Method guarded(NormGuard guard) {
  Method method;
  if constexpr (requires { method.guard, method.epsilon; }) method.guard = guard, method.epsilon = 1e-7;
  return method;
}

}  // namespace detail

/// b, and scratch memory for the largest leaf and each thread.
template <class Tree>
struct MuonState {
  Tree b;                             ///< momentum
  std::int64_t t = 0;                 ///< steps taken
  double momentum_power = 1;          ///< μᵗ
  std::vector<Workspace> workspaces;  ///< scratch memory, one a thread
  GRADUS_STATE(b, t, momentum_power)
};

/// Muon (Keller Jordan et al., 2024; arXiv:2502.16982): momentum, replaced by its polar factor.
///
///     b ← μb + (1 − μ)g                            (or as `accumulation` says)
///     u = (1 − μ)g + μb  with nesterov, else b
///     θ ← (1 − ηλ)θ − η · scale(rows, cols) · orthogonalize(u)
///
/// `cautious` leaves out the decay of coefficients that the step moves away from zero: it decays where
/// θ · orthogonalize(u) ≥ 0 (arXiv:2510.12402). With blocks, u is cut into `row_blocks` x `column_blocks`
/// equal matrices, each orthogonalized and scaled by its own shape: 3 x 1 for a fused QKV matrix, heads x 1
/// for the heads of one. A leaf that does not divide is refused.
///
/// Defaults are those of `torch.optim.Muon`, in the leaf's own precision where PyTorch rounds to bfloat16
/// (so does `BasicMuon<BasicNewtonSchulz<TiledProducts, Eigen::bfloat16>>`); muon_presets.hpp has the other
/// published forms. Use it for hidden matrices; `route` sends vectors, embeddings and output layers
/// elsewhere. A vector is taken as a matrix of one column; store a convolution kernel, or map it, as outputs
/// x (inputs · height · width). State: b. Any number of threads gives the same bits (with the library's own
/// products).
template <Orthogonalizer Method>
struct BasicMuon {
  double learning_rate = 1e-3;                        ///< η ≥ 0
  double momentum = 0.95;                             ///< μ in [0, 1)
  bool nesterov = true;                               ///< look ahead
  double weight_decay = 0.1;                          ///< λ ≥ 0, decoupled, not multiplied by the scale
  bool cautious = false;                              ///< decay only where it agrees with the update
  MuonScale scale = MuonScale::original;              ///< factor for the shape
  MuonLayout layout = MuonLayout::outputs_by_inputs;  ///< what rows and columns are, for the scale
  MuonMomentum accumulation = MuonMomentum::mean;     ///< what b is
  int row_blocks = 1;                                 ///< at least 1
  int column_blocks = 1;                              ///< at least 1
  Method orthogonalizer = detail::guarded<Method>(NormGuard::max);  ///< ε = 1e-7 unless you set another

  /// b and scratch memory.
  template <class Tree>
  using State = MuonState<Tree>;

  /// b and u, for one block of coefficients, in the step that made μᵗ `power`.
  auto average(double power) const {
    const bool correct = accumulation == MuonMomentum::corrected;
    const double incoming = accumulation == MuonMomentum::sum ? 1 : 1 - momentum;
    const double now = correct ? 1 - power : 1, next = correct ? 1 - power * momentum : 1;
    const double of_g = nesterov ? incoming / now : 0, of_b = nesterov ? momentum / next : 1 / now;
    return [=, mu = momentum](auto& b, const auto& g, auto& u) {
      b = mu * b + incoming * g;
      u = of_g * g + of_b * b;
    };
  }

  /// θ ← kept · θ − rate · o, for one block of coefficients.
  auto descend(double rate) const {
    return [kept = 1 - learning_rate * weight_decay, careful = cautious, rate](auto& p, const auto& o) {
      if (careful) {
        p = (o * p >= 0).select(kept * p, p) - rate * o;
      } else {
        p = kept * p - rate * o;
      }
    };
  }

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    return init("Muon", params);
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    step(
        "Muon", [](const auto&) {}, params, grads, state);
  }

  /// The factor of `scale` for a matrix of this shape.
  double shape_factor(Index rows, Index cols) const {
    return gradus::shape_factor(scale, layout, rows, cols);
  }

 private:
  template <Orthogonalizer>
  friend struct BasicNorMuon;  // which are this recurrence and one thing more
  template <Orthogonalizer>
  friend struct BasicAdaMuon;

  template <class L>
  using ScalarOf = detail::Compute<typename std::remove_cvref_t<L>::Scalar>;

  template <Parameters P>
  State<like<P>> init(std::string_view who, const P& params) const {
    require_nonnegative(who, "learning_rate", learning_rate);
    require_fraction(who, "momentum", momentum);
    require_nonnegative(who, "weight_decay", weight_decay);
    require_field(row_blocks >= 1, who, "row_blocks", row_blocks, "be at least 1");
    require_field(column_blocks >= 1, who, "column_blocks", column_blocks, "be at least 1");
    orthogonalizer.validate(who);
    require_blocks(who, params);
    State<like<P>> state;
    state.b = zeros_like(params);
    state.workspaces = make_workspaces(params, [&](const auto& leaf) { return scratch(leaf); });
    return state;
  }

  // Between the polar factor and the descent `finish(o, statistics...)` may change it.
  template <class Finish, class P, class G, class Tree, class... Statistics>
  void step(std::string_view who, const Finish& finish, P& params, const G& grads, MuonState<Tree>& state,
            Statistics&... statistics) const {
    require_same_structure(who, params, grads, state.b);
    require_blocks(who, params);
    ++state.t;
    advance(state.momentum_power, momentum);
    for_each_leaf(
        state.workspaces,
        [&](Workspace& workspace, auto& theta, const auto& grad, auto& b, auto&... statistic) {
          workspace.reset(scratch(theta));
          auto u = workspace.template take<ScalarOf<decltype(theta)>>(theta.rows(), theta.cols());
          for_each_block(average(state.momentum_power), b, grad, u);
          step_blocks(theta, u, workspace, [&](auto& o) { finish(o, statistic...); });
        },
        params, grads, state.b, statistics...);
  }

  template <class Theta, class Scalar, class Finish>
  void step_blocks(Theta& theta, MatrixMap<Scalar> u, Workspace& workspace, const Finish& finish) const {
    const Index rows = u.rows() / row_blocks, cols = u.cols() / column_blocks;
    const auto kernel = descend(learning_rate * shape_factor(rows, cols));
    const std::size_t used = workspace.used();
    for (Index j = 0; j < u.cols(); j += cols) {
      for (Index i = 0; i < u.rows(); i += rows) {
        workspace.rewind(used);
        MatrixMap<Scalar> o = is_whole() ? u : workspace.template take<Scalar>(rows, cols);
        if (!is_whole()) o = u.block(i, j, rows, cols);
        orthogonalizer(o, workspace);
        finish(o);
        auto part = theta.block(i, j, rows, cols);
        for_each_block(kernel, part, std::as_const(o));
      }
    }
  }

  bool is_whole() const { return row_blocks == 1 && column_blocks == 1; }

  template <class P>
  void require_blocks(std::string_view who, const P& params) const {
    walk(
        who,
        [&](const Path& path, const auto& leaf) {
          const auto divides = [](int blocks, Index size) { return blocks >= 1 && size % blocks == 0; };
          if (!divides(row_blocks, leaf.rows()) || !divides(column_blocks, leaf.cols())) {
            path.fail("is " + detail::shape_text(leaf.rows(), leaf.cols()) + ", which does not divide into " +
                      detail::shape_text(row_blocks, column_blocks) + " blocks");
          }
        },
        params);
  }

  template <class L>
  std::size_t scratch(const L& leaf) const {
    using Scalar = ScalarOf<L>;
    const Index rows = leaf.rows() / row_blocks, cols = leaf.cols() / column_blocks;
    return Workspace::bytes<Scalar>(leaf.rows(), leaf.cols()) +
           (is_whole() ? 0 : Workspace::bytes<Scalar>(rows, cols)) +
           orthogonalizer.template scratch<Scalar>(rows, cols);
  }
};

/// Muon with Newton–Schulz, as everyone runs it.
using Muon = BasicMuon<NewtonSchulz>;

}  // namespace GRADUS_NAMESPACE
