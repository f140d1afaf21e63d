// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/schedules/curve.hpp>

namespace GRADUS_NAMESPACE {

/// The same value at every step. Throws `std::invalid_argument` unless it is finite and at least 0.
struct Constant {
  double value = 0;  ///< ≥ 0
  GRADUS_FIELDS(Constant, value)

  double operator()(std::int64_t) const {
    require_nonnegative(name(), "value", value);
    return value;
  }
};

}  // namespace GRADUS_NAMESPACE
