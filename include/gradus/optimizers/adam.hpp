// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace gradus {

/// AMSGrad (Reddi, Kale & Kumar, arXiv:1904.09237) keeps the largest second moment, x ← max(x, v), and
/// divides by √x. Its three published forms differ in the bias corrections c1 = 1 − β1ᵗ and c2 = 1 − β2ᵗ:
enum class AMSGrad {
  off,    ///< √(v/c2) + ε: plain Adam
  torch,  ///< x ← max(x, v),     √(x/c2) + ε   (`torch.optim`, amsgrad=True)
  optax,  ///< x ← max(x, v/c2),  √x + ε        (`optax.amsgrad`)
  paper   ///< x ← max(x, v),     √x + ε, and m without correction too
};

/// Adam (Kingma & Ba, arXiv:1412.6980), equal to `torch.optim.Adam`; ε outside the root, after the
/// correction:
///
///     g ← g + λθ
///     m ← β1 m + (1 − β1)g
///     v ← β2 v + (1 − β2)g²
///     θ ← θ − η [m/(1 − β1ᵗ)] / (√(v/(1 − β2ᵗ)) + ε)
///
/// βᵗ is the product of the β of all steps so far, which is what the correction needs when a schedule changes
/// β. State: m, v (AMSGrad: x). Reads and writes 7 numbers a coefficient (9).
struct Adam {
  double learning_rate = 1e-3;     ///< η ≥ 0
  double beta1 = 0.9;              ///< decay of the mean, in [0, 1)
  double beta2 = 0.999;            ///< decay of the mean square, in [0, 1)
  double epsilon = 1e-8;           ///< ε ≥ 0
  double weight_decay = 0;         ///< λ ≥ 0, coupled: added to the gradient
  AMSGrad amsgrad = AMSGrad::off;  ///< which form of AMSGrad, if any

  template <class Tree>
  struct State {
    Tree m, v, x;                             ///< x: only with AMSGrad
    std::int64_t t = 0;                       ///< steps taken
    double beta1_power = 1, beta2_power = 1;  ///< β1ᵗ, β2ᵗ
    GRADUS_STATE(m, v, x, t, beta1_power, beta2_power)
  };

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    return make_state("Adam", *this, params);
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    update("Adam", *this, weight_decay, 1, params, grads, state);
  }

  /// What `Adam` and `AdamW` share: the state of `o`, whose fields are those of `Adam`.
  template <class O, class P>
  static State<like<P>> make_state(std::string_view who, const O& o, const P& params) {
    require_nonnegative(who, "learning_rate", o.learning_rate);
    require_fraction(who, "beta1", o.beta1);
    require_fraction(who, "beta2", o.beta2);
    require_nonnegative(who, "epsilon", o.epsilon);
    require_nonnegative(who, "weight_decay", o.weight_decay);
    State<like<P>> state{zeros_like(params), zeros_like(params), {}};
    if (o.amsgrad != AMSGrad::off) state.x = zeros_like(params);
    return state;
  }

  /// What `Adam` and `AdamW` share: θ ← keep · θ, then Adam's step with `coupled` · θ added to the gradient.
  template <class O, class P, class G, class Tree>
  static void update(std::string_view who, const O& o, double coupled, double keep, P& params, const G& grads,
                     State<Tree>& state);
};

template <class O, class P, class G, class Tree>
void Adam::update(std::string_view who, const O& o, double coupled, double keep, P& params, const G& grads,
                  State<Tree>& state) {
  require_same_structure(who, params, grads, state.m, state.v);
  if (o.amsgrad != AMSGrad::off) require_same_structure(who, params, grads, state.x);
  ++state.t;
  const double beta1 = o.beta1, beta2 = o.beta2, epsilon = o.epsilon;
  const double c1 = 1 - (state.beta1_power *= beta1), c2 = 1 - (state.beta2_power *= beta2);
  const double rate = o.learning_rate / (o.amsgrad == AMSGrad::paper ? 1 : c1);
  const auto moments = [=](const auto& p, const auto& gradient, auto& m, auto& v) {
    const auto g = (gradient + coupled * p).eval();
    m += (1 - beta1) * (g - m);
    v = beta2 * v + (1 - beta2) * g.square();
  };
  if (o.amsgrad == AMSGrad::off) {
    const double correction = 1 / std::sqrt(c2);
    for_each_block(
        [=](auto& p, const auto& g, auto& m, auto& v) {
          moments(p, g, m, v);
          p = keep * p - rate * m / (correction * root(v) + representable(epsilon, v));
        },
        params, grads, state.m, state.v);
  } else {
    const double before = o.amsgrad == AMSGrad::optax ? 1 / c2 : 1;
    const double after = o.amsgrad == AMSGrad::torch ? 1 / std::sqrt(c2) : 1;
    for_each_block(
        [=](auto& p, const auto& g, auto& m, auto& v, auto& x) {
          moments(p, g, m, v);
          x = x.max(before * v);
          p = keep * p - rate * m / (after * root(x) + representable(epsilon, v));
        },
        params, grads, state.m, state.v, state.x);
  }
}

}  // namespace gradus
