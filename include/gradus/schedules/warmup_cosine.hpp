// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/schedules/curve.hpp>

namespace GRADUS_NAMESPACE {

/// Linear warmup, then half a cosine down to `floor`, constant from then on (SGDR, arXiv:1608.03983; equal to
/// `optax.warmup_cosine_decay_schedule` with its decay_steps = total_steps):
///
///     t < w:  peak · t/w
///     else:   floor + ½ (peak − floor)(1 + cos(π (t − w)/(T − w))),   t clamped to T
///
/// t counts from 0, where the rate is 0 if there is a warmup: pass t + 1 for the first step to move. Throws
/// `std::invalid_argument` unless 0 ≤ warmup_steps ≤ total_steps, total_steps ≥ 1 and 0 ≤ floor ≤ peak.
struct WarmupCosine {
  double peak = 1;                ///< highest value, at the end of the warmup
  std::int64_t warmup_steps = 0;  ///< w
  std::int64_t total_steps = 0;   ///< T, warmup included
  double floor = 0;               ///< value at and after T
  GRADUS_FIELDS(WarmupCosine, peak, warmup_steps, total_steps, floor)

  double operator()(std::int64_t t) const {
    detail::require_peak_and_floor(name(), peak, floor);
    detail::require_steps(name(), "total_steps", total_steps);
    require_field(warmup_steps >= 0 && warmup_steps <= total_steps, name(), "warmup_steps",
                  static_cast<double>(warmup_steps), "lie between 0 and total_steps");
    if (t < warmup_steps) return peak * detail::progress(t, warmup_steps);
    if (t >= total_steps) return floor;
    return interpolate(Curve::cosine, peak, floor,
                       detail::progress(t - warmup_steps, total_steps - warmup_steps));
  }
};

}  // namespace GRADUS_NAMESPACE
