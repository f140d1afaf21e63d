// SPDX-License-Identifier: MIT
//
// A statement of the theory beside what was measured.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace theory {

struct Row {
  std::string statement;
  double measured;
  std::string relation;  // of `measured` to `predicted`: =, <=, >=, > or !=
  double predicted;
  bool holds;
};

using Rows = std::vector<Row>;

/// measured = predicted, to a tolerance relative to the prediction.
inline Row equals(std::string statement, double measured, double predicted, double tolerance) {
  const bool holds = std::abs(measured - predicted) <= tolerance * std::abs(predicted);
  return {std::move(statement), measured, "=", predicted, holds};
}

/// measured ≤ bound
inline Row at_most(std::string statement, double measured, double bound) {
  return {std::move(statement), measured, "<=", bound, measured <= bound};
}

/// measured ≥ bound
inline Row at_least(std::string statement, double measured, double bound) {
  return {std::move(statement), measured, ">=", bound, measured >= bound};
}

/// measured > bound: refutes a bound that is in print.
inline Row exceeds(std::string statement, double measured, double bound) {
  return {std::move(statement), measured, ">", bound, measured > bound};
}

/// measured ≠ predicted, by more than the relative tolerance: refutes an equation that is in print.
inline Row differs(std::string statement, double measured, double predicted, double tolerance) {
  const bool holds = std::abs(measured - predicted) > tolerance * std::abs(predicted);
  return {std::move(statement), measured, "!=", predicted, holds};
}

/// The exponent p where value(T) ~ Tᵖ: the slope of the line of least squares through the logarithms at T =
/// first, 2 first, 4 first, ...
template <class Value>
double exponent(const Value& value, int first, int doublings) {
  double slope = 0, squares = 0;
  for (int k = 0; k <= doublings; ++k) {
    const double x = k - doublings / 2.0;
    slope += x * std::log2(value(first << k));
    squares += x * x;
  }
  return slope / squares;
}

}  // namespace theory
