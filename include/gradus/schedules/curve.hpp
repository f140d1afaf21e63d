// SPDX-License-Identifier: MIT
//
// What the schedules share. Steps count from 0; a step below 0 counts as 0, and a step beyond the end of a
// schedule that has one as its end.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <gradus/core/checks.hpp>
#include <gradus/core/state.hpp>
#include <numbers>

namespace GRADUS_NAMESPACE {

/// The ways from one value to another. With p the share of the way, 0 to 1, and s the share of the change:
enum class Curve {
  linear,          ///< s = p
  cosine,          ///< s = ½ (1 − cos πp)
  one_minus_sqrt,  ///< s = √p: steep at first; what is left is 1 − √p (arXiv:2405.18392)
  exponential      ///< start · (end/start)^p, equal factors in equal times; both ends must be positive
};

/// The value at share `p` of the way from `start` to `end`; exact at both ends.
inline double interpolate(Curve curve, double start, double end, double p) {
  switch (curve) {
    case Curve::linear:
      return std::lerp(start, end, p);
    case Curve::cosine:
      return std::lerp(start, end, 0.5 * (1 - std::cos(std::numbers::pi * p)));
    case Curve::one_minus_sqrt:
      return std::lerp(start, end, std::sqrt(p));
    case Curve::exponential:
      return std::pow(start, 1 - p) * std::pow(end, p);
  }
  throw std::invalid_argument("interpolate: curve is none of the enumerators of Curve");
}

namespace detail {

/// A step count as a real number, not below 0.
inline double count(std::int64_t t) { return static_cast<double>(std::max<std::int64_t>(t, 0)); }

/// The share of `steps` > 0 that is over at t, 0 to 1.
inline double progress(std::int64_t t, std::int64_t steps) {
  return std::min(count(t) / static_cast<double>(steps), 1.0);
}

inline void require_steps(std::string_view who, std::string_view field, std::int64_t steps,
                          std::int64_t least = 1) {
  require_field(steps >= least, who, field, static_cast<double>(steps),
                least == 0 ? "be at least 0" : "be at least 1");
}

inline void require_peak_and_floor(std::string_view who, double peak, double floor) {
  require_nonnegative(who, "peak", peak);
  require_field(floor >= 0 && floor <= peak, who, "floor", floor, "lie between 0 and peak");
}

}  // namespace detail
}  // namespace GRADUS_NAMESPACE
