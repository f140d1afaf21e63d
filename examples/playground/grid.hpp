// SPDX-License-Identifier: MIT
//
// A function on a grid.
#pragma once

#include "function.hpp"

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

}  // namespace playground
