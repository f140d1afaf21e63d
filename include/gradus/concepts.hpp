// SPDX-License-Identifier: MIT
//
// The contract of the library, on one page. `Leaf`, `Parameters` and `Gradients` are in core/node.hpp.
#pragma once

#include <gradus/core/checks.hpp>
#include <gradus/core/for_each_block.hpp>
#include <gradus/core/lazy.hpp>
#include <gradus/core/like.hpp>
#include <gradus/core/tree.hpp>
#include <span>

/// Optimizers, each a value with two functions, and what belongs to them.
namespace GRADUS_NAMESPACE {

/// An optimizer is a value with two functions. `init(params)` checks the hyperparameters and makes a state;
/// `step(params, grads, state)` changes `params` and `state`. The state is a value that the caller owns.
/// Written by the library or the user; called by user code, `minimize` and wrappers. The library's own also
/// have `validate()`, which refuses bad fields, and `check(params, grads, state)`, which throws whatever
/// `step` would. `step` calls both before it changes anything, so a field changed between two steps takes
/// effect or is refused by name. A complete one:
///
///     struct SignDescent {
///       double learning_rate = 1e-3;
///       static constexpr gradus::Scope scope = gradus::Scope::coefficient;  // see core/scope.hpp
///
///       struct State {};
///       template <class P> State init(const P&) const { return {}; }
///       template <class P, class G> void step(P&& params, const G& grads, State&) const {
///         gradus::require_same_structure("SignDescent", params, grads);
///         gradus::for_each_block([=, *this](auto& p, const auto& g) { p -= learning_rate * g.sign(); },
///         params, grads);
///       }
///     };
template <class O, class P>
concept Optimizer = Parameters<P> && requires(const O& optimizer, P& params, const P& grads) {
  optimizer.init(grads);
  requires requires(decltype(optimizer.init(grads))& state) { optimizer.step(params, grads, state); };
};

/// The state that an optimizer makes for parameters of the structure of `P`. Wrappers rely on it to be one
/// type for all trees of that structure: a plain struct, or a template of `like<P>`.
template <class O, class P>
using state_of = decltype(std::declval<const O&>().init(std::declval<const like<P>&>()));

/// Throws what `optimizer.step(params, grads, state)` would refuse, and changes nothing. That is
/// `optimizer.check(params, grads, state)`, which an optimizer need not have: then nothing is checked.
/// Wrappers call it for all that they hold before they change anything.
template <class O, class P, class G, class State>
void check_step(const O& optimizer, P&& params, const G& grads, const State& state) {
  if constexpr (requires { optimizer.check(params, grads, state); }) optimizer.check(params, grads, state);
}

/// An optimizer that has a `solution` of its own: see the function of that name.
template <class O, class P, class State>
concept HasSolution = requires(const O& optimizer, const P& params, const State& state) {
  optimizer.solution(params, state);
};

/// A copy of the point that an optimizer offers as its result. That is `optimizer.solution(params, state)`
/// where gradients are taken at another point than the iterate, or iterates are averaged; else `params`.
/// Throws `std::invalid_argument` when structures or shapes differ.
template <class O, class P, class State>
auto solution(const O& optimizer, const P& params, const State& state) {
  static_assert(detail::explain_tree<P>());
  auto result = detail::deep_copy(params);
  if constexpr (HasSolution<O, P, State>) {
    const auto& found = optimizer.solution(params, state);
    detail::require_same_shapes("solution", result, found);
    gradus::for_each_block([](auto& x, const auto& value) { x = value; }, result, found);
  }
  return result;
}

/// A function to be minimised: `f(x)` is its value, `f(x, gradient)` writes the gradient, of the structure
/// and shapes of `x`, and returns the value. Written by the library (objectives/) or the user, lambdas
/// included; called by `minimize`.
template <class F, class X>
concept Objective = Parameters<X> && requires(const F& f, const X& x, X& gradient) {
  { f(x, gradient) } -> std::convertible_to<double>;
};

/// An objective f(x) = (1/n) Σ f_i(x): `f.size()` is n, and `f(x, gradient, batch)` returns the mean of f_i
/// over the indices i in `batch` and writes the gradient of that mean. An index may come up more than once.
template <class F, class X>
concept FiniteSum = Objective<F, X> &&
    requires(const F& f, const X& x, X& gradient, std::span<const Index> batch) {
  { f.size() } -> std::convertible_to<Index>;
  { f(x, gradient, batch) } -> std::convertible_to<double>;
};

/// A pure function of the step count t = 0, 1, ...
template <class S>
concept Schedule = requires(const S& schedule, std::int64_t t) {
  { schedule(t) } -> std::convertible_to<double>;
};

/// Called by `minimize` once a step with a `Progress`. Returns nothing, or true to ask for a stop.
template <class O, class Progress>
concept Observer = requires(O& observer, const Progress& progress) {
  observer(progress);
}
&&(
    requires(O& observer, const Progress& progress) {
      { observer(progress) } -> std::same_as<void>;
    } ||
    requires(O & observer, const Progress& progress) {
      { observer(progress) } -> std::convertible_to<bool>;
    });

}  // namespace GRADUS_NAMESPACE
