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
  GRADUS_FIELDS(SGD, learning_rate, weight_decay)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    std::int64_t t = 0;  ///< steps taken
    GRADUS_STATE(t)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence() const {
    return [*this](auto& p, const auto& g) { p -= learning_rate * (g + weight_decay * p); };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_nonnegative(name(), "weight_decay", weight_decay);
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>&) const {
    validate();
    gradus::require_same_structure(name(), params, grads);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    ++state.t;
    gradus::for_each_block(recurrence(), params, grads);
  }
};

}  // namespace GRADUS_NAMESPACE
