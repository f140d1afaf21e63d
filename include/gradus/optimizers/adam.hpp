// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/optimizers/moments.hpp>

namespace GRADUS_NAMESPACE {

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

  /// m, v, with AMSGrad x, and the powers of β.
  template <class Tree>
  using State = Moments<Tree>;

  /// The recurrence, for one block of coefficients; x is there with AMSGrad only.
  auto recurrence(const MomentScales& to) const {
    return [=, *this](auto& p, const auto& gradient, auto& m, auto& v, auto&... x) {
      const auto g = (gradient + weight_decay * p).eval();
      m += (1 - beta1) * (g - m);
      v = beta2 * v + (1 - beta2) * g.square();
      p -= to.rate * m / (to.scale * root(to.largest(v, x...)) + representable(epsilon, v));
    };
  }

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    return detail::init_moments("Adam", *this, params);
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    detail::step_moments("Adam", *this, params, grads, state);
  }
};

}  // namespace GRADUS_NAMESPACE
