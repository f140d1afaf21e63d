// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/checks.hpp>
#include <gradus/core/lazy.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

// Not within `reduce_variance`, as `times`.
inline auto corrected() {
  return [](const auto& g, const auto& at_snapshot, const auto& mean) { return g - at_snapshot + mean; };
}

}  // namespace detail

/// Gradients of a batch with less variance (SVRG: Johnson & Zhang, NeurIPS 2013):
///
///     ∇f_B(θ) − ∇f_B(θ̃) + ∇f(θ̃)
///
/// `grads` is the gradient of batch B of a finite sum at the parameters θ, `at_snapshot` that of the same
/// batch at a snapshot θ̃ of them, `mean` that of the whole sum there. The result has the expectation ∇f(θ),
/// and its variance vanishes as θ and θ̃ approach a minimiser, so that a constant step converges at a linear
/// rate on a strongly convex sum. Once an epoch or two the snapshot moves to the parameters:
///
///     snapshot = theta;
///     f(snapshot, mean);
///     for (int t = 0; t < steps; ++t) {
///       const auto batch = batches.next();
///       f(theta, gradient, batch), f(snapshot, at_snapshot, batch);
///       sgd.step(theta, reduce_variance(gradient, at_snapshot, mean), state);
///     }
///
/// For any optimizer, inside its own pass; nothing is evaluated now. Trees are referred to, temporaries are
/// kept. Throws `std::invalid_argument` when structures or shapes differ.
template <class G, class Snapshot, class Mean>
auto reduce_variance(G&& grads, Snapshot&& at_snapshot, Mean&& mean) {
  static_assert(detail::explain_tree<G>() && detail::explain_tree<Snapshot>() &&
                detail::explain_tree<Mean>());
  detail::require_same_shapes("reduce_variance", grads, at_snapshot, mean);
  return gradus::lazy(detail::corrected(), std::forward<G>(grads), detail::read_only<Snapshot>(at_snapshot),
                      detail::read_only<Mean>(mean));
}

}  // namespace GRADUS_NAMESPACE
