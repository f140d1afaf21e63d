// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// The published forms of AMSGrad, which differ in the bias corrections c1 = 1 − β1ᵗ and c2 = 1 − β2ᵗ.
enum class AMSGradForm {
  torch,  ///< x ← max(x, v),     v̂ = x/c2, m̂ = m/c1   (`torch.optim`, amsgrad=True)
  optax,  ///< x ← max(x, v/c2),  v̂ = x,    m̂ = m/c1   (`optax.amsgrad`)
  paper   ///< x ← max(x, v),     v̂ = x,    m̂ = m
};

/// AMSGrad (Reddi, Kale & Kumar, arXiv:1904.09237): Adam, or AdamW with `decoupled_weight_decay`, that
/// divides by the largest mean square so far. Equal to `torch.optim.Adam` and `AdamW` with amsgrad=True:
///
///     g ← g + λθ                                   (decoupled: θ ← (1 − ηλ)θ)
///     m ← β1 m + (1 − β1)g
///     v ← β2 v + (1 − β2)g²
///     x ← max(x, v)
///     θ ← θ − η [m/(1 − β1ᵗ)]/(√(x/(1 − β2ᵗ)) + ε)  (or as `form` says)
///
/// A scheduled β: as in `Adam`. State: m, v, x. Reads and writes 9 numbers a coefficient.
struct AMSGrad {
  double learning_rate = 1e-3;            ///< η ≥ 0
  double beta1 = 0.9;                     ///< decay of the mean, in [0, 1)
  double beta2 = 0.999;                   ///< decay of the mean square, in [0, 1)
  double epsilon = 1e-8;                  ///< ε ≥ 0
  double weight_decay = 0;                ///< λ ≥ 0
  bool decoupled_weight_decay = false;    ///< as in AdamW, instead of added to the gradient
  AMSGradForm form = AMSGradForm::torch;  ///< where the bias is corrected
  GRADUS_FIELDS(AMSGrad, learning_rate, beta1, beta2, epsilon, weight_decay, decoupled_weight_decay, form)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> m, v, x;                 ///< averages of g and g²; the largest v
    std::int64_t t = 0;                       ///< steps taken
    double beta1_power = 1, beta2_power = 1;  ///< β1ᵗ, β2ᵗ
    GRADUS_STATE(m, v, x, t, beta1_power, beta2_power)
  };

  /// The recurrence, for one block of coefficients, with c = 1 − βᵗ.
  auto recurrence(double c1, double c2) const {
    const double coupled = decoupled_weight_decay ? 0 : weight_decay;
    const double keep = decoupled_weight_decay ? 1 - learning_rate * weight_decay : 1;
    const double to_m_hat = form == AMSGradForm::paper ? 1 : 1 / c1;
    const double into_x = form == AMSGradForm::optax ? 1 / c2 : 1;
    const double to_v_hat = form == AMSGradForm::torch ? 1 / c2 : 1;
    return [=, *this](auto& p, const auto& gradient, auto& m, auto& v, auto& x) {
      const auto g = (gradient + coupled * p).eval();
      m += (1 - beta1) * (g - m);
      v = beta2 * v + (1 - beta2) * g.square();
      x = x.max(into_x * v);
      const auto m_hat = to_m_hat * m;
      const auto v_hat = to_v_hat * x;
      p = keep * p - learning_rate * m_hat / (root(v_hat) + representable(epsilon, v));
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
    return {gradus::zero_state(params), gradus::zero_state(params), gradus::zero_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.m, state.v, state.x);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    ++state.t;
    const double c1 = advance(state.beta1_power, beta1), c2 = advance(state.beta2_power, beta2);
    gradus::for_each_block(recurrence(c1, c2), params, grads, state.m, state.v, state.x);
  }
};

}  // namespace GRADUS_NAMESPACE
