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
/// The inner optimizer's state is kept, which is one of the paper's ways and the default of
/// `optax.lookahead`. `solution` is the inner optimizer's where it has one, else φ, as in the paper: between
/// the k-th steps the parameters are the fast weights. State: the inner optimizer's, φ. Reads and writes 4
/// numbers a coefficient every k steps, beside the inner step. Made by `lookahead`.
template <class O>
struct Lookahead {
  O inner;
  std::int64_t steps = 5;  ///< k ≥ 1
  double alpha = 0.5;      ///< α in [0, 1]; with k = 1, α = 1 is the inner optimizer

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    Tree slow;           ///< the slow weights
    std::int64_t t = 0;  ///< steps taken
    GRADUS_STATE(inner, slow, t)
  };

  /// The recurrence of a k-th step, for one block of coefficients.
  auto recurrence() const {
    return [share = alpha](auto& fast, auto& slow) {
      approach(slow, fast, share);
      fast = slow;
    };
  }

  /// Checks the fields (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_field(steps >= 1, "Lookahead", "steps", static_cast<double>(steps), "be at least 1");
    require_field(alpha >= 0 && alpha <= 1, "Lookahead", "alpha", alpha, "lie in [0, 1]");
    return {inner.init(params), copy_like(params)};
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("Lookahead", params, grads, state.slow);
    inner.step(params, grads, state.inner);
    if (++state.t % steps == 0) for_each_block(recurrence(), params, state.slow);
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
