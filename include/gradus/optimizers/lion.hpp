// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// Lion (Chen et al., arXiv:2302.06675), equal to the authors' code (github.com/google/automl) and to
/// `optax.lion`:
///
///     θ ← (1 − ηλ)θ − η sign(β1 m + (1 − β1)g)
///     m ← β2 m + (1 − β2)g
///
/// Every coefficient moves by η, or not at all where the sign is that of 0. Against AdamW, the authors take
/// η 3 to 10 times smaller and λ as much larger. State: m. Reads and writes 5 numbers a coefficient.
struct Lion {
  double learning_rate = 1e-4;  ///< η ≥ 0
  double beta1 = 0.9;           ///< share of m in the direction, in [0, 1)
  double beta2 = 0.99;          ///< decay of m, in [0, 1)
  double weight_decay = 0;      ///< λ ≥ 0, decoupled
  bool cautious_decay = false;  ///< decay only where it agrees with the step: arXiv:2510.12402
  GRADUS_FIELDS(Lion, learning_rate, beta1, beta2, weight_decay, cautious_decay)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> m;  ///< average of g
    std::int64_t t = 0;  ///< steps taken
    GRADUS_STATE(m, t)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence() const {
    return [*this](auto& p, const auto& g, auto& m) {
      const auto c = (beta1 * m + (1 - beta1) * g).eval();
      step_with_decay(p, 1 - learning_rate * weight_decay, learning_rate * sign_of(c), cautious_decay);
      m = beta2 * m + (1 - beta2) * g;
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_fraction(name(), "beta1", beta1);
    require_fraction(name(), "beta2", beta2);
    require_nonnegative(name(), "weight_decay", weight_decay);
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {gradus::zero_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.m);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    ++state.t;
    gradus::for_each_block(recurrence(), params, grads, state.m);
  }
};

}  // namespace GRADUS_NAMESPACE
