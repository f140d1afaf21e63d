// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// Lion (Chen et al., arXiv:2302.06675), equal to the authors' code (github.com/google/automl) and to
/// `optax.lion`:
///
///     θ ← (1 − ηλ)θ − η sign(β1 m + (1 − β1)g)
///     m ← β2 m + (1 − β2)g
///
/// Every coefficient moves by η, or not at all where the sign is that of 0. Against AdamW, the authors take
/// η 3 to 10 times smaller and λ as much larger. State: m. Reads and writes 5 numbers a coefficient.
struct Lion {
  double learning_rate = 1e-4;  ///< η ≥ 0
  double beta1 = 0.9;           ///< share of m in the direction, in [0, 1)
  double beta2 = 0.99;          ///< decay of m, in [0, 1)
  double weight_decay = 0;      ///< λ ≥ 0, decoupled

  template <class Tree>
  struct State {
    Tree m;              ///< average of g
    std::int64_t t = 0;  ///< steps taken
    GRADUS_STATE(m, t)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence() const {
    return [*this](auto& p, const auto& g, auto& m) {
      const auto c = (beta1 * m + (1 - beta1) * g).eval();
      p = (1 - learning_rate * weight_decay) * p - learning_rate * sign_of(c);
      m = beta2 * m + (1 - beta2) * g;
    };
  }

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_nonnegative("Lion", "learning_rate", learning_rate);
    require_fraction("Lion", "beta1", beta1);
    require_fraction("Lion", "beta2", beta2);
    require_nonnegative("Lion", "weight_decay", weight_decay);
    return {zeros_like(params)};
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("Lion", params, grads, state.m);
    ++state.t;
    for_each_block(recurrence(), params, grads, state.m);
  }
};

}  // namespace GRADUS_NAMESPACE
