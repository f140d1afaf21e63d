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
    Tree m, v, x;                             ///< averages of g and g²; the largest v, only with AMSGrad
    std::int64_t t = 0;                       ///< steps taken
    double beta1_power = 1, beta2_power = 1;  ///< β1ᵗ, β2ᵗ
    GRADUS_STATE(m, v, x, t, beta1_power, beta2_power)
  };

  /// The recurrence, for one block of coefficients; x is there with AMSGrad only.
  auto recurrence(double coupled, double keep, double rate, double before, double after) const {
    return [=, *this](auto& p, const auto& gradient, auto& m, auto& v, auto&... x) {
      const auto g = (gradient + coupled * p).eval();
      m += (1 - beta1) * (g - m);
      v = beta2 * v + (1 - beta2) * g.square();
      ((x = x.max(before * v)), ...);
      const auto& divisor = std::get<sizeof...(x)>(std::tie(v, x...));
      p = keep * p - rate * m / (after * root(divisor) + representable(epsilon, v));
    };
  }

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    return init("Adam", params);
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    step("Adam", weight_decay, 1, params, grads, state);
  }

 private:
  friend struct AdamW;  // which is this recurrence with another decay

  template <Parameters P>
  State<like<P>> init(std::string_view who, const P& params) const {
    require_nonnegative(who, "learning_rate", learning_rate);
    require_fraction(who, "beta1", beta1);
    require_fraction(who, "beta2", beta2);
    require_nonnegative(who, "epsilon", epsilon);
    require_nonnegative(who, "weight_decay", weight_decay);
    State<like<P>> state{zeros_like(params), zeros_like(params), {}};
    if (amsgrad != AMSGrad::off) state.x = zeros_like(params);
    return state;
  }

  // θ ← keep · θ, then the step with coupled · θ added to the gradient.
  template <class P, class G, class Tree>
  void step(std::string_view who, double coupled, double keep, P& params, const G& grads,
            State<Tree>& state) const {
    require_same_structure(who, params, grads, state.m, state.v);
    if (amsgrad != AMSGrad::off) require_same_structure(who, params, grads, state.x);
    ++state.t;
    const double c1 = advance(state.beta1_power, beta1), c2 = advance(state.beta2_power, beta2);
    const double rate = learning_rate / (amsgrad == AMSGrad::paper ? 1 : c1);
    const double before = amsgrad == AMSGrad::optax ? 1 / c2 : 1;
    const double after = amsgrad == AMSGrad::off || amsgrad == AMSGrad::torch ? 1 / std::sqrt(c2) : 1;
    const auto kernel = recurrence(coupled, keep, rate, before, after);
    if (amsgrad == AMSGrad::off) {
      for_each_block(kernel, params, grads, state.m, state.v);
    } else {
      for_each_block(kernel, params, grads, state.m, state.v, state.x);
    }
  }
};

}  // namespace gradus
