// SPDX-License-Identifier: MIT
//
// Basin statistics: where an optimizer ends from a whole grid of starts.
#pragma once

#include "walk.hpp"

namespace tour {

/// How many starts led to the global minimum (or to one of several), to a local one, and elsewhere.
struct Basins {
  int global = 0, local = 0, elsewhere = 0;
};

/// Starts from `side` x `side` points spread over the domain, its edges included.
template <class Optimizer>
Basins basins(const Optimizer& optimizer, const Problem& problem, int side, int steps) {
  Basins basins;
  const Point lower = problem.domain.lower, size = problem.domain.upper - problem.domain.lower;
  for (int i = 0; i < side; ++i) {
    for (int j = 0; j < side; ++j) {
      const Point start = lower + (Point(i, j) / (side - 1)).cwiseProduct(size);
      const Minimum* found = minimum_near(problem, walk(optimizer, problem, start, steps).points.back());
      ++(!found ? basins.elsewhere : found->global ? basins.global : basins.local);
    }
  }
  return basins;
}

}  // namespace tour
