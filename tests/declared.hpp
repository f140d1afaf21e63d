// SPDX-License-Identifier: MIT
//
// Optimizers of the list, whose type has lost their scope, with it.
#pragma once

#include "optimizers.hpp"

namespace gradus_test {

/// An optimizer that says this scope.
template <gradus::Scope S>
struct Declared : AnyOptimizer {
  static constexpr gradus::Scope scope = S;
};

/// `f` of the optimizer with its scope, which is `coefficient` or `leaf`.
template <class F>
auto with_scope(gradus::Scope scope, const AnyOptimizer& any, const F& f) {
  using gradus::Scope;
  return scope == Scope::coefficient ? f(Declared<Scope::coefficient>{any}) : f(Declared<Scope::leaf>{any});
}

}  // namespace gradus_test
