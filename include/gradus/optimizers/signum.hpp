// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// Signum (Bernstein et al., arXiv:1802.04434), sign descent with momentum; equal to `SignSGD` of the package
/// pytorch_optimizer:
///
///     m ← μm + (1 − μ)g
///     θ ← (1 − ηλ)θ − η sign(m)
///
/// Every coefficient moves by η, or not at all where the sign is that of 0. This is `Lion` with β1 = β2 = μ;
/// with μ = 0 it is sign descent, steepest in the `MaxNorm`. State: m. Reads and writes 5 numbers a
/// coefficient.
struct Signum {
  double learning_rate = 1e-3;  ///< η ≥ 0
  double momentum = 0.9;        ///< μ, decay of the mean, in [0, 1)
  double weight_decay = 0;      ///< λ ≥ 0, decoupled
  bool cautious_decay = false;  ///< decay only where it agrees with the step: arXiv:2510.12402
  GRADUS_FIELDS(Signum, learning_rate, momentum, weight_decay, cautious_decay)
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
      m = momentum * m + (1 - momentum) * g;
      step_with_decay(p, 1 - learning_rate * weight_decay, learning_rate * sign_of(m), cautious_decay);
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_fraction(name(), "momentum", momentum);
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
