// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// Stochastic gradient descent (Robbins & Monro 1951), equal to `torch.optim.SGD` without momentum:
///
///     θ ← θ − η (g + λθ)
///
/// Keeps no state; reads and writes 3 numbers a coefficient.
struct SGD {
  double learning_rate = 1e-3;  ///< η ≥ 0
  double weight_decay = 0;      ///< λ ≥ 0, coupled: added to the gradient

  template <class Tree>
  struct State {
    std::int64_t t = 0;  ///< steps taken
    GRADUS_STATE(t)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence() const {
    return [*this](auto& p, const auto& g) { p -= learning_rate * (g + weight_decay * p); };
  }

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P&) const {
    require_nonnegative("SGD", "learning_rate", learning_rate);
    require_nonnegative("SGD", "weight_decay", weight_decay);
    return {};
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("SGD", params, grads);
    ++state.t;
    for_each_block(recurrence(), params, grads);
  }
};

}  // namespace GRADUS_NAMESPACE
