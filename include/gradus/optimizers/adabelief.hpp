// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/optimizers/radam.hpp>

namespace GRADUS_NAMESPACE {

/// AdaBelief (Zhuang et al., arXiv:2010.07468), equal to the authors' `adabelief_pytorch`; without `rectify`
/// it is the paper's, and `optax.adabelief`. Adam that divides by how far gradients are from their mean:
///
///     m ← β1 m + (1 − β1)g,              m̂ = m/(1 − β1ᵗ)
///     s ← β2 s + (1 − β2)(g − m)² + ε,   ŝ = s/(1 − β2ᵗ)
///     θ ← (1 − ηλ)θ − η m̂/(√ŝ + ε)
///
/// With `rectify` the last line is `RAdam`'s with s in the place of v: plain momentum in the first steps,
/// then η m̂ r √(1 − β2ᵗ)/(√s + ε). Where gradients stay the same, s falls to ε/(1 − β2) and the step grows to
/// η m̂ √((1 − β2)/ε), millions of times η m̂ by default: a larger ε bounds it.
///
/// A scheduled β: as in `Adam`. State: m, s. Reads and writes 7 numbers a coefficient.
struct AdaBelief {
  double learning_rate = 1e-3;  ///< η ≥ 0
  double beta1 = 0.9;           ///< decay of the mean, in [0, 1)
  double beta2 = 0.999;         ///< decay of the mean square, in [0, 1)
  double epsilon = 1e-16;       ///< ε ≥ 0, added to s in every step and outside the root
  double weight_decay = 0;      ///< λ ≥ 0, decoupled
  bool rectify = true;          ///< divide only once s is known well enough, as in RAdam
  GRADUS_FIELDS(AdaBelief, learning_rate, beta1, beta2, epsilon, weight_decay, rectify)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> m, s;                    ///< averages of g and (g − m)²
    std::int64_t t = 0;                       ///< steps taken
    double beta1_power = 1, beta2_power = 1;  ///< β1ᵗ, β2ᵗ
    GRADUS_STATE(m, s, t, beta1_power, beta2_power)
  };

  /// The recurrence, for one block of coefficients: θ ← (1 − ηλ)θ − rate · m, divided by correction · √s + ε
  /// if `adapt`.
  auto recurrence(double rate, double correction, bool adapt) const {
    const double keep = 1 - learning_rate * weight_decay;
    return [=, *this](auto& p, const auto& g, auto& m, auto& s) {
      const auto eps = representable(epsilon, s);
      m += (1 - beta1) * (g - m);
      s = beta2 * s + (1 - beta2) * (g - m).square() + eps;
      if (adapt) {
        p = keep * p - rate * m / (correction * root(s) + eps);
      } else {
        p = keep * p - rate * m;
      }
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
    gradus::require_same_structure(name(), params, grads, state.m, state.s);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    const auto t = static_cast<double>(++state.t);
    const double rate = learning_rate / advance(state.beta1_power, beta1);
    const double c2 = advance(state.beta2_power, beta2);
    const double r = rectify ? detail::rectification(t, beta2, state.beta2_power, 5) : 1;
    const double correction = rectify ? 1 : 1 / std::sqrt(c2);
    gradus::for_each_block(recurrence(r > 0 ? rate * r : rate, correction, r > 0), params, grads, state.m,
                           state.s);
  }
};

}  // namespace GRADUS_NAMESPACE
