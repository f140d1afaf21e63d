// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <gradus/core/checks.hpp>
#include <numbers>

namespace gradus {

/// Linear warmup, then half a cosine down to `floor`, constant from then on (SGDR, arXiv:1608.03983; equal to
/// `optax.warmup_cosine_decay_schedule` with its decay_steps = total_steps):
///
///     t < w:  peak · t/w
///     else:   floor + ½ (peak − floor)(1 + cos(π (t − w)/(T − w))),   t clamped to T
///
/// t counts from 0, where the rate is 0 if there is a warmup: pass t + 1 for the first step to move. Throws
/// `std::invalid_argument` unless 0 ≤ warmup_steps ≤ total_steps.
struct WarmupCosine {
  double peak = 1;                ///< highest value, at the end of the warmup
  std::int64_t warmup_steps = 0;  ///< w
  std::int64_t total_steps = 0;   ///< T, warmup included
  double floor = 0;               ///< value at and after T

  double operator()(std::int64_t t) const {
    require_field(warmup_steps >= 0 && warmup_steps <= total_steps, "WarmupCosine", "warmup_steps",
                  static_cast<double>(warmup_steps), "lie between 0 and total_steps");
    if (t < warmup_steps) return peak * static_cast<double>(t) / static_cast<double>(warmup_steps);
    if (t >= total_steps) return floor;
    const double progress =
        static_cast<double>(t - warmup_steps) / static_cast<double>(total_steps - warmup_steps);
    return floor + 0.5 * (peak - floor) * (1 + std::cos(std::numbers::pi * progress));
  }
};

}  // namespace gradus
