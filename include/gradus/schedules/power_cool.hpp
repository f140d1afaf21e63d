// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/schedules/curve.hpp>

namespace GRADUS_NAMESPACE {

/// Constant, then a power of the time that is left (PowerCool of track 3 of
/// github.com/KellerJordan/modded-nanogpt):
///
///     min(peak, c (T − t)^power),    c = peak/(T − flat_steps)^power,    0 from t = T on
///
/// It is `join(Constant{peak}, flat_steps, Polynomial{.start = peak, .steps = T − flat_steps, .power =
/// power})`. The records stop before T, so that their last rate is positive: peak 0.0375, flat for 514 steps
/// and T = 2900, stopped at 2690. Throws `std::invalid_argument` unless peak ≥ 0, 0 ≤ flat_steps <
/// total_steps, and power > 0 is finite.
struct PowerCool {
  double peak = 1;               ///< value at t = 0, and until flat_steps
  std::int64_t flat_steps = 0;   ///< before it falls
  std::int64_t total_steps = 0;  ///< T, the flat steps included
  double power = 1.2;            ///< 1 is straight; more is steep at first, less at last
  GRADUS_FIELDS(PowerCool, peak, flat_steps, total_steps, power)

  double operator()(std::int64_t t) const {
    require_nonnegative(name(), "peak", peak);
    detail::require_steps(name(), "total_steps", total_steps);
    require_field(flat_steps >= 0 && flat_steps < total_steps, name(), "flat_steps",
                  static_cast<double>(flat_steps), "lie between 0 and total_steps, and below it");
    require_field(power > 0 && std::isfinite(power), name(), "power", power, "be positive and finite");
    const std::int64_t since = std::max<std::int64_t>(t, flat_steps) - flat_steps;
    return peak * std::pow(1 - detail::progress(since, total_steps - flat_steps), power);
  }
};

}  // namespace GRADUS_NAMESPACE
