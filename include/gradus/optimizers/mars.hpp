// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/for_each_leaf.hpp>
#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// MARS (Yuan et al., arXiv:2411.10438), in its form with AdamW, equal to `mars-adamw` of the authors' code
/// (github.com/AGI-Arena/MARS): gradients with reduced variance, by the difference from the step before.
///
///     c = g + γ β1/(1 − β1) (g − g of the last step)
///     c ← c/max(1, ‖c‖)
///     m ← β1 m + (1 − β1)c,   m̂ = m/(1 − β1ᵗ)
///     v ← β2 v + (1 − β2)c²,  v̂ = v/(1 − β2ᵗ)
///     θ ← (1 − ηλ)θ − η m̂/(√v̂ + ε)
///
/// with the norm of each leaf, and 0 for the gradient before the first. It is the authors' default,
/// approximate form: exact variance reduction would take the gradient at the last point on this step's batch.
/// They step vectors by AdamW: `route(is_matrix, MARS{}, AdamW{...})`. With γ = 0 and ‖g‖ ≤ 1 this is
/// `AdamW`.
///
/// A scheduled β: as in `Adam`. State: m, v, the last g. Reads and writes 11 numbers a coefficient, in two
/// passes.
struct MARS {
  double learning_rate = 3e-3;  ///< η ≥ 0
  double beta1 = 0.95;          ///< decay of the mean, in [0, 1)
  double beta2 = 0.99;          ///< decay of the mean square, in [0, 1)
  double gamma = 0.025;         ///< γ ≥ 0, strength of the correction
  double epsilon = 1e-8;        ///< ε ≥ 0, outside the root
  double weight_decay = 0;      ///< λ ≥ 0, decoupled
  bool cautious_decay = false;  ///< decay only where it agrees with the step: arXiv:2510.12402
  GRADUS_FIELDS(MARS, learning_rate, beta1, beta2, gamma, epsilon, weight_decay, cautious_decay)
  static constexpr Scope scope = Scope::leaf;  ///< what a coefficient depends on: the norm of its leaf

  template <class Tree>
  struct State {
    state_like<Tree> m, v;                    ///< averages of c and c²
    state_like<Tree> last_gradient;           ///< g of the last step
    std::int64_t t = 0;                       ///< steps taken
    double beta1_power = 1, beta2_power = 1;  ///< β1ᵗ, β2ᵗ
    GRADUS_STATE(m, v, last_gradient, t, beta1_power, beta2_power)
  };

  /// c before it is clipped, for one block of coefficients.
  auto corrected() const {
    return [weight = gamma * beta1 / (1 - beta1)](const auto& g, const auto& last) {
      return (g + weight * (g - last)).eval();
    };
  }

  /// The recurrence, for one block of coefficients, with this factor of c, and 1 − βᵗ.
  auto recurrence(double factor, double c1, double c2) const {
    return [=, *this, to_c = corrected(), to_m_hat = 1 / c1, to_v_hat = 1 / c2](
               auto& p, const auto& g, auto& m, auto& v, auto& last) {
      const auto c = (factor * to_c(g, last)).eval();
      m += (1 - beta1) * (c - m);
      v = beta2 * v + (1 - beta2) * c.square();
      const auto m_hat = to_m_hat * m;
      const auto v_hat = to_v_hat * v;
      step_with_decay(p, 1 - learning_rate * weight_decay,
                      learning_rate * m_hat / (root(v_hat) + representable(epsilon, v)), cautious_decay);
      last = g;
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_fraction(name(), "beta1", beta1);
    require_fraction(name(), "beta2", beta2);
    require_nonnegative(name(), "gamma", gamma);
    require_nonnegative(name(), "epsilon", epsilon);
    require_nonnegative(name(), "weight_decay", weight_decay);
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
    gradus::require_same_structure(name(), params, grads, state.m, state.v, state.last_gradient);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    ++state.t;
    const double c1 = advance(state.beta1_power, beta1), c2 = advance(state.beta2_power, beta2);
    gradus::for_each_leaf(
        [&](auto& theta, const auto& g, auto& m, auto& v, auto& last) {
          const double length = gradus::norm_blocks(corrected(), g, std::as_const(last));
          gradus::for_each_block(recurrence(length > 1 ? 1 / length : 1, c1, c2), theta, g, m, v, last);
        },
        params, grads, state.m, state.v, state.last_gradient);
  }
};

}  // namespace GRADUS_NAMESPACE
