// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/schedules/curve.hpp>

namespace GRADUS_NAMESPACE {

/// Multiplied by `factor` in every `steps` steps, little by little (equal to `optax.exponential_decay`, floor
/// being its end_value; with steps = 1 and no floor to `torch.optim.lr_scheduler.ExponentialLR`):
///
///     max(floor, start · factor^(t/steps)),    the exponent rounded down if `staircase`
///
/// Has no end; with factor > 1 it grows without bound, as in a search for the largest useful learning rate.
/// Throws `std::invalid_argument` when a value is negative or not finite, steps < 1, or floor > start.
struct Exponential {
  double start = 1;        ///< value at t = 0 and before
  double factor = 0.1;     ///< ≥ 0
  std::int64_t steps = 1;  ///< in which the value is multiplied by factor once
  double floor = 0;        ///< never below this
  bool staircase = false;  ///< all at once at the end of each `steps`: then without a floor it is `StepDecay`
  GRADUS_FIELDS(Exponential, start, factor, steps, floor, staircase)

  double operator()(std::int64_t t) const {
    require_nonnegative(name(), "start", start);
    require_nonnegative(name(), "factor", factor);
    detail::require_steps(name(), "steps", steps);
    require_field(floor >= 0 && floor <= start, name(), "floor", floor, "lie between 0 and start");
    const double times = detail::count(t) / static_cast<double>(steps);
    return std::max(floor, start * std::pow(factor, staircase ? std::floor(times) : times));
  }
};

}  // namespace GRADUS_NAMESPACE
