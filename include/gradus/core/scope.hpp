// SPDX-License-Identifier: MIT
//
// What an optimizer looks at to change one coefficient: how its work may be divided.
#pragma once

#include <algorithm>
#include <concepts>
#include <gradus/core/namespace.hpp>

namespace GRADUS_NAMESPACE {

/// What the new value of a coefficient depends on, beside hyperparameters and numbers that are counted in
/// every step. An optimizer says it in one line,
///
///     static constexpr Scope scope = Scope::coefficient;
///
/// and there is no default, because a wrong one trains wrongly without an error. A wrapper's is the widest of
/// its own and its inner optimizer's. Who divides a model over processes (`mpi::sharded`) goes by it.
enum class Scope {
  coefficient,  ///< its own gradients and state: a leaf may be cut anywhere
  leaf,         ///< those of its leaf, its shape, its name or its place: leaves stay whole
  tree          ///< those of all leaves: sums over the tree, other decisions for all
};

namespace detail {

template <class O>
concept SaysItsScope = requires {
  { O::scope } -> std::convertible_to<Scope>;
};

}  // namespace detail

/// The scope that an optimizer declares; the compiler refuses one that does not.
template <class O>
consteval Scope scope_of() {
  if constexpr (detail::SaysItsScope<O>) {
    return O::scope;
  } else {
    static_assert(
        detail::SaysItsScope<O>,
        "gradus: this optimizer does not say what it looks at, so its work cannot be divided: write "
        "static constexpr gradus::Scope scope = gradus::Scope::coefficient inside it, or leaf, or "
        "tree");
    return Scope::coefficient;
  }
}

/// The wider of two.
constexpr Scope widest(Scope a, Scope b) { return std::max(a, b); }

}  // namespace GRADUS_NAMESPACE
