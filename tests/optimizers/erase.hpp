// SPDX-License-Identifier: MIT
//
// Makes an `AnyOptimizer` of an optimizer. Include it where that shall be compiled: it takes seconds for
// each.
#pragma once

#include "any_optimizer.hpp"

namespace gradus_test {

template <class O>
struct Erased {
  template <class P>
  using StateOf = decltype(std::declval<const O&>().init(std::declval<const P&>()));

  template <class P>
  static AnyState init(const std::any& optimizer, const P& params) {
    return {std::any_cast<const O&>(optimizer).init(params), &list<StateOf<P>>};
  }
  template <class State>
  static void list(const std::any& state, gradus::io::detail::Entries& entries) {
    gradus::detail::visit_field("", entries, std::any_cast<const State&>(state));
  }
  template <class P, class G>
  static void check(const std::any& optimizer, P& params, const G& grads, const AnyState& state) {
    std::any_cast<const O&>(optimizer).check(params, grads, std::any_cast<const StateOf<P>&>(state.value));
  }
  template <class P, class G>
  static void step(const std::any& optimizer, P& params, const G& grads, AnyState& state) {
    std::any_cast<const O&>(optimizer).step(params, grads, std::any_cast<StateOf<P>&>(state.value));
  }
  template <class P>
  static void solve(const std::any& optimizer, const P& params, const AnyState& state, P& result) {
    const auto found = gradus::solution(std::any_cast<const O&>(optimizer), params,
                                        std::any_cast<const StateOf<P>&>(state.value));
    gradus::walk(
        "solve", [](const gradus::Path&, auto& to, const auto& from) { to = from; }, result, found);
  }

  static double* field(std::any& optimizer, const std::string& wanted) {
    double* found = nullptr;
    gradus::for_each_field(std::any_cast<O&>(optimizer), [&](const std::string& name, auto& value) {
      if constexpr (std::is_same_v<decltype(value), double&>) {
        if (name == wanted || name.ends_with('.' + wanted)) found = &value;
      }
    });
    return found;
  }

  template <class P, class G>
  static constexpr FunctionsFor<P, G> all(std::type_identity<FunctionsFor<P, G>>) {
    return {&init<P>, &check<P, G>, &step<P, G>, &solve<P>};
  }
  template <class... F>
  static constexpr std::tuple<F...> each(std::type_identity<std::tuple<F...>>) {
    return {all(std::type_identity<F>{})...};
  }
  static constexpr OptimizerFunctions functions{each(std::type_identity<Functions>{}), &field};
};

template <class O>
AnyOptimizer erase(const O& optimizer) {
  return {optimizer, &Erased<O>::functions};
}

}  // namespace gradus_test
