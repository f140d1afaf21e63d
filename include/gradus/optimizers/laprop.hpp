// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// LaProp (Ziyin et al., arXiv:2002.04839), equal to the authors' code
/// (github.com/Z-T-WANG/LaProp-Optimizer): momentum of gradients that are divided first, while Adam divides
/// the momentum.
///
///     v ← β2 v + (1 − β2)g²,  v̂ = v/(1 − β2ᵗ)
///     m ← β1 m + (1 − β1)η g/(√v̂ + ε)
///     c ← β1 c + (1 − β1)η
///     θ ← (1 − ηλ)(θ − (η/c) m)
///
/// So β1 and β2 do not have to suit each other: unlike Adam's, steps stay bounded where β1² > β2. With a
/// constant η, η/c is the bias correction 1/(1 − β1ᵗ). Since η is inside m, a step mixes the rates of about
/// the last 1/(1 − β1) steps; with η = 0 nothing moves. The authors' λ is ηλ here.
///
/// A scheduled β2: as in `Adam`. State: m, v. Reads and writes 7 numbers a coefficient.
struct LaProp {
  double learning_rate = 4e-4;  ///< η ≥ 0
  double beta1 = 0.9;           ///< decay of the mean, in [0, 1)
  double beta2 = 0.999;         ///< decay of the mean square, in [0, 1)
  double epsilon = 1e-15;       ///< ε ≥ 0, outside the root
  double weight_decay = 0;      ///< λ ≥ 0, decoupled, after the step
  GRADUS_FIELDS(LaProp, learning_rate, beta1, beta2, epsilon, weight_decay)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> m, v;                     ///< averages of η g/√v̂ and g²
    std::int64_t t = 0;                        ///< steps taken
    double rate_average = 0, beta2_power = 1;  ///< c, β2ᵗ
    GRADUS_STATE(m, v, t, rate_average, beta2_power)
  };

  /// The recurrence, for one block of coefficients: θ ← (1 − ηλ)(θ − rate · m), where √v̂ = correction · √v.
  auto recurrence(double rate, double correction) const {
    const double keep = 1 - learning_rate * weight_decay;
    return [=, *this](auto& p, const auto& g, auto& m, auto& v) {
      v = beta2 * v + (1 - beta2) * g.square();
      m += (1 - beta1) * (learning_rate * g / (correction * root(v) + representable(epsilon, v)) - m);
      p = keep * (p - rate * m);
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
    double& c = state.rate_average;
    c += (1 - beta1) * (learning_rate - c);
    const double correction = 1 / std::sqrt(advance(state.beta2_power, beta2));
    gradus::for_each_block(recurrence(c > 0 ? learning_rate / c : 0, correction), params, grads, state.m,
                           state.v);
  }
};

}  // namespace GRADUS_NAMESPACE
