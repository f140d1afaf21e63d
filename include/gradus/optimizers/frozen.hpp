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

  /// Nothing to check or to make.
  template <Parameters P>
  State init(const P&) const {
    return {};
  }

  /// No step. Throws `std::invalid_argument` when structures or shapes differ.
  template <class P, class G>
  void step(P&& params, const G& grads, State&) const {
    require_same_structure("Frozen", params, grads);
  }
};

}  // namespace GRADUS_NAMESPACE
