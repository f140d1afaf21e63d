// SPDX-License-Identifier: MIT
//
// The search for the learning rate that suits a function.
#pragma once

#include <iomanip>
#include <sstream>

#include "walk.hpp"

namespace tour {

/// The field that scales the steps: the learning rate, which Rprop calls its initial step.
template <class Optimizer>
double& rate_of(Optimizer& optimizer) {
  if constexpr (requires { optimizer.learning_rate; }) {
    return optimizer.learning_rate;
  } else {
    return optimizer.initial_step;
  }
}

/// How good a walk is, best first: by how much it ended above the global minimum, and if that was reached,
/// after how many steps. Ends outside the domain, where some functions have no bottom, are as bad as infinite
/// values.
inline std::pair<double, std::size_t> rank(const Path& path, const Problem& problem) {
  const double target = lowest_value(problem), last = path.values.back();
  const Point& x = path.points.back();
  if (!std::isfinite(last) || x != x.cwiseMax(problem.domain.lower).cwiseMin(problem.domain.upper))
    return {std::numeric_limits<double>::infinity(), 0};
  return {std::max(last - target - same_value, 0.0), arrival(path, target)};
}

/// The best of 161 learning rates from 1e-6 to 100, twenty a decade, of three digits. Among many minima it
/// may be a lucky one.
template <class Optimizer>
double best_rate(Optimizer optimizer, const Problem& problem, int steps) {
  constexpr int per_decade = 20;
  auto best = rank(walk(optimizer, problem, problem.start, 0), problem);  // where it starts
  double best_rate = rate_of(optimizer);
  for (int k = -6 * per_decade; k <= 2 * per_decade; ++k) {
    std::ostringstream digits;
    digits << std::setprecision(3) << std::pow(10, double(k) / per_decade);
    rate_of(optimizer) = std::stod(digits.str());
    const auto found = rank(walk(optimizer, problem, problem.start, steps), problem);
    if (found < best) best = found, best_rate = rate_of(optimizer);
  }
  return best_rate;
}

}  // namespace tour
