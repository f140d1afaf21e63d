// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

// RAdam's r √(1 − β2ᵗ), or 0 where ρ is not above the threshold.
inline double rectification(double t, double beta2, double beta2_power, double threshold) {
  const double correction = 1 - beta2_power;
  const double most = 2 / (1 - beta2) - 1, rho = most - 2 * t * beta2_power / correction;
  if (rho <= threshold) return 0;
  return std::sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho) * correction);
}

}  // namespace detail

/// RAdam (Liu et al., arXiv:1908.03265), equal to `torch.optim.RAdam`: Adam that divides by the root mean
/// square only when that is known well enough.
///
///     g ← g + λθ                                 (decoupled: θ ← (1 − ηλ)θ)
///     m ← β1 m + (1 − β1)g,  m̂ = m/(1 − β1ᵗ)
///     v ← β2 v + (1 − β2)g²
///     ρ∞ = 2/(1 − β2) − 1,  ρ = ρ∞ − 2tβ2ᵗ/(1 − β2ᵗ)
///     ρ > threshold:  θ ← θ − η m̂ r √(1 − β2ᵗ)/(√v + ε),  r² = (ρ − 4)(ρ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρ)
///     otherwise:      θ ← θ − η m̂
///
/// The paper's threshold is 4. With β2 ≤ 0.6 this is momentum for ever. Under a schedule of β, βᵗ is the
/// product so far, as in `Adam`, and ρ∞ follows β2. State: m, v. Reads and writes 7
/// numbers a coefficient.
struct RAdam {
  double learning_rate = 1e-3;          ///< η ≥ 0
  double beta1 = 0.9;                   ///< decay of the mean, in [0, 1)
  double beta2 = 0.999;                 ///< decay of the mean square, in [0, 1)
  double epsilon = 1e-8;                ///< ε ≥ 0, outside the root, before the correction
  double weight_decay = 0;              ///< λ ≥ 0
  bool decoupled_weight_decay = false;  ///< as in AdamW, instead of added to the gradient
  double threshold = 5;                 ///< at least 4
  GRADUS_FIELDS(RAdam, learning_rate, beta1, beta2, epsilon, weight_decay, decoupled_weight_decay, threshold)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> m, v;                    ///< averages of g and g²
    std::int64_t t = 0;                       ///< steps taken
    double beta1_power = 1, beta2_power = 1;  ///< β1ᵗ, β2ᵗ
    GRADUS_STATE(m, v, t, beta1_power, beta2_power)
  };

  /// The recurrence, for one block of coefficients: θ ← keep · θ − rate · m, divided by √v + ε if `adapt`.
  auto recurrence(double rate, bool adapt) const {
    const double coupled = decoupled_weight_decay ? 0 : weight_decay;
    const double keep = decoupled_weight_decay ? 1 - learning_rate * weight_decay : 1;
    return [=, *this](auto& p, const auto& gradient, auto& m, auto& v) {
      const auto g = (gradient + coupled * p).eval();
      m += (1 - beta1) * (g - m);
      v = beta2 * v + (1 - beta2) * g.square();
      if (adapt) {
        p = keep * p - rate * m / (root(v) + representable(epsilon, v));
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
    require_field(threshold >= 4, name(), "threshold", threshold, "be at least 4");
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
    const auto t = static_cast<double>(++state.t);
    const double rate = learning_rate / advance(state.beta1_power, beta1);
    advance(state.beta2_power, beta2);
    const double r = detail::rectification(t, beta2, state.beta2_power, threshold);
    gradus::for_each_block(recurrence(r > 0 ? rate * r : rate, r > 0), params, grads, state.m, state.v);
  }
};

}  // namespace GRADUS_NAMESPACE
