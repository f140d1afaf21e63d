// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/schedules/curve.hpp>

namespace GRADUS_NAMESPACE {

/// Half a cosine, then constant (equal to `optax.cosine_decay_schedule` with alpha = end/start):
///
///     end + ½ (start − end)(1 + cos(π · min(t, steps)/steps))
///
/// `torch.optim.lr_scheduler.CosineAnnealingLR` is the same up to t = steps = T_max, then climbs back. Throws
/// `std::invalid_argument` when a value is negative or not finite, or steps < 1.
struct Cosine {
  double start = 1;        ///< value at t = 0 and before
  double end = 0;          ///< value at t = steps and after
  std::int64_t steps = 0;  ///< from start to end
  GRADUS_FIELDS(Cosine, start, end, steps)

  double operator()(std::int64_t t) const {
    require_nonnegative(name(), "start", start);
    require_nonnegative(name(), "end", end);
    detail::require_steps(name(), "steps", steps);
    return interpolate(Curve::cosine, start, end, detail::progress(t, steps));
  }
};

/// Half a cosine again and again, each `multiplier` times as long as the one before (SGDR, arXiv:1608.03983;
/// equal to `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`):
///
///     floor + ½ (peak − floor)(1 + cos(π t_i/T_i)),    T_0 = first_period, T_{i+1} = multiplier · T_i
///
/// where t_i are the steps since the last restart: at a restart the value is `peak`, never `floor`. Has no
/// end. Throws `std::invalid_argument` unless first_period ≥ 1, multiplier ≥ 1 and 0 ≤ floor ≤ peak.
struct CosineRestarts {
  double peak = 1;                ///< value at t = 0 and each restart
  std::int64_t first_period = 0;  ///< T_0, steps until the first restart
  std::int64_t multiplier = 1;    ///< of the period at each restart
  double floor = 0;               ///< approached before each restart
  GRADUS_FIELDS(CosineRestarts, peak, first_period, multiplier, floor)

  double operator()(std::int64_t t) const {
    detail::require_peak_and_floor(name(), peak, floor);
    detail::require_steps(name(), "first_period", first_period);
    detail::require_steps(name(), "multiplier", multiplier);
    double since = detail::count(t), period = static_cast<double>(first_period);
    if (multiplier == 1) since = std::fmod(since, period);
    while (since >= period) {
      since -= period;
      period *= static_cast<double>(multiplier);
    }
    return interpolate(Curve::cosine, peak, floor, since / period);
  }
};

}  // namespace GRADUS_NAMESPACE
