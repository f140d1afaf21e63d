// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/schedules/curve.hpp>

namespace GRADUS_NAMESPACE {

/// A straight line, then constant (equal to `optax.linear_schedule`; `torch.optim.lr_scheduler.LinearLR` with
/// its factors times the learning rate):
///
///     start + (end − start) · min(t, steps)/steps
///
/// Joined to another schedule it is a warmup: see `join`. Throws `std::invalid_argument` when a value is
/// negative or not finite, or steps < 1.
struct Linear {
  double start = 1;        ///< value at t = 0 and before
  double end = 0;          ///< value at t = steps and after
  std::int64_t steps = 0;  ///< from start to end
  GRADUS_FIELDS(Linear, start, end, steps)

  double operator()(std::int64_t t) const {
    require_nonnegative(name(), "start", start);
    require_nonnegative(name(), "end", end);
    detail::require_steps(name(), "steps", steps);
    return interpolate(Curve::linear, start, end, detail::progress(t, steps));
  }
};

/// A power of the time that is left, then constant (equal to `optax.polynomial_schedule`, and with end = 0 to
/// `torch.optim.lr_scheduler.PolynomialLR`):
///
///     end + (start − end)(1 − min(t, steps)/steps)^power
///
/// Throws `std::invalid_argument` when a value is negative or not finite, steps < 1, or power is not
/// positive.
struct Polynomial {
  double start = 1;        ///< value at t = 0 and before
  double end = 0;          ///< value at t = steps and after
  std::int64_t steps = 0;  ///< from start to end
  double power = 1;        ///< 1 is `Linear`; more is steep at first, less at last
  GRADUS_FIELDS(Polynomial, start, end, steps, power)

  double operator()(std::int64_t t) const {
    require_nonnegative(name(), "start", start);
    require_nonnegative(name(), "end", end);
    detail::require_steps(name(), "steps", steps);
    require_field(power > 0 && std::isfinite(power), name(), "power", power, "be positive and finite");
    return std::lerp(end, start, std::pow(1 - detail::progress(t, steps), power));
  }
};

}  // namespace GRADUS_NAMESPACE
