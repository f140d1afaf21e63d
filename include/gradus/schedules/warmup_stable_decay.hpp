// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/schedules/curve.hpp>

namespace GRADUS_NAMESPACE {

/// Linear warmup, a long constant stretch, then a short decay to `floor`, constant from then on (MiniCPM,
/// arXiv:2404.06395). The end need not be known when the training starts: lengthen `stable_steps` at will.
///
///     t < w:      peak · t/w
///     t < w + s:  peak
///     else:       from peak to floor along `decay`, in d steps
///
/// MiniCPM's own decay, 0.5^((t − w − s)/h), is Curve::exponential with floor = peak · 0.5^(d/h).
/// modded-nanogpt's trapezoid is Curve::linear. t counts from 0, where the rate is 0 if there is a warmup:
/// pass t + 1 for the first step to move. Throws `std::invalid_argument` unless warmup_steps ≥ 0,
/// stable_steps ≥ 0, decay_steps ≥ 1 and 0 ≤ floor ≤ peak, or when the decay is exponential and floor = 0.
struct WarmupStableDecay {
  double peak = 1;                ///< highest value, from the end of the warmup to the start of the decay
  std::int64_t warmup_steps = 0;  ///< w
  std::int64_t stable_steps = 0;  ///< s
  std::int64_t decay_steps = 0;   ///< d
  double floor = 0;               ///< value at and after w + s + d
  Curve decay = Curve::linear;    ///< all shapes of the papers: linear, cosine, one_minus_sqrt, exponential
  GRADUS_FIELDS(WarmupStableDecay, peak, warmup_steps, stable_steps, decay_steps, floor, decay)

  double operator()(std::int64_t t) const {
    detail::require_peak_and_floor(name(), peak, floor);
    detail::require_steps(name(), "warmup_steps", warmup_steps, 0);
    detail::require_steps(name(), "stable_steps", stable_steps, 0);
    detail::require_steps(name(), "decay_steps", decay_steps);
    require_field(decay != Curve::exponential || floor > 0, name(), "floor", floor,
                  "be positive for an exponential decay");
    if (t < warmup_steps) return peak * detail::progress(t, warmup_steps);
    return interpolate(decay, peak, floor, detail::progress(t - warmup_steps - stable_steps, decay_steps));
  }
};

}  // namespace GRADUS_NAMESPACE
