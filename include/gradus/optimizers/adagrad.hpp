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
  double epsilon = 1e-10;          ///< ε ≥ 0, outside the root
  double weight_decay = 0;         ///< λ ≥ 0, coupled: added to the gradient
  double learning_rate_decay = 0;  ///< ≥ 0, per step
  double initial_accumulator = 0;  ///< s before the first step, ≥ 0
  GRADUS_FIELDS(AdaGrad, learning_rate, epsilon, weight_decay, learning_rate_decay, initial_accumulator)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> s;              ///< sum of g²
    std::int64_t t = 0;              ///< steps taken
    double initial_accumulator = 0;  ///< as it was at `init`
    GRADUS_STATE(s, t, initial_accumulator)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence(double rate) const {
    return [=, *this](auto& p, const auto& gradient, auto& s) {
      const auto g = (gradient + weight_decay * p).eval();
      s += g.square();
      p -= rate * g / (root(s) + representable(epsilon, s));
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_nonnegative(name(), "learning_rate_decay", learning_rate_decay);
    require_nonnegative(name(), "weight_decay", weight_decay);
    require_nonnegative(name(), "initial_accumulator", initial_accumulator);
    require_nonnegative(name(), "epsilon", epsilon);
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {gradus::full_state(params, initial_accumulator), 0, initial_accumulator};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    require_unchanged(name(), "initial_accumulator", initial_accumulator, state.initial_accumulator);
    gradus::require_same_structure(name(), params, grads, state.s);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    const double rate = learning_rate / (1 + static_cast<double>(state.t++) * learning_rate_decay);
    gradus::for_each_block(recurrence(rate), params, grads, state.s);
  }
};

}  // namespace GRADUS_NAMESPACE
