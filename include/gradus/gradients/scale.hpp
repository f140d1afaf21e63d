// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/checks.hpp>
#include <gradus/core/lazy.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

// Not within `scale`: so it is one type for all trees, and what is compiled with it is compiled once.
inline auto times(double factor) {
  return [factor](const auto& g) { return factor * g; };
}

}  // namespace detail

/// Gradients times a constant: 1 / n makes a mean of a sum over n examples, −1 lets an optimizer maximise.
/// Inside the optimizer's own pass. Throws `std::invalid_argument` for a factor that is not finite.
template <class G>
auto scale(G&& grads, double factor) {
  static_assert(detail::explain_tree<G>());
  require_field(std::isfinite(factor), "scale", "factor", factor, "be finite");
  return gradus::lazy(detail::times(factor), std::forward<G>(grads));
}

}  // namespace GRADUS_NAMESPACE
