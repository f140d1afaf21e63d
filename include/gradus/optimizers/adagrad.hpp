// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// AdaGrad (Duchi, Hazan & Singer, JMLR 12, 2011), equal to `torch.optim.Adagrad`:
///
///     g ← g + λθ
///     s ← s + g²
///     θ ← θ − η_t g / (√s + ε),    η_t = η / (1 + (t − 1) · learning_rate_decay)
///
/// State: s. Reads and writes 5 numbers a coefficient.
struct AdaGrad {
  double learning_rate = 1e-2;     ///< η ≥ 0
  double learning_rate_decay = 0;  ///< ≥ 0, per step
  double weight_decay = 0;         ///< λ ≥ 0, coupled: added to the gradient
  double initial_accumulator = 0;  ///< s before the first step, ≥ 0
  double epsilon = 1e-10;          ///< ε ≥ 0, outside the root

  template <class Tree>
  struct State {
    Tree s;              ///< sum of g²
    std::int64_t t = 0;  ///< steps taken
    GRADUS_STATE(s, t)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence(double rate) const {
    return [=, *this](auto& p, const auto& gradient, auto& s) {
      const auto g = (gradient + weight_decay * p).eval();
      s += g.square();
      p -= rate * g / (root(s) + representable(epsilon, s));
    };
  }

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_nonnegative("AdaGrad", "learning_rate", learning_rate);
    require_nonnegative("AdaGrad", "learning_rate_decay", learning_rate_decay);
    require_nonnegative("AdaGrad", "weight_decay", weight_decay);
    require_nonnegative("AdaGrad", "initial_accumulator", initial_accumulator);
    require_nonnegative("AdaGrad", "epsilon", epsilon);
    return {full_like(params, initial_accumulator)};
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("AdaGrad", params, grads, state.s);
    const double rate = learning_rate / (1 + static_cast<double>(state.t++) * learning_rate_decay);
    for_each_block(recurrence(rate), params, grads, state.s);
  }
};

}  // namespace GRADUS_NAMESPACE
