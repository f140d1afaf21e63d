// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/checks.hpp>

namespace GRADUS_NAMESPACE {

/// The optimizer that does nothing: θ stays as it is, whatever the gradient. It freezes a part of a `route`:
///
///     route([](const LeafInfo& leaf) { return leaf.name == "embedding"; }, Frozen{}, AdamW{})
///
/// Keeps no state.
struct Frozen {
  struct State {};

  /// Its name, for messages.
  static constexpr std::string_view name() { return "Frozen"; }
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  /// There is nothing to refuse.
  void validate() const {}

  /// Nothing to make.
  template <class P>
  State init(const P& params) const {
    gradus::require_parameters(name(), params);
    return {};
  }

  /// Throws what a step would refuse, and changes nothing: structures and shapes.
  template <class P, class G>
  void check(P&& params, const G& grads, const State&) const {
    gradus::require_same_structure(name(), params, grads);
  }

  /// No step. Throws what `check` throws.
  template <class P, class G>
  void step(P&& params, const G& grads, State& state) const {
    check(params, grads, state);
  }
};

}  // namespace GRADUS_NAMESPACE
