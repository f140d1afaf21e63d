// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace gradus {

/// The same value at every step.
struct Constant {
  double value = 0;

  double operator()(std::int64_t) const { return value; }
};

}  // namespace gradus
