// SPDX-License-Identifier: MIT
//
// What is found out about a function and an optimizer by many runs: minima, ends from a grid of starts, and
// the best rate.
#pragma once

#include "optimizer.hpp"

namespace playground {

/// The point of a grid of `n` by `n` points that has its corners in those of the box.
inline Point grid_point(const Box& box, int n, int column, int row) {
  const Point share = Point(column, row) / (n - 1), size = box.upper - box.lower;
  return box.lower + share.cwiseProduct(size);
}

/// The values on a grid of `columns` by `rows` cells, at their middles, row after row from below.
inline std::vector<double> heights(const Function& f, const Box& box, int columns, int rows) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(columns * rows));
  const Point cell = (box.upper - box.lower).cwiseQuotient(Point(columns, rows));
  for (int j = 0; j < rows; ++j) {
    for (int i = 0; i < columns; ++i)
      values.push_back(f(box.lower + cell.cwiseProduct(Point(i + 0.5, j + 0.5))));
  }
  return values;
}

struct Minimum {
  Point x;
  double value;
};

/// The minima inside a box, the lowest first: those known, and those where Rprop ends from every point of a
/// grid that lies below its neighbours. Minima closer together than a thousandth of the box are one.
inline std::vector<Minimum> minima(const Function& f, const Box& box) {
  constexpr int n = 161;
  constexpr std::size_t most = 400;
  std::vector<double> values;
  for (int j = 0; j < n; ++j) {
    for (int i = 0; i < n; ++i) values.push_back(f(grid_point(box, n, i, j)));
  }
  const auto at = [&](int i, int j) { return values[static_cast<std::size_t>(j * n + i)]; };
  std::vector<Minimum> low;
  for (int j = 1; j < n - 1; ++j) {
    for (int i = 1; i < n - 1; ++i) {
      bool below = std::isfinite(at(i, j));
      for (int k = 0; k < 9 && below; ++k) below = !(at(i + k % 3 - 1, j + k / 3 - 1) < at(i, j));
      if (below) low.push_back({grid_point(box, n, i, j), at(i, j)});
    }
  }
  const auto by_value = [](const Minimum& a, const Minimum& b) { return a.value < b.value; };
  std::sort(low.begin(), low.end(), by_value);
  low.resize(std::min(low.size(), most));

  const double cell = (box.upper - box.lower).maxCoeff() / n, same = cell * n / 1000;
  const gradus::Rprop rprop{.initial_step = cell / 8, .smallest_step = 1e-14, .largest_step = cell};
  std::vector<Minimum> found;
  for (const Point& x : f.minimisers) found.push_back({x, f(x)});
  for (const Minimum& start : low) {
    Point x = start.x, gradient;
    auto state = rprop.init(x);
    for (int i = 0; i < 400; ++i) f(x, gradient), rprop.step(x, gradient, state);
    const bool inside = x == x.cwiseMax(box.lower).cwiseMin(box.upper);
    const bool known =
        std::any_of(found.begin(), found.end(), [&](const Minimum& m) { return (m.x - x).norm() <= same; });
    if (inside && !known && f(x) <= start.value) found.push_back({x, f(x)});
  }
  std::sort(found.begin(), found.end(), by_value);
  return found;
}

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
  const double near = lowest + 1e-6 * (1 + std::abs(lowest));
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
