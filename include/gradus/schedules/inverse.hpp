// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/schedules/constant.hpp>
#include <gradus/schedules/join.hpp>
#include <gradus/schedules/polynomial.hpp>

namespace GRADUS_NAMESPACE {

/// Falls as one over the time, from an offset (equal to TensorFlow's `InverseTimeDecay` with timescale =
/// decay_steps / decay_rate):
///
///     start · τ/(τ + t)
///
/// On a μ-strongly convex, L-smooth function, start = 1/L and τ = 2L/μ is η = 2/(μ(τ + t)), for which the
/// error of SGD falls as 1/t (Bottou, Curtis & Nocedal, SIAM Review 60, 2018, theorem 4.7, whose first step
/// is t = 1 with γ = τ − 1). The offset keeps the first steps at 1/L or below; 2/(μ(t + 1)) without it
/// diverges at first. Has no end. Throws `std::invalid_argument` unless start ≥ 0 and τ > 0 are finite.
struct InverseTime {
  double start = 1;      ///< value at t = 0 and before
  double timescale = 0;  ///< τ: half of start is left after τ
  GRADUS_FIELDS(InverseTime, start, timescale)

  double operator()(std::int64_t t) const {
    require_nonnegative(name(), "start", start);
    require_field(timescale > 0 && std::isfinite(timescale), name(), "timescale", timescale,
                  "be positive and finite");
    return start * timescale / (timescale + detail::count(t));
  }
};

/// Falls as one over the root of the time, from an offset:
///
///     start · √(τ/(τ + t))
///
/// After a warmup of w steps it is Hugging Face's `get_inverse_sqrt_schedule`, and with τ = w the
/// Transformer's:
///
///     join(Linear{.start = 0, .end = peak, .steps = w}, w, InverseSquareRoot{.start = peak, .timescale = τ})
///
/// Has no end. Throws `std::invalid_argument` unless start ≥ 0 and τ > 0 are finite.
struct InverseSquareRoot {
  double start = 1;      ///< value at t = 0 and before
  double timescale = 0;  ///< τ: half of start is left after 3τ
  GRADUS_FIELDS(InverseSquareRoot, start, timescale)

  double operator()(std::int64_t t) const {
    require_nonnegative(name(), "start", start);
    require_field(timescale > 0 && std::isfinite(timescale), name(), "timescale", timescale,
                  "be positive and finite");
    return start * std::sqrt(timescale / (timescale + detail::count(t)));
  }
};

/// The schedule of the Transformer, named after Noam Shazeer (arXiv:1706.03762, equation 3):
///
///     1/√width · min(1/√t, t/w^1.5)
///
/// which rises to 1/√(width · w) at t = w. The paper counts from 1: pass t + 1; at t = 0 the rate is 0.
/// Throws `std::invalid_argument` unless both are at least 1.
inline Joined<Linear, InverseSquareRoot> noam_schedule(std::int64_t width, std::int64_t warmup_steps) {
  detail::require_steps("noam_schedule", "width", width);
  detail::require_steps("noam_schedule", "warmup_steps", warmup_steps);
  const double w = static_cast<double>(warmup_steps), peak = 1 / std::sqrt(static_cast<double>(width) * w);
  return join(Linear{.start = 0, .end = peak, .steps = warmup_steps}, warmup_steps,
              InverseSquareRoot{.start = peak, .timescale = w});
}

/// The schedule of T5 (arXiv:1910.10683, section 3.1.2): 1/√max(t, k), constant for the first k steps. Throws
/// `std::invalid_argument` unless k ≥ 1.
inline Joined<Constant, InverseSquareRoot> t5_schedule(std::int64_t constant_steps = 10000) {
  detail::require_steps("t5_schedule", "constant_steps", constant_steps);
  const double k = static_cast<double>(constant_steps), value = 1 / std::sqrt(k);
  return join(Constant{value}, constant_steps, InverseSquareRoot{.start = value, .timescale = k});
}

}  // namespace GRADUS_NAMESPACE
