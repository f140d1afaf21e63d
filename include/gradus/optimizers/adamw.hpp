// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// Adam with decoupled weight decay (Loshchilov & Hutter, arXiv:1711.05101), equal to `torch.optim.AdamW`:
///
///     m ← β1 m + (1 − β1)g,   m̂ = m/(1 − β1ᵗ)
///     v ← β2 v + (1 − β2)g²,  v̂ = v/(1 − β2ᵗ)
///     θ ← (1 − ηλ)θ − η m̂/(√v̂ + ε)
///
/// The paper multiplies λ by the schedule only, not by η: λ here = λ of the paper / η. With λ = 0 this is
/// `Adam`. State, memory traffic and a scheduled β: as in `Adam`.
struct AdamW {
  double learning_rate = 1e-3;  ///< η ≥ 0
  double beta1 = 0.9;           ///< decay of the mean, in [0, 1)
  double beta2 = 0.999;         ///< decay of the mean square, in [0, 1)
  double epsilon = 1e-8;        ///< ε ≥ 0
  double weight_decay = 1e-2;   ///< λ ≥ 0, decoupled
  bool cautious_decay = false;  ///< decay only where it agrees with the step: arXiv:2510.12402
  GRADUS_FIELDS(AdamW, learning_rate, beta1, beta2, epsilon, weight_decay, cautious_decay)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> m, v;                    ///< averages of g and g²
    std::int64_t t = 0;                       ///< steps taken
    double beta1_power = 1, beta2_power = 1;  ///< β1ᵗ, β2ᵗ
    GRADUS_STATE(m, v, t, beta1_power, beta2_power)
  };

  /// The recurrence, for one block of coefficients, with c = 1 − βᵗ.
  auto recurrence(double c1, double c2) const {
    return [*this, to_m_hat = 1 / c1, to_v_hat = 1 / c2](auto& p, const auto& g, auto& m, auto& v) {
      m += (1 - beta1) * (g - m);
      v = beta2 * v + (1 - beta2) * g.square();
      const auto m_hat = to_m_hat * m;
      const auto v_hat = to_v_hat * v;
      step_with_decay(p, 1 - learning_rate * weight_decay,
                      learning_rate * m_hat / (root(v_hat) + representable(epsilon, v)), cautious_decay);
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_fraction(name(), "beta1", beta1);
    require_fraction(name(), "beta2", beta2);
    require_nonnegative(name(), "epsilon", epsilon);
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
    gradus::require_same_structure(name(), params, grads, state.m, state.v);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    ++state.t;
    const double c1 = advance(state.beta1_power, beta1), c2 = advance(state.beta2_power, beta2);
    gradus::for_each_block(recurrence(c1, c2), params, grads, state.m, state.v);
  }
};

}  // namespace GRADUS_NAMESPACE
