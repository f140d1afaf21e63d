// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// AdaMax (Kingma & Ba, arXiv:1412.6980, section 7.1), equal to `torch.optim.Adamax`: Adam with the largest
/// gradient in the place of the root mean square.
///
///     g ← g + λθ
///     m ← β1 m + (1 − β1)g
///     u ← max(β2 u, |g| + ε)
///     θ ← θ − η/(1 − β1ᵗ) · m/u
///
/// The paper has no ε. A scheduled β: as in `Adam`. State: m, u. Reads and writes 7 numbers a coefficient.
struct AdaMax {
  double learning_rate = 2e-3;  ///< η ≥ 0
  double beta1 = 0.9;           ///< decay of the mean, in [0, 1)
  double beta2 = 0.999;         ///< decay of the maximum, in [0, 1)
  double epsilon = 1e-8;        ///< ε > 0, inside the maximum
  double weight_decay = 0;      ///< λ ≥ 0, coupled: added to the gradient
  GRADUS_FIELDS(AdaMax, learning_rate, beta1, beta2, epsilon, weight_decay)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> m, u;   ///< average of g, and largest |g|
    std::int64_t t = 0;      ///< steps taken
    double beta1_power = 1;  ///< β1ᵗ
    GRADUS_STATE(m, u, t, beta1_power)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence(double rate) const {
    return [=, *this](auto& p, const auto& gradient, auto& m, auto& u) {
      const auto g = (gradient + weight_decay * p).eval();
      m += (1 - beta1) * (g - m);
      u = (beta2 * u).max(g.abs() + representable(epsilon, u));
      p -= rate * m / u;
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_fraction(name(), "beta1", beta1);
    require_fraction(name(), "beta2", beta2);
    require_positive(name(), "epsilon", epsilon);
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
    gradus::require_same_structure(name(), params, grads, state.m, state.u);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    ++state.t;
    const double rate = learning_rate / advance(state.beta1_power, beta1);
    gradus::for_each_block(recurrence(rate), params, grads, state.m, state.u);
  }
};

}  // namespace GRADUS_NAMESPACE
