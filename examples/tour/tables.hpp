// SPDX-License-Identifier: MIT
//
// What `tour` prints.
#pragma once

#include <cstdio>

#include "basins.hpp"

namespace tour {

/// As many as a picture can hold.
constexpr std::size_t most_drawn = 9;

struct Run {
  std::string name;
  Path path;
  double nanoseconds;  // of one step with its gradient
  bool drawn;          // whether pictures show it, if there is room
};

inline void print_table(const std::vector<Run>& runs, const Problem& problem, int width) {
  std::printf("%-*s %24s %14s  %-7s %6s %8s %8s\n", width, "optimizer", "final point", "value", "minimum",
              "steps", "detour", "ns/step");
  bool diverged = false;
  for (const Run& run : runs) {
    const Point& x = run.path.points.back();
    const double value = run.path.values.back();
    const bool finite = std::isfinite(value);
    const Minimum* minimum = finite ? minimum_near(problem, x) : nullptr;
    char place[32] = "diverged", way[16] = "-";
    if (finite) std::snprintf(place, sizeof place, "(%.5g, %.5g)", x[0], x[1]);
    if (finite) std::snprintf(way, sizeof way, "%.3g", detour(run.path));
    const std::size_t step = minimum ? arrival(run.path, minimum->value) : run.path.values.size();
    const std::string steps = step == run.path.values.size() ? "-" : std::to_string(step);
    const char* kind = !minimum ? "-" : minimum->global ? "global" : "local";
    std::printf("%-*s %24s %14.8g  %-7s %6s %8s %8.1f\n", width, run.name.c_str(), place, value, kind,
                steps.c_str(), way, run.nanoseconds);
    diverged = diverged || !finite;
  }
  std::printf("minimum: the known one within 0.1 of the final point\n");
  std::printf("steps: from this one on, the values are within %g of that minimum\n", same_value);
  std::printf("detour: the length of the way, divided by the distance from its start to its end\n");
  if (diverged) std::printf("diverged: --tune looks for rates that suit this function\n");
}

inline void print_basins(const std::vector<std::pair<std::string, Basins>>& rows, int side, int width) {
  std::printf("\nends of the ways from %d x %d starts\n", side, side);
  std::printf("%-*s %8s %8s %10s\n", width, "optimizer", "global", "local", "elsewhere");
  for (const auto& [name, basins] : rows) {
    std::printf("%-*s %8d %8d %10d\n", width, name.c_str(), basins.global, basins.local, basins.elsewhere);
  }
}

}  // namespace tour
