// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/schedules/curve.hpp>

namespace GRADUS_NAMESPACE {

/// Up to `peak` and down to almost nothing, once, with a momentum that does the opposite (1cycle,
/// arXiv:1708.07120; equal to `torch.optim.lr_scheduler.OneCycleLR`, whose end it reaches at t = N − 1):
///
///     rate:      peak/start_divisor → peak → peak/(start_divisor · end_divisor)
///     momentum:  high_momentum → low_momentum → high_momentum
///
/// The peak is at t = rising_fraction · N − 1, which may lie between two steps. With `three_phase` the way
/// down is as long as the way up and ends at the value of the start, and a third phase goes from there to the
/// end, with high_momentum. Constant after the end, where PyTorch's throws. Throws `std::invalid_argument`
/// when a field is out of the range given beside it.
///
///     optimizer.learning_rate = cycle(t);
///     optimizer.momentum = cycle.momentum(t);
struct OneCycle {
  double peak = 1;               ///< highest rate, ≥ 0
  std::int64_t total_steps = 0;  ///< N
  double rising_fraction = 0.3;  ///< below 1 (with three_phase at most ½), more than one step
  double start_divisor = 25;     ///< the rate at t = 0 is peak divided by this, ≥ 1
  double end_divisor = 1e4;      ///< the last rate is the first divided by this, ≥ 1
  double high_momentum = 0.95;   ///< at the start and the end, in [0, 1)
  double low_momentum = 0.85;    ///< at the peak of the rate, between 0 and high_momentum
  Curve curve = Curve::cosine;   ///< of each phase
  bool three_phase = false;      ///< as in the paper
  GRADUS_FIELDS(OneCycle, peak, total_steps, rising_fraction, start_divisor, end_divisor, high_momentum,
                low_momentum, curve, three_phase)

  /// The learning rate at step t.
  double operator()(std::int64_t t) const {
    const double start = peak / start_divisor;
    return at(t, start, peak, start, start / end_divisor);
  }

  /// The momentum, or Adam's β1, at step t.
  double momentum(std::int64_t t) const {
    return at(t, high_momentum, low_momentum, high_momentum, high_momentum);
  }

 private:
  // From `start` to `top` and `end`; between these by way of `back` with three phases.
  double at(std::int64_t t, double start, double top, double back, double end) const {
    check();
    const double rise = rising_fraction * static_cast<double>(total_steps) - 1;
    const double last = static_cast<double>(total_steps - 1), now = std::min(detail::count(t), last);
    if (now <= rise) return interpolate(curve, start, top, now / rise);
    if (!three_phase) return interpolate(curve, top, end, (now - rise) / (last - rise));
    if (now <= 2 * rise) return interpolate(curve, top, back, (now - rise) / rise);
    return interpolate(curve, back, end, (now - 2 * rise) / (last - 2 * rise));
  }

  void check() const {
    require_nonnegative(name(), "peak", peak);
    detail::require_steps(name(), "total_steps", total_steps);
    require_field(rising_fraction * static_cast<double>(total_steps) > 1 &&
                      (three_phase ? rising_fraction <= 0.5 : rising_fraction < 1),
                  name(), "rising_fraction", rising_fraction,
                  "span more than one step and less than the cycle, with three_phase at most half of it");
    require_field(start_divisor >= 1 && std::isfinite(start_divisor), name(), "start_divisor", start_divisor,
                  "be finite and at least 1");
    require_field(end_divisor >= 1 && std::isfinite(end_divisor), name(), "end_divisor", end_divisor,
                  "be finite and at least 1");
    require_fraction(name(), "high_momentum", high_momentum);
    require_field(low_momentum >= 0 && low_momentum <= high_momentum, name(), "low_momentum", low_momentum,
                  "lie between 0 and high_momentum");
    require_field(curve != Curve::exponential || low_momentum > 0, name(), "low_momentum", low_momentum,
                  "be positive for exponential curves");
  }
};

}  // namespace GRADUS_NAMESPACE
