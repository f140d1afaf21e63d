// SPDX-License-Identifier: MIT
//
// The minima of a function in a box, known and found.
#pragma once

#include <Eigen/Cholesky>
#include <gradus/optimizers/rprop.hpp>
#include <numbers>

#include "function.hpp"
#include "grid.hpp"

namespace playground {

struct Minimum {
  Point x;
  double value;
};

/// Newton's method from `x` with differences of the gradient, as long as the value falls.
inline Point polished(const Function& f, Point x, double step) {
  Point gradient, ahead, behind;
  for (int i = 0; i < 50; ++i) {
    const double value = f(x, gradient);
    Eigen::Matrix2d hessian;
    for (int j = 0; j < 2; ++j) {
      const Point shift = step * Point::Unit(j);
      f(x + shift, ahead), f(x - shift, behind);
      hessian.col(j) = (ahead - behind) / (2 * step);
    }
    const Eigen::LLT<Eigen::Matrix2d> factor((hessian + hessian.transpose()) / 2);
    if (factor.info() != Eigen::Success) return x;
    const Point next = x - factor.solve(gradient);
    if (!(f(next) < value)) return x;
    x = next;
  }
  return x;
}

/// Whether no point of a small circle lies lower.
inline bool is_minimum(const Function& f, const Point& x, double radius) {
  for (int k = 0; k < 64; ++k) {
    const double angle = k * std::numbers::pi / 32;
    if (f(x + radius * Point(std::cos(angle), std::sin(angle))) < f(x)) return false;
  }
  return true;
}

/// The minima inside a box, the lowest first: those known, and those where Rprop and Newton's method end from
/// every point of a grid that lies below its neighbours. Minima closer together than a thousandth of the box
/// are one.
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

  const double side = (box.upper - box.lower).maxCoeff(), cell = side / n;
  const gradus::Rprop rprop{.initial_step = cell / 8, .smallest_step = 1e-14, .largest_step = cell};
  std::vector<Minimum> found;
  for (const Point& x : f.minimisers) found.push_back({x, f(x)});
  for (const Minimum& start : low) {
    Point x = start.x, gradient;
    auto state = rprop.init(x);
    for (int i = 0; i < 200; ++i) f(x, gradient), rprop.step(x, gradient, state);
    x = polished(f, x, 1e-5 * side);
    const bool inside = x == x.cwiseMax(box.lower).cwiseMin(box.upper);
    const bool known = std::any_of(found.begin(), found.end(),
                                   [&](const Minimum& m) { return (m.x - x).norm() <= side / 1000; });
    if (inside && !known && is_minimum(f, x, side / 2000)) found.push_back({x, f(x)});
  }
  std::sort(found.begin(), found.end(), by_value);
  return found;
}

}  // namespace playground
