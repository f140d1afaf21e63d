// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/schedules/curve.hpp>

namespace GRADUS_NAMESPACE {

/// Straight up and straight down, again and again (arXiv:1506.01186; equal to
/// `torch.optim.lr_scheduler.CyclicLR`, with factor = 1 its mode "triangular" and with 0.5 "triangular2"):
///
///     low + (high − low) · factor^⌊t/T⌋ · (r/rising_steps, or (T − r)/falling_steps on the way down)
///
/// with T = rising_steps + falling_steps and r = t mod T. Has no end. Throws `std::invalid_argument` unless
/// 0 ≤ low ≤ high, 0 ≤ factor ≤ 1 and both numbers of steps are at least 1.
struct Triangular {
  double low = 0;                  ///< value at t = 0 and between cycles
  double high = 1;                 ///< value at the top of the first cycle
  std::int64_t rising_steps = 0;   ///< up
  std::int64_t falling_steps = 0;  ///< down
  double factor = 1;               ///< of the height, after each cycle
  GRADUS_FIELDS(Triangular, low, high, rising_steps, falling_steps, factor)

  double operator()(std::int64_t t) const {
    require_nonnegative(name(), "high", high);
    require_field(low >= 0 && low <= high, name(), "low", low, "lie between 0 and high");
    detail::require_steps(name(), "rising_steps", rising_steps);
    detail::require_steps(name(), "falling_steps", falling_steps);
    require_field(factor >= 0 && factor <= 1, name(), "factor", factor, "lie in [0, 1]");
    const std::int64_t steps = std::max<std::int64_t>(t, 0), period = rising_steps + falling_steps,
                       cycle = steps / period, r = steps % period;
    const double height =
        r < rising_steps ? detail::progress(r, rising_steps) : detail::progress(period - r, falling_steps);
    return std::lerp(low, high, height * std::pow(factor, static_cast<double>(cycle)));
  }
};

}  // namespace GRADUS_NAMESPACE
