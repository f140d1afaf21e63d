// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/broadcast.hpp>
#include <gradus/core/checks.hpp>
#include <gradus/core/leaf_info.hpp>
#include <gradus/core/sum_blocks.hpp>
#include <gradus/gradients/scale.hpp>

namespace GRADUS_NAMESPACE {

/// The factor by which gradients of joint norm n are scaled down to `max_norm` = c.
enum class NormClip {
  torch,  ///< min(1, c / (n + 1e-6)): a norm of exactly c still shrinks, by 1e-6 / c
  optax   ///< c / n where n ≥ c, else 1
};

/// Gradients scaled down, all by one factor, so that their joint Euclidean norm is at most `max_norm` > 0, as
/// `torch.nn.utils.clip_grad_norm_` does, or `optax.clip_by_global_norm` with `NormClip::optax`.
///
/// One pass now for the norm; the scaling happens inside the optimizer's own pass. A norm that is infinite or
/// NaN makes every coefficient 0 or NaN: check `all_finite` first if that can happen. Throws
/// `std::invalid_argument` for a bad `max_norm`.
template <class G>
auto clip_by_global_norm(G&& grads, double max_norm, NormClip form = NormClip::torch) {
  static_assert(detail::explain_tree<G>());
  require_field(max_norm > 0, "clip_by_global_norm", "max_norm", max_norm, "be positive");
  const double ratio = max_norm / (gradus::norm(grads) + (form == NormClip::torch ? 1e-6 : 0));
  const double factor = ratio >= 1 ? 1 : ratio;  // NaN stays NaN
  return gradus::lazy(detail::times(factor), std::forward<G>(grads));
}

namespace detail {

inline auto clamping(double limit) {
  return [limit](const auto& g) { return clamped(g, limit); };
}

}  // namespace detail

/// Gradients with every coefficient clamped to [−limit, limit], limit > 0; equal to
/// `torch.nn.utils.clip_grad_value_`. NaN stays NaN.
template <class G>
auto clip_by_value(G&& grads, double limit) {
  static_assert(detail::explain_tree<G>());
  require_field(limit > 0, "clip_by_value", "limit", limit, "be positive");
  return gradus::lazy(detail::clamping(limit), std::forward<G>(grads));
}

/// Gradients scaled down leaf by leaf, so that the root of the mean square of a leaf is at most `max_rms` >
/// 0:
///
///     g / max(1, RMS(g) / d),   equal to `optax.clip_by_block_rms`; Adafactor's update clipping
///                               (arXiv:1804.04235) as a gradient transformation
///
/// One pass now for the norms, and memory for one number a leaf; the scaling happens inside the optimizer's
/// own pass. Leaves for which `chosen(LeafInfo)` is false stay as they are. A leaf whose norm is infinite or
/// NaN gets coefficients that are 0 or NaN. Throws `std::invalid_argument` for a bad `max_rms`.
template <class G, LeafPredicate Chosen = decltype(any_leaf)>
auto clip_by_block_rms(G&& grads, double max_rms, const Chosen& chosen = any_leaf) {
  static_assert(detail::explain_tree<G>());
  constexpr auto who = "clip_by_block_rms";
  require_field(max_rms > 0, who, "max_rms", max_rms, "be positive");
  const auto factor_of = [&](const Path& path, const auto& g) -> Eigen::ArrayXXd {
    const bool clipped = g.size() > 0 && chosen(LeafInfo{path.name(), g.rows(), g.cols()});
    const double ratio = clipped ? max_rms / (gradus::norm(g) / std::sqrt(static_cast<double>(g.size()))) : 1;
    return Eigen::ArrayXXd::Constant(1, 1, ratio >= 1 ? 1 : ratio);
  };
  auto factors = gradus::broadcast(who, factor_of, grads);
  return gradus::lazy([](const auto& g, const auto& factor) { return factor * g; }, std::forward<G>(grads),
                      std::move(factors));
}

}  // namespace GRADUS_NAMESPACE
