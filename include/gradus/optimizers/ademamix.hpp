// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// AdEMAMix (Pagliardini et al., arXiv:2409.03137), equal to the authors' code (github.com/apple/ml-ademamix)
/// and to `optax.contrib.ademamix`: AdamW with a second mean that remembers thousands of gradients.
///
///     m1 ← β1 m1 + (1 − β1)g,     m̂1 = m1/(1 − β1ᵗ)
///     m2 ← β3(t) m2 + (1 − β3(t))g
///     v ← β2 v + (1 − β2)g²,      v̂ = v/(1 − β2ᵗ)
///     θ ← (1 − ηλ)θ − η (m̂1 + α(t) m2)/(√v̂ + ε)
///
/// with α(t) = α and β3(t) = β3 after T = `warmup_steps`. Until then α(t) = αt/T, and the half-life
/// ln ½/ln(β3(t) + 1e-8) grows linearly from that of β1 to that of β3. Without a warm-up a large β3 may
/// diverge early: the paper takes as many steps as the run has. m2 starts at 0 without a correction, so it
/// acts after about 1/(1 − β3) steps; for short runs take a smaller β3. It also goes on after gradients have
/// vanished. With α = 0 this is `AdamW`.
///
/// The default α is the paper's; the authors' code has 2. A scheduled β1 or β2: as in `Adam`. State: m1, m2,
/// v. Reads and writes 9 numbers a coefficient.
struct AdEMAMix {
  double learning_rate = 1e-3;    ///< η ≥ 0
  double beta1 = 0.9;             ///< decay of the fast mean, in [0, 1)
  double beta2 = 0.999;           ///< decay of the mean square, in [0, 1)
  double beta3 = 0.9999;          ///< decay of the slow mean, in [0, 1)
  double alpha = 5;               ///< α ≥ 0, weight of the slow mean
  double epsilon = 1e-8;          ///< ε ≥ 0, outside the root
  double weight_decay = 0;        ///< λ ≥ 0, decoupled
  bool cautious_decay = false;    ///< decay only where it agrees with the step: arXiv:2510.12402
  std::int64_t warmup_steps = 0;  ///< T ≥ 0, of α and β3
  GRADUS_FIELDS(AdEMAMix, learning_rate, beta1, beta2, beta3, alpha, epsilon, weight_decay, cautious_decay,
                warmup_steps)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> m1, m2, v;               ///< fast and slow average of g, average of g²
    std::int64_t t = 0;                       ///< steps taken
    double beta1_power = 1, beta2_power = 1;  ///< β1ᵗ, β2ᵗ
    GRADUS_STATE(m1, m2, v, t, beta1_power, beta2_power)
  };

  /// The recurrence, for one block of coefficients, with c = 1 − βᵗ and this share min(t/T, 1) of the
  /// warm-up.
  auto recurrence(double c1, double c2, double share) const {
    return [*this, to_v_hat = 1 / c2, of_m1 = 1 / c1, of_m2 = alpha * share, slow = slow_decay(share)](
               auto& p, const auto& g, auto& m1, auto& m2, auto& v) {
      m1 += (1 - beta1) * (g - m1);
      m2 += (1 - slow) * (g - m2);
      v = beta2 * v + (1 - beta2) * g.square();
      const auto v_hat = to_v_hat * v;
      step_with_decay(p, 1 - learning_rate * weight_decay,
                      learning_rate * (of_m1 * m1 + of_m2 * m2) / (root(v_hat) + representable(epsilon, v)),
                      cautious_decay);
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_fraction(name(), "beta1", beta1);
    require_fraction(name(), "beta2", beta2);
    require_fraction(name(), "beta3", beta3);
    require_nonnegative(name(), "alpha", alpha);
    require_nonnegative(name(), "epsilon", epsilon);
    require_nonnegative(name(), "weight_decay", weight_decay);
    require_at_least(name(), "warmup_steps", warmup_steps, 0);
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {gradus::zero_state(params), gradus::zero_state(params), gradus::zero_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.m1, state.m2, state.v);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    const std::int64_t t = ++state.t;
    const double c1 = advance(state.beta1_power, beta1), c2 = advance(state.beta2_power, beta2);
    const double share = t < warmup_steps ? static_cast<double>(t) / static_cast<double>(warmup_steps) : 1;
    gradus::for_each_block(recurrence(c1, c2, share), params, grads, state.m1, state.m2, state.v);
  }

 private:
  double slow_decay(double share) const {
    if (share == 1) return beta3;
    const auto half_life = [](double beta) { return std::log(0.5) / std::log(beta + 1e-8); };
    return std::pow(0.5, 1 / ((1 - share) * half_life(beta1) + share * half_life(beta3)));
  }
};

}  // namespace GRADUS_NAMESPACE
