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
/// The paper has no ε. State: m, u. Reads and writes 7 numbers a coefficient.
struct AdaMax {
  double learning_rate = 2e-3;  ///< η ≥ 0
  double beta1 = 0.9;           ///< decay of the mean, in [0, 1)
  double beta2 = 0.999;         ///< decay of the maximum, in [0, 1)
  double epsilon = 1e-8;        ///< ε > 0, inside the maximum
  double weight_decay = 0;      ///< λ ≥ 0, coupled: added to the gradient

  template <class Tree>
  struct State {
    Tree m, u;               ///< average of g, and largest |g|
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

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_nonnegative("AdaMax", "learning_rate", learning_rate);
    require_fraction("AdaMax", "beta1", beta1);
    require_fraction("AdaMax", "beta2", beta2);
    require_positive("AdaMax", "epsilon", epsilon);
    require_nonnegative("AdaMax", "weight_decay", weight_decay);
    return {zeros_like(params), zeros_like(params)};
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("AdaMax", params, grads, state.m, state.u);
    ++state.t;
    const double rate = learning_rate / advance(state.beta1_power, beta1);
    for_each_block(recurrence(rate), params, grads, state.m, state.u);
  }
};

}  // namespace GRADUS_NAMESPACE
