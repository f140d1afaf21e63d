// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/schedules/curve.hpp>
#include <vector>

namespace GRADUS_NAMESPACE {

/// Multiplied by `factor` once every `steps` steps, first at t = steps (equal to
/// `torch.optim.lr_scheduler.StepLR`):
///
///     start · factor^⌊t/steps⌋
///
/// Has no end. Throws `std::invalid_argument` when a value is negative or not finite, or steps < 1.
struct StepDecay {
  double start = 1;        ///< value at t = 0 and before
  double factor = 0.1;     ///< ≥ 0
  std::int64_t steps = 0;  ///< length of a stair
  GRADUS_FIELDS(StepDecay, start, factor, steps)

  double operator()(std::int64_t t) const {
    require_nonnegative(name(), "start", start);
    require_nonnegative(name(), "factor", factor);
    detail::require_steps(name(), "steps", steps);
    return start * std::pow(factor, std::floor(detail::count(t) / static_cast<double>(steps)));
  }
};

/// Multiplied by `factor` at each boundary: from t = boundary on, not after it (equal to
/// `torch.optim.lr_scheduler.MultiStepLR`; `optax.piecewise_constant_schedule` with equal scales):
///
///     start · factor^(number of boundaries ≤ t)
///
/// For any values, `join` constants: join(Constant{1}, 30, Constant{0.3}, 60, Constant{0.2}). Throws
/// `std::invalid_argument` when a value is negative or not finite, or a boundary is below 1 or not above the
/// one before it.
struct MultiStepDecay {
  double start = 1;                           ///< value before the first boundary
  double factor = 0.1;                        ///< ≥ 0
  std::vector<std::int64_t> boundaries = {};  ///< rising
  GRADUS_FIELDS(MultiStepDecay, start, factor, boundaries)

  double operator()(std::int64_t t) const {
    require_nonnegative(name(), "start", start);
    require_nonnegative(name(), "factor", factor);
    std::int64_t before = 0;
    int passed = 0;
    for (const std::int64_t boundary : boundaries) {
      require_field(boundary > before, name(), "boundaries", static_cast<double>(boundary),
                    "rise and be at least 1");
      before = boundary;
      passed += t >= boundary;
    }
    return start * std::pow(factor, passed);
  }
};

}  // namespace GRADUS_NAMESPACE
