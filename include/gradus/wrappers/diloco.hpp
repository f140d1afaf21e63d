// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/state.hpp>
#include <gradus/optimizers/momentum.hpp>

namespace GRADUS_NAMESPACE {

/// An outer optimizer around the inner one, as in DiLoCo (Douillard et al., arXiv:2311.08105): after every
/// k-th step what the inner optimizer has moved since the last time, x − θ, is the gradient of one step of
/// the outer optimizer from x:
///
///     x ← the outer optimizer's point after a step from x with the gradient x − θ,  θ ← x
///
/// The outer optimizer is DiLoCo's Nesterov momentum unless you give another: with `SGD{.learning_rate = α}`
/// it is `lookahead`. Here the parameters are those of one worker; with several, average θ over them before
/// every k-th step. The inner optimizer keeps its state. `solution` is the outer optimizer's where it has
/// one, else x: between the k-th steps the parameters are the worker's. State: both optimizers', x. Reads and
/// writes 6 numbers a coefficient every k steps, beside the steps. Made by `diloco`.
template <class O, class Outer = Momentum>
struct DiLoCo {
  O inner;
  Outer outer;              ///< takes a step every k-th time
  std::int64_t steps = 30;  ///< k ≥ 1
  GRADUS_FIELDS(DiLoCo, inner, outer, steps)
  static constexpr Scope scope = widest(scope_of<O>(), scope_of<Outer>());  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    state_of<Outer, Tree> outer;
    iterate_like<Tree> x;  ///< where the outer optimizer is
    std::int64_t t = 0;    ///< steps taken
    GRADUS_STATE(inner, outer, x, t)
  };

  /// Leaves x in the parameters and x − θ in its place, for one block of coefficients.
  static auto return_to_outer() {
    return [](auto& p, auto& x) {
      const auto theta = p;
      p = x;
      x -= theta;
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const { require_at_least(name(), "steps", steps, 1); }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses, and what the
  /// optimizers refuse.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {inner.init(params), outer.init(params), gradus::copy_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.x);
    gradus::check_step(inner, params, grads, state.inner);
    gradus::check_step(outer, params, state.x, state.outer);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    inner.step(params, grads, state.inner);
    if (++state.t % steps != 0) return;
    gradus::for_each_block(return_to_outer(), params, state.x);
    outer.step(params, std::as_const(state.x), state.outer);
    gradus::for_each_block([](const auto& p, auto& x) { x = p; }, std::as_const(params), state.x);
  }

  /// The outer optimizer's solution, or x.
  template <class P, class Tree>
  decltype(auto) solution(const P& params, const State<Tree>& state) const {
    if constexpr (HasSolution<Outer, P, state_of<Outer, Tree>>) {
      return outer.solution(params, state.outer);
    } else {
      return (state.x);
    }
  }
};

/// `diloco(AdamW{}, 500)`, or `diloco(Muon{}, 30, Momentum{.learning_rate = 0.7, .momentum = 0.5, .nesterov =
/// true})`, which is MuLoCo's (arXiv:2505.23725): see `DiLoCo`.
template <class O, class Outer = Momentum>
DiLoCo<O, Outer> diloco(O optimizer, std::int64_t steps,
                        Outer outer = Momentum{.learning_rate = 0.7, .nesterov = true}) {
  return {std::move(optimizer), std::move(outer), steps};
}

}  // namespace GRADUS_NAMESPACE
