// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/numerics.hpp>
#include <gradus/core/state.hpp>

namespace GRADUS_NAMESPACE {

/// Lookahead (Zhang, Lucas, Hinton & Ba, arXiv:1907.08610): slow weights φ follow the parameters θ of any
/// optimizer. After every k-th of its steps
///
///     φ ← φ + α(θ − φ),  θ ← φ
///
/// The inner optimizer keeps its state, one of the paper's options and the default of `optax.lookahead`.
/// `solution` is the inner optimizer's where it has one, else φ, as in the paper: between the k-th steps the
/// parameters are the fast weights. State: the inner optimizer's, φ. Reads and writes 4 numbers a coefficient
/// every k steps, beside the inner step. Made by `lookahead`.
template <class O>
struct Lookahead {
  O inner;
  std::int64_t steps = 5;  ///< k ≥ 1
  double alpha = 0.5;      ///< α in [0, 1]; with k = 1, α = 1 is the inner optimizer
  GRADUS_FIELDS(Lookahead, inner, steps, alpha)
  static constexpr Scope scope = scope_of<O>();  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    iterate_like<Tree> slow;  ///< the slow weights
    std::int64_t t = 0;       ///< steps taken
    GRADUS_STATE(inner, slow, t)
  };

  /// The recurrence of a k-th step, for one block of coefficients.
  auto recurrence() const {
    return [share = alpha](auto& fast, auto& slow) {
      approach(slow, fast, share);
      fast = slow;
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_field(steps >= 1, name(), "steps", static_cast<double>(steps), "be at least 1");
    require_field(alpha >= 0 && alpha <= 1, name(), "alpha", alpha, "lie in [0, 1]");
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses, and what the
  /// inner optimizer refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {inner.init(params), gradus::copy_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.slow);
    gradus::check_step(inner, params, grads, state.inner);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    inner.step(params, grads, state.inner);
    if (++state.t % steps == 0) gradus::for_each_block(recurrence(), params, state.slow);
  }

  /// The inner optimizer's solution, or the slow weights.
  template <class P, class Tree>
  decltype(auto) solution(const P& params, const State<Tree>& state) const {
    if constexpr (HasSolution<O, P, state_of<O, Tree>>) {
      return inner.solution(params, state.inner);
    } else {
      return (state.slow);
    }
  }
};

/// `lookahead(AdamW{})`, `lookahead(SGD{}, 10, 0.8)`: see `Lookahead`.
template <class O>
Lookahead<O> lookahead(O optimizer, std::int64_t steps = 5, double alpha = 0.5) {
  return {std::move(optimizer), steps, alpha};
}

}  // namespace GRADUS_NAMESPACE
