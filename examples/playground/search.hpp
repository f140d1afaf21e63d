// SPDX-License-Identifier: MIT
//
// What is found out about an optimizer by many runs: their ends from a grid of starts, and the best rate.
#pragma once

#include "grid.hpp"
#include "optimizer.hpp"

namespace playground {

/// Where the runs from the points of one row of a grid end.
inline std::vector<Point> ends(const Function& f, const Optimizer& optimizer,
                               const std::vector<double>& values, const Box& box, int n, int row, int steps) {
  std::vector<Point> found;
  for (int i = 0; i < n; ++i)
    found.push_back(optimizer.run(f, values, grid_point(box, n, i, row), steps, steps).back());
  return found;
}

/// A rate that was tried.
struct Trial {
  double rate;
  double value;  ///< at the end
  int arrival;   ///< the step from which on values are near `lowest`; -1: never
};

/// Tries rates from 1e-6 to 100, eight a decade, as the first field of the optimizer, which is its rate in
/// all of them. Rates that the optimizer refuses are left out.
inline std::vector<Trial> try_rates(const Function& f, const Optimizer& optimizer, std::vector<double> values,
                                    Point start, int steps, double lowest) {
  const double near = lowest + 1e-6;
  std::vector<Trial> trials;
  for (int i = -48; i <= 16; ++i) {
    values[0] = std::pow(10, i / 8.0);
    Trial trial{values[0], 0, -1};
    try {
      const std::vector<Point> points = optimizer.run(f, values, start, steps, 1);
      for (std::size_t k = 0; k < points.size(); ++k) {
        trial.value = f(points[k]);
        if (!(trial.value <= near)) trial.arrival = -1;
        if (trial.value <= near && trial.arrival < 0) trial.arrival = static_cast<int>(k);
      }
    } catch (const std::invalid_argument&) {
      continue;
    }
    if (!std::isfinite(trial.value)) trial.value = std::numeric_limits<double>::infinity();
    trials.push_back(trial);
  }
  return trials;
}

/// The one of the trials that arrives first, or the one that ends lowest if none arrives.
inline const Trial& best_of(const std::vector<Trial>& trials) {
  const auto better = [](const Trial& a, const Trial& b) {
    if ((a.arrival < 0) != (b.arrival < 0)) return b.arrival < 0;
    return a.arrival < 0 ? a.value < b.value : a.arrival < b.arrival;
  };
  return *std::min_element(trials.begin(), trials.end(), better);
}

}  // namespace playground
