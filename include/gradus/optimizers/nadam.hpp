// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// The momentum μ_t of NAdam.
enum class NAdamMomentum {
  rising,   ///< β1 (1 − ½ · 0.96^(t ψ)): Dozat, `torch.optim.NAdam`
  constant  ///< β1: `optax.nadam`
};

/// NAdam (Dozat, 2016), Adam with Nesterov's momentum; equal to `torch.optim.NAdam`:
///
///     g ← g + λθ                                 (decoupled: θ ← (1 − ηλ)θ)
///     m ← β1 m + (1 − β1)g
///     v ← β2 v + (1 − β2)g²
///     P ← P μ_t                                  (P starts at 1)
///     n = (1 − μ_t)/(1 − P) · g + μ_{t+1}/(1 − P μ_{t+1}) · m
///     θ ← θ − η n / (√(v/(1 − β2ᵗ)) + ε)
///
/// A scheduled β2: β2ᵗ is the product so far, as in `Adam`; P is a product by definition. State: m, v. Reads
/// and writes 7 numbers a coefficient.
struct NAdam {
  double learning_rate = 2e-3;                     ///< η ≥ 0
  double beta1 = 0.9;                              ///< decay of the mean, in [0, 1)
  double beta2 = 0.999;                            ///< decay of the mean square, in [0, 1)
  double epsilon = 1e-8;                           ///< ε ≥ 0, outside the root
  double weight_decay = 0;                         ///< λ ≥ 0
  bool decoupled_weight_decay = false;             ///< as in AdamW, instead of added to the gradient
  NAdamMomentum momentum = NAdamMomentum::rising;  ///< which μ_t
  double momentum_decay = 4e-3;                    ///< ψ ≥ 0, of the rising one
  GRADUS_FIELDS(NAdam, learning_rate, beta1, beta2, epsilon, weight_decay, decoupled_weight_decay, momentum,
                momentum_decay)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> m, v;                         ///< averages of g and g²
    std::int64_t t = 0;                            ///< steps taken
    double momentum_product = 1, beta2_power = 1;  ///< P, β2ᵗ
    GRADUS_STATE(m, v, t, momentum_product, beta2_power)
  };

  /// The recurrence, for one block of coefficients: n = of_g · g + of_m · m.
  auto recurrence(double of_g, double of_m, double correction) const {
    const double coupled = decoupled_weight_decay ? 0 : weight_decay;
    const double keep = decoupled_weight_decay ? 1 - learning_rate * weight_decay : 1;
    return [=, *this](auto& p, const auto& gradient, auto& m, auto& v) {
      const auto g = (gradient + coupled * p).eval();
      m += (1 - beta1) * (g - m);
      v = beta2 * v + (1 - beta2) * g.square();
      p = keep * p -
          learning_rate * (of_g * g + of_m * m) / (correction * root(v) + representable(epsilon, v));
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_fraction(name(), "beta1", beta1);
    require_fraction(name(), "beta2", beta2);
    require_nonnegative(name(), "epsilon", epsilon);
    require_nonnegative(name(), "weight_decay", weight_decay);
    require_nonnegative(name(), "momentum_decay", momentum_decay);
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
    const double now = mu(state.t), next = mu(state.t + 1);
    const double rest = advance(state.momentum_product, now);
    const double of_g = (1 - now) / rest, of_m = next / (1 - state.momentum_product * next);
    const double correction = 1 / std::sqrt(advance(state.beta2_power, beta2));
    gradus::for_each_block(recurrence(of_g, of_m, correction), params, grads, state.m, state.v);
  }

 private:
  double mu(std::int64_t t) const {
    if (momentum == NAdamMomentum::constant) return beta1;
    return beta1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(t) * momentum_decay));
  }
};

}  // namespace GRADUS_NAMESPACE
