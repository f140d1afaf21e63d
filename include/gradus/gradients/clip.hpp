// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/checks.hpp>
#include <gradus/core/for_each_block.hpp>
#include <gradus/core/lazy.hpp>

namespace gradus {

/// Gradients scaled down, all by one factor, so that their joint Euclidean norm is at most `max_norm` > 0:
///
///     g · min(1, c / (‖g‖ + 1e-6)),   equal to `torch.nn.utils.clip_grad_norm_`
///
/// One pass now for the norm; the scaling happens inside the optimizer's own pass. A norm that is infinite or
/// NaN makes every coefficient 0 or NaN: check `all_finite` first if that can happen. Throws
/// `std::invalid_argument` for a bad `max_norm`.
template <Gradients G>
auto clip_by_global_norm(G&& grads, double max_norm) {
  require_field(max_norm > 0, "clip_by_global_norm", "max_norm", max_norm, "be positive");
  const double factor = std::min(1.0, max_norm / (norm(grads) + 1e-6));
  return lazy([factor](const auto& g) { return factor * g; }, std::forward<G>(grads));
}

/// Gradients with every coefficient clamped to [−limit, limit], limit > 0; equal to
/// `torch.nn.utils.clip_grad_value_`. NaN stays NaN.
template <Gradients G>
auto clip_by_value(G&& grads, double limit) {
  require_field(limit > 0, "clip_by_value", "limit", limit, "be positive");
  return lazy(
      [limit](const auto& g) {
        using Scalar = typename std::remove_cvref_t<decltype(g)>::Scalar;
        const auto bound = static_cast<Scalar>(limit);
        return g.unaryExpr([bound](Scalar x) { return x > bound ? bound : (x < -bound ? -bound : x); });
      },
      std::forward<G>(grads));
}

}  // namespace gradus
