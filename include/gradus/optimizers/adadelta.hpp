// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// AdaDelta (Zeiler, arXiv:1212.5701), equal to `torch.optim.Adadelta`; ε inside both roots:
///
///     g ← g + λθ
///     v ← ρv + (1 − ρ)g²
///     Δ = √(u + ε)/√(v + ε) · g
///     u ← ρu + (1 − ρ)Δ²
///     θ ← θ − ηΔ
///
/// It starts slowly, since the first Δ are about √(ε/(1 − ρ)) in size. The paper has η = 1 and ρ = 0.95.
/// State: v, u. Reads and writes 7 numbers a coefficient.
struct AdaDelta {
  double learning_rate = 1;  ///< η ≥ 0
  double decay = 0.9;        ///< ρ in [0, 1)
  double epsilon = 1e-6;     ///< ε > 0
  double weight_decay = 0;   ///< λ ≥ 0, coupled: added to the gradient

  template <class Tree>
  struct State {
    Tree v, u;           ///< averages of g² and Δ²
    std::int64_t t = 0;  ///< steps taken
    GRADUS_STATE(v, u, t)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence() const {
    return [*this](auto& p, const auto& gradient, auto& v, auto& u) {
      const auto g = (gradient + weight_decay * p).eval();
      const auto eps = representable(epsilon, v);
      v = decay * v + (1 - decay) * g.square();
      const auto delta = (root(u + eps) / root(v + eps) * g).eval();
      u = decay * u + (1 - decay) * delta.square();
      p -= learning_rate * delta;
    };
  }

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_nonnegative("AdaDelta", "learning_rate", learning_rate);
    require_fraction("AdaDelta", "decay", decay);
    require_positive("AdaDelta", "epsilon", epsilon);
    require_nonnegative("AdaDelta", "weight_decay", weight_decay);
    return {zeros_like(params), zeros_like(params)};
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("AdaDelta", params, grads, state.v, state.u);
    ++state.t;
    for_each_block(recurrence(), params, grads, state.v, state.u);
  }
};

}  // namespace GRADUS_NAMESPACE
