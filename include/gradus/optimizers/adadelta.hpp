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
  GRADUS_FIELDS(AdaDelta, learning_rate, decay, epsilon, weight_decay)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> v, u;  ///< averages of g² and Δ²
    std::int64_t t = 0;     ///< steps taken
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

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_fraction(name(), "decay", decay);
    require_positive(name(), "epsilon", epsilon);
    require_nonnegative(name(), "weight_decay", weight_decay);
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {gradus::zero_state(params), gradus::zero_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.v, state.u);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    ++state.t;
    gradus::for_each_block(recurrence(), params, grads, state.v, state.u);
  }
};

}  // namespace GRADUS_NAMESPACE
