// SPDX-License-Identifier: MIT
//
// A walk: the steps of one optimizer, recorded, and what they cost.
#pragma once

#include <chrono>
#include <cmath>
#include <gradus/concepts.hpp>
#include <gradus/minimize/observers.hpp>
#include <limits>

#include "problems.hpp"

namespace tour {

using Path = gradus::Trajectory<Point>;

/// Records `steps` steps, or as many as have finite values. What is recorded is the optimizer's `solution`,
/// which some have beside the point where they take gradients.
template <class Optimizer>
Path walk(const Optimizer& optimizer, const Problem& problem, const Point& start, int steps) {
  Path path;
  Point x = start, gradient;
  auto state = optimizer.init(x);
  for (int i = 0;; ++i) {
    path.points.push_back(gradus::solution(optimizer, x, state));
    path.values.push_back(problem.f(path.points.back(), gradient));
    if (i == steps || !std::isfinite(path.values.back())) return path;
    problem.f(x, gradient);
    optimizer.step(x, gradient, state);
  }
}

/// Nanoseconds of one step with its gradient, in a bare loop.
template <class Optimizer>
double nanoseconds(const Optimizer& optimizer, const Problem& problem, int steps) {
  double least = std::numeric_limits<double>::infinity();
  for (int repetition = 0; repetition < 20; ++repetition) {  // the fastest is the least disturbed
    Point x = problem.start, gradient;
    auto state = optimizer.init(x);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < steps; ++i) {
      problem.f(x, gradient);
      optimizer.step(x, gradient, state);
    }
    const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    least = std::min(least, elapsed.count() / steps);
  }
  return least;
}

constexpr double same_value = 1e-6;

/// The step from which all values are within `same_value` of `target`, or below it; the number of values if
/// the last is not.
inline std::size_t arrival(const Path& path, double target) {
  std::size_t step = path.values.size();
  while (step > 0 && path.values[step - 1] <= target + same_value) --step;
  return step;
}

/// How much longer the way was than the straight line between its ends: 1 is straight, zigzags are long.
inline double detour(const Path& path) {
  double length = 0;
  for (std::size_t i = 1; i < path.points.size(); ++i) length += (path.points[i] - path.points[i - 1]).norm();
  return length / (path.points.back() - path.points.front()).norm();
}

}  // namespace tour
