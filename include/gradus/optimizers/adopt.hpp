// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// ADOPT (Taniguchi et al., arXiv:2411.02853), equal to the authors' code (github.com/iShohei220/adopt) and
/// to `optax.contrib.adopt`: Adam that divides by the mean square of the gradients before this one, and
/// averages what is divided. The paper proves that it converges for every β2.
///
///     g ← g + λθ                                 (decoupled: θ ← (1 − ηλ)θ)
///     n = g/max(√v, ε), clipped to ±(t − 1)^¼
///     m ← β1 m + (1 − β1)n
///     θ ← θ − ηm
///     v ← β2 v + (1 − β2)g²
///
/// The first step moves nothing, not even by decay: it sets v = g². There is no bias correction. A
/// coefficient whose first gradient is 0 is divided by ε; the clip keeps its steps small. State: m, v. Reads
/// and writes 7 numbers a coefficient.
struct ADOPT {
  double learning_rate = 1e-3;          ///< η ≥ 0
  double beta1 = 0.9;                   ///< decay of the mean, in [0, 1)
  double beta2 = 0.9999;                ///< decay of the mean square, in [0, 1)
  double epsilon = 1e-6;                ///< ε ≥ 0, the smallest divisor
  double weight_decay = 0;              ///< λ ≥ 0
  bool decoupled_weight_decay = false;  ///< as in AdamW, instead of added to the gradient
  GRADUS_FIELDS(ADOPT, learning_rate, beta1, beta2, epsilon, weight_decay, decoupled_weight_decay)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> m, v;  ///< averages of n and g²
    std::int64_t t = 0;     ///< steps taken
    GRADUS_STATE(m, v, t)
  };

  /// The recurrence of step t, for one block of coefficients. In the first one the clip leaves nothing of n.
  auto recurrence(std::int64_t t) const {
    const bool first = t == 1;
    const double bound = std::sqrt(std::sqrt(static_cast<double>(t - 1))), beta = first ? 0 : beta2;
    const double coupled = decoupled_weight_decay ? 0 : weight_decay;
    const double keep = decoupled_weight_decay && !first ? 1 - learning_rate * weight_decay : 1;
    return [=, *this](auto& p, const auto& gradient, auto& m, auto& v) {
      const auto g = (gradient + coupled * p).eval();
      const auto ratio = (g / root(v).max(representable(epsilon, v))).eval();
      m = beta1 * m + (1 - beta1) * clamped(ratio, bound);
      v = beta * v + (1 - beta) * g.square();
      p = keep * p - learning_rate * m;
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
    gradus::for_each_block(recurrence(++state.t), params, grads, state.m, state.v);
  }
};

}  // namespace GRADUS_NAMESPACE
