// SPDX-License-Identifier: MIT
//
// A walk as a line on a page, which can be asked where it was after any number of steps.
#pragma once

#include "contours.hpp"
#include "walk.hpp"

namespace tour {

/// A page of 1000 x 1000 units that shows a box of the plane; y grows downwards, as in SVG.
struct Page {
  static constexpr double size = 1000;
  gradus::Domain box;

  Point operator()(const Point& x) const {
    const Point share = (x - box.lower).cwiseQuotient(Point(box.upper - box.lower));
    return size * Point(share.x(), 1 - share.y());
  }
};

/// Points are in whole units, and steps that hardly move are left out. A walk that leads far away ends there.
struct Track {
  Curve points;                        // on the page
  std::vector<double> steps, lengths;  // at each point: steps taken, and the length of the way so far

  Track(const Path& path, const Page& page) {
    for (std::size_t i = 0; i < path.points.size(); ++i) {
      const Point here = page(path.points[i]).array().round();
      if (!(here.cwiseAbs().maxCoeff() < 3 * Page::size)) break;
      const double by = points.empty() ? 0 : (here - points.back()).norm();
      if (!points.empty() && by < 2 && i + 1 < path.points.size()) continue;
      lengths.push_back(points.empty() ? 0 : lengths.back() + by);
      points.push_back(here), steps.push_back(double(i));
    }
  }

  /// The point and the length after `step` steps, with fractions between two steps.
  std::pair<Point, double> at(double step) const {
    const auto after = std::upper_bound(steps.begin(), steps.end(), step);
    if (after == steps.end()) return {points.back(), lengths.back()};
    const auto k = static_cast<std::size_t>(after - steps.begin());
    const double share = (step - steps[k - 1]) / (steps[k] - steps[k - 1]);
    return {points[k - 1] + share * (points[k] - points[k - 1]),
            lengths[k - 1] + share * (lengths[k] - lengths[k - 1])};
  }
};

}  // namespace tour
