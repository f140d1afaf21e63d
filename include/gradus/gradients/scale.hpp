// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/checks.hpp>
#include <gradus/core/lazy.hpp>

namespace GRADUS_NAMESPACE {

/// Gradients times a constant: 1 / n makes a mean of a sum over n examples, −1 lets an optimizer maximise.
/// Inside the optimizer's own pass. Throws `std::invalid_argument` for a factor that is not finite.
template <Gradients G>
auto scale(G&& grads, double factor) {
  require_field(std::isfinite(factor), "scale", "factor", factor, "be finite");
  return gradus::lazy([factor](const auto& g) { return factor * g; }, std::forward<G>(grads));
}

}  // namespace GRADUS_NAMESPACE
