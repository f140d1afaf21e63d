// SPDX-License-Identifier: MIT
//
// Contours of a function on a grid, by marching squares.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <map>
#include <vector>

namespace tour {

using Curve = std::vector<Eigen::Vector2d>;

/// The closed curves around all places where `values` are below `level`, in units of the grid's steps, with
/// these places on the left. Beyond the grid nothing is below: there the curves run half a step outside.
inline std::vector<Curve> contours(const Eigen::MatrixXd& values, double level) {
  using Edge = std::array<int, 3>;  // from the node (i, j) to the right (0) or upwards (1)
  const int columns = static_cast<int>(values.rows()), rows = static_cast<int>(values.cols());
  const auto on_grid = [&](int i, int j) { return i >= 0 && j >= 0 && i < columns && j < rows; };
  const auto below = [&](int i, int j) { return on_grid(i, j) && values(i, j) < level; };

  // In every cell the curve comes in where, once around it, what is below ends, and leaves where it begins
  // again. What is an exit of one cell is the entry of its neighbour.
  std::map<Edge, Edge> next;
  for (int i = -1; i < columns; ++i) {
    for (int j = -1; j < rows; ++j) {
      const std::array<bool, 4> in = {below(i, j), below(i + 1, j), below(i + 1, j + 1), below(i, j + 1)};
      const std::array<Edge, 4> edges = {{{i, j, 0}, {i + 1, j, 1}, {i, j + 1, 0}, {i, j, 1}}};
      for (std::size_t k = 0; k < 4; ++k) {
        if (!in[k] || in[(k + 1) % 4]) continue;
        std::size_t exit = (k + 1) % 4;
        while (in[exit] || !in[(exit + 1) % 4]) exit = (exit + 1) % 4;
        next[edges[k]] = edges[exit];
      }
    }
  }

  const auto crossing = [&](const Edge& edge) {
    const auto [i, j, up] = edge;
    const Eigen::Vector2d along(1 - up, up);
    double share = 0.5;
    if (on_grid(i, j) && on_grid(i + 1 - up, j + up)) {
      const double here = values(i, j), there = values(i + 1 - up, j + up);
      if (std::isfinite(here) && std::isfinite(there)) share = (level - here) / (there - here);
    }
    return Eigen::Vector2d(Eigen::Vector2d(i, j) + share * along);
  };
  std::vector<Curve> curves;
  while (!next.empty()) {
    Curve& curve = curves.emplace_back();
    for (auto at = next.begin(); at != next.end();) {
      curve.push_back(crossing(at->first));
      const Edge to = at->second;
      next.erase(at);
      at = next.find(to);
    }
  }
  return curves;
}

}  // namespace tour
