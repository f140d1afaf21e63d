// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// Adan (Xie et al., arXiv:2208.06677), equal to the authors' code (github.com/sail-sg/Adan): Adam with a
/// form of Nesterov's momentum that looks ahead by differences of gradients.
///
///     Δ = g − g of the last step                 (0 in the first)
///     m ← β1 m + (1 − β1)g
///     d ← β2 d + (1 − β2)Δ
///     n ← β3 n + (1 − β3)(g + β2 Δ)²
///     u = (m/(1 − β1ᵗ) + β2 d/(1 − β2ᵗ))/(√(n/(1 − β3ᵗ)) + ε)
///     θ ← (θ − ηu)/(1 + ηλ)                      (not proximal: θ ← (1 − ηλ)θ − ηu)
///
/// The paper writes 1 − β for β. `optax.contrib.adan` multiplies Δ and d by 1 − β2 instead, and is another
/// method. A scheduled β: as in `Adam`. State: m, d, n, the last g. Reads and writes 11 numbers a
/// coefficient.
struct Adan {
  double learning_rate = 1e-3;        ///< η ≥ 0
  double beta1 = 0.98;                ///< decay of the mean, in [0, 1)
  double beta2 = 0.92;                ///< decay of the mean difference, in [0, 1)
  double beta3 = 0.99;                ///< decay of the mean square, in [0, 1)
  double epsilon = 1e-8;              ///< ε ≥ 0, outside the root
  double weight_decay = 0;            ///< λ ≥ 0, decoupled
  bool proximal_weight_decay = true;  ///< divide by 1 + ηλ after the step, instead of AdamW's 1 − ηλ
  GRADUS_FIELDS(Adan, learning_rate, beta1, beta2, beta3, epsilon, weight_decay, proximal_weight_decay)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> m, d, n;                                  ///< averages of g, Δ and (g + β2 Δ)²
    state_like<Tree> last_gradient;                            ///< g of the last step
    std::int64_t t = 0;                                        ///< steps taken
    double beta1_power = 1, beta2_power = 1, beta3_power = 1;  ///< β1ᵗ, β2ᵗ, β3ᵗ
    GRADUS_STATE(m, d, n, last_gradient, t, beta1_power, beta2_power, beta3_power)
  };

  /// The recurrence, for one block of coefficients, with c = 1 − βᵗ.
  auto recurrence(bool first, double c1, double c2, double c3) const {
    const double decay = learning_rate * weight_decay;
    const double keep = proximal_weight_decay ? 1 / (1 + decay) : 1 - decay;
    const double rate = proximal_weight_decay ? learning_rate * keep : learning_rate;
    return [=, *this, of_m = 1 / c1, of_d = beta2 / c2, correction = 1 / std::sqrt(c3)](
               auto& p, const auto& g, auto& m, auto& d, auto& n, auto& last) {
      const auto delta = ((first ? 0.0 : 1.0) * (g - last)).eval();
      m += (1 - beta1) * (g - m);
      d += (1 - beta2) * (delta - d);
      n = beta3 * n + (1 - beta3) * (g + beta2 * delta).square();
      p = keep * p - rate * (of_m * m + of_d * d) / (correction * root(n) + representable(epsilon, n));
      last = g;
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_fraction(name(), "beta1", beta1);
    require_fraction(name(), "beta2", beta2);
    require_fraction(name(), "beta3", beta3);
    require_nonnegative(name(), "epsilon", epsilon);
    require_nonnegative(name(), "weight_decay", weight_decay);
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {gradus::zero_state(params), gradus::zero_state(params), gradus::zero_state(params),
            gradus::zero_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.m, state.d, state.n, state.last_gradient);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    const bool first = ++state.t == 1;
    const double c1 = advance(state.beta1_power, beta1), c2 = advance(state.beta2_power, beta2);
    const double c3 = advance(state.beta3_power, beta3);
    gradus::for_each_block(recurrence(first, c1, c2, c3), params, grads, state.m, state.d, state.n,
                           state.last_gradient);
  }
};

}  // namespace GRADUS_NAMESPACE
