// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/for_each_leaf.hpp>
#include <gradus/core/optimizer.hpp>
#include <gradus/orthogonalize/orthogonalize.hpp>
#include <vector>

namespace gradus {

/// The factor that Muon gives a matrix of (rows = outputs) x (cols = inputs).
enum class MuonScale {
  original,         ///< √max(1, rows/cols): Keller Jordan, PyTorch's default
  match_rms_adamw,  ///< 0.2 √max(rows, cols): Moonlight; updates as large as AdamW's
  spectral,         ///< √(rows/cols)
  none              ///< 1
};

/// What Muon's momentum is. Both have the same direction; they differ by the factor 1 − μ before the guard of
/// the norm.
enum class MuonMomentum {
  mean,  ///< b ← μb + (1 − μ)g: Keller Jordan, PyTorch
  sum    ///< b ← μb + g: Moonlight
};

/// Muon (Keller Jordan et al. 2024; arXiv:2502.16982): momentum, replaced by its polar factor.
///
///     b ← μb + (1 − μ)g                            (sum: b ← μb + g)
///     u = (1 − μ)g + μb  with nesterov, else b     (sum: u = g + μb)
///     θ ← (1 − ηλ)θ − η · scale(rows, cols) · orthogonalize(u)
///
/// Defaults are those of `torch.optim.Muon`, in the leaf's own precision where PyTorch rounds to bfloat16.
/// Use it for hidden matrices; `route` sends vectors, embeddings and output layers elsewhere. A vector is
/// taken as a matrix of one column. State: b, and scratch memory for the largest leaf and each thread. Any
/// number of threads gives the same bits as long as there are several leaves; with a single one the products
/// inside may thread and round differently.
template <Orthogonalizer Method>
struct BasicMuon {
  double learning_rate = 1e-3;                     ///< η ≥ 0
  double momentum = 0.95;                          ///< μ in [0, 1)
  bool nesterov = true;                            ///< look ahead
  double weight_decay = 0.1;                       ///< λ ≥ 0, decoupled, not multiplied by the scale
  MuonScale scale = MuonScale::original;           ///< factor for the shape
  MuonMomentum accumulation = MuonMomentum::mean;  ///< what b is
  Method orthogonalizer = {};                      ///< how the polar factor is found

  template <class Tree>
  struct State {
    Tree b;
    std::int64_t t = 0;  ///< steps taken
    std::vector<Workspace> workspaces;
    GRADUS_STATE(b, t)
  };

  /// b and u, for one block of coefficients; `incoming` is the weight of g.
  auto average(double incoming) const {
    return [mu = momentum, look_ahead = nesterov, incoming](auto& b, const auto& g, auto& u) {
      b = mu * b + incoming * g;
      u = b;
      if (look_ahead) u = incoming * g + mu * b;
    };
  }

  /// θ ← kept · θ − rate · o, for one block of coefficients.
  static auto descend(double kept, double rate) {
    return [=](auto& p, const auto& o) { p = kept * p - rate * o; };
  }

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_nonnegative("Muon", "learning_rate", learning_rate);
    require_fraction("Muon", "momentum", momentum);
    require_nonnegative("Muon", "weight_decay", weight_decay);
    orthogonalizer.validate("Muon");
    State<like<P>> state{zeros_like(params), 0, {}};
    const Index workers = std::min(Index{detail::thread_count()}, leaf_count(params));
    state.workspaces.resize(static_cast<std::size_t>(workers));
    walk(
        "Muon",
        [&](const Path&, const auto& leaf) {
          for (auto& workspace : state.workspaces) workspace.reset(scratch(leaf));
        },
        params);
    return state;
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("Muon", params, grads, state.b);
    if (state.workspaces.empty()) state.workspaces.resize(1);
    ++state.t;
    const double incoming = accumulation == MuonMomentum::mean ? 1 - momentum : 1;
    const double kept = 1 - learning_rate * weight_decay;
    for_each_leaf(
        static_cast<int>(state.workspaces.size()),
        [&](int thread, auto& theta, const auto& grad, auto& momentum_buffer) {
          auto& workspace = state.workspaces[static_cast<std::size_t>(thread)];
          workspace.reset(scratch(theta));
          auto update = workspace.template take<ScalarOf<decltype(theta)>>(theta.rows(), theta.cols());
          for_each_block(average(incoming), momentum_buffer, grad, update);
          orthogonalizer(update, workspace);
          const double rate = learning_rate * shape_factor(theta.rows(), theta.cols());
          for_each_block(descend(kept, rate), theta, std::as_const(update));
        },
        params, grads, state.b);
  }

  /// The factor of `scale` for a leaf of this shape.
  double shape_factor(Index rows, Index cols) const {
    const double m = static_cast<double>(rows), n = static_cast<double>(cols);
    switch (scale) {
      case MuonScale::original:
        return std::sqrt(std::max(1.0, m / n));
      case MuonScale::match_rms_adamw:
        return 0.2 * std::sqrt(std::max(m, n));
      case MuonScale::spectral:
        return std::sqrt(m / n);
      case MuonScale::none:
        break;
    }
    return 1;
  }

 private:
  template <class L>
  using ScalarOf = detail::Compute<typename std::remove_cvref_t<L>::Scalar>;

  template <class L>
  std::size_t scratch(const L& leaf) const {
    using Scalar = ScalarOf<L>;
    return Workspace::bytes<Scalar>(leaf.rows(), leaf.cols()) +
           orthogonalizer.template scratch<Scalar>(leaf.rows(), leaf.cols());
  }
};

/// Muon with Newton–Schulz, as everyone runs it.
using Muon = BasicMuon<NewtonSchulz>;

/// The published forms of Muon, with their semantics and defaults. Copy one and change what you tune.
namespace presets {

/// Keller Jordan's (github.com/KellerJordan/Muon).
inline constexpr Muon muon_jordan{
    .learning_rate = 0.02, .weight_decay = 0, .orthogonalizer = {.guard = NormGuard::add}};

/// `torch.optim.Muon`: the defaults.
inline constexpr Muon muon_pytorch{};

/// Moonlight's (arXiv:2502.16982).
inline constexpr Muon muon_moonlight{.scale = MuonScale::match_rms_adamw,
                                     .accumulation = MuonMomentum::sum,
                                     .orthogonalizer = {.guard = NormGuard::add}};

}  // namespace presets

}  // namespace gradus
