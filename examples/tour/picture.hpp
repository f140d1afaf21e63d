// SPDX-License-Identifier: MIT
//
// The picture: the ways over the contours of the function, and the values on the way. gnuplot draws it.
#pragma once

#include <filesystem>
#include <fstream>
#include <iomanip>

#include "../support.hpp"
#include "tables.hpp"

namespace tour {

/// What is shown: the domain, or the surroundings of the ways if these are short.
inline gradus::Domain view(const std::vector<Run>& runs, const Problem& problem) {
  gradus::Domain most = problem.domain, box{problem.start, problem.start};
  const auto extend = [](gradus::Domain& domain, const Point& x) {
    domain.lower = domain.lower.cwiseMin(x), domain.upper = domain.upper.cwiseMax(x);
  };
  extend(most, problem.start);
  for (const Run& run : runs) {
    for (const Point& x : run.path.points)
      if (x == x.cwiseMax(most.lower).cwiseMin(most.upper)) extend(box, x);
  }
  const double side = 1.2 * (box.upper - box.lower).maxCoeff();
  if (side == 0 || side > 0.4 * (most.upper - most.lower).minCoeff()) return most;
  const Eigen::Array2d centre = (box.lower + box.upper) / 2;
  return {centre - side / 2, centre + side / 2};
}

/// The function on a grid: at (i, j), i steps from the left, j from below.
inline Eigen::MatrixXd surface(const Problem& problem, const gradus::Domain& box, int steps) {
  Eigen::MatrixXd values(steps + 1, steps + 1);
  Point gradient;
  for (int i = 0; i <= steps; ++i) {
    for (int j = 0; j <= steps; ++j) {
      const Point x = box.lower + (Point(i, j) / steps).cwiseProduct(Point(box.upper - box.lower));
      values(i, j) = problem.f(x, gradient);
    }
  }
  return values;
}

inline std::vector<double> sorted(const Eigen::MatrixXd& values) {
  std::vector<double> all(values.data(), values.data() + values.size());
  std::sort(all.begin(), all.end());
  return all;
}

inline auto csv(const Point& x) { return x.format({Eigen::StreamPrecision, Eigen::DontAlignCols, ",", ","}); }

// The function on a grid, each value as the share of the grid that lies below: contours at equal distances of
// that show the shape of any function.
inline void write_surface(std::ostream& out, const Problem& problem, const gradus::Domain& box) {
  constexpr int n = 200;
  const Eigen::MatrixXd values = surface(problem, box, n);
  const std::vector<double> ranks = sorted(values);
  for (int i = 0; i <= n; ++i) {
    for (int j = 0; j <= n; ++j) {
      const Point x = box.lower + (Point(i, j) / n).cwiseProduct(Point(box.upper - box.lower));
      const auto below = std::lower_bound(ranks.begin(), ranks.end(), values(i, j)) - ranks.begin();
      out << csv(x) << ',' << double(below) / double(ranks.size()) << '\n';
    }
    out << '\n';
  }
}

/// Writes tour.csv, and tour.svg if gnuplot is there.
inline void draw(const std::vector<Run>& runs, const Problem& problem, int steps,
                 const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::ofstream table(folder / "tour.csv"), surface(folder / "tour_surface.csv"), script(folder / "tour.gp");
  const gradus::Domain box = view(runs, problem);
  write_surface(surface << std::setprecision(9), problem, box);

  table << std::setprecision(17) << "optimizer,step,x,y,value\n";
  script << std::setprecision(9) << "$points << END\nstart,0," << csv(problem.start) << '\n';
  for (const Minimum& m : problem.minima) script << "minimum," << m.global << ',' << csv(m.x) << '\n';
  const double first = runs.front().path.values.front();
  double lowest = first;
  std::size_t lines = 0, left_out = 0;
  std::string names;
  for (const Run& run : runs) {
    for (std::size_t i = 0; i < run.path.points.size(); ++i) {
      table << run.name << ',' << i << ',' << csv(run.path.points[i]) << ',' << run.path.values[i] << '\n';
    }
    if (!run.drawn) continue;
    if (lines == most_drawn) {
      ++left_out;
      continue;
    }
    for (const double value : run.path.values) lowest = std::min(lowest, value);
    script << run.name << ",0," << csv(run.path.points.back()) << '\n';
    ++lines, names.append(names.empty() ? "\"" : ", \"").append(run.name) += '"';
  }
  const auto picture = std::filesystem::path(__FILE__).parent_path() / "tour.gp";
  const double margin = 0.05 * (first - lowest) + 1e-9;
  script << "END\nn = " << lines << "\narray names[n] = [" << names << "]\ntitle = '" << problem.name << ", "
         << steps << " steps from (" << problem.start[0] << ", " << problem.start[1]
         << ")'\nsteps = " << steps << "\nlowest = " << lowest - margin << "\nhighest = " << first + margin
         << "\nset xrange [" << box.lower[0] << ':' << box.upper[0] << "]\nset yrange [" << box.lower[1]
         << ':' << box.upper[1] << "]\nload '" << picture.generic_string() << "'\n";
  table.close(), surface.close(), script.close();
  if (!table || !surface || !script) throw std::runtime_error("cannot write to '" + folder.string() + "'");
  const bool drawn = examples::gnuplot(folder, "tour.gp");
  std::printf("written: %s%s%s\n", (folder / "tour.csv").string().c_str(), drawn ? " and tour.svg" : "",
              drawn && left_out > 0 ? ", which shows the first nine" : "");
}

}  // namespace tour
