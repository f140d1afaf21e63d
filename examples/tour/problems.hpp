// SPDX-License-Identifier: MIT
//
// The test functions: those of the library that take two variables, and its canyon, with the minima that are
// known.
#pragma once

#include <algorithm>
#include <gradus/minimize/minimize.hpp>
#include <gradus/objectives/objectives.hpp>
#include <gradus/optimizers/sgd.hpp>
#include <limits>
#include <string>
#include <vector>

namespace tour {

using Point = Eigen::Vector2d;

struct Minimum {
  Point x;
  double value;
  bool global;
};

struct Problem {
  std::string name;
  double (*f)(const Point& x, Point& gradient);  // a plain pointer, so that all functions have one type
  gradus::Domain domain;
  Point start;
  std::vector<Minimum> minima = {};
};

/// The known minimum at most 0.1 away from `x`, or null.
inline const Minimum* minimum_near(const Problem& problem, const Point& x) {
  for (const Minimum& m : problem.minima) {
    if ((m.x - x).norm() <= 0.1) return &m;
  }
  return nullptr;
}

/// The global minimum, which is known for all of them.
inline double lowest_value(const Problem& problem) {
  double lowest = std::numeric_limits<double>::infinity();
  for (const Minimum& m : problem.minima) lowest = std::min(lowest, m.value);
  return lowest;
}

/// The minima of a terrain: where descent leads from every height that is lower than its neighbours.
inline std::vector<Minimum> minima_of(const gradus::Terrain& terrain) {
  std::vector<Minimum> minima;
  const Eigen::MatrixXd& h = terrain.heights;
  for (Eigen::Index i = 1; i + 1 < h.rows(); ++i) {
    for (Eigen::Index j = 1; j + 1 < h.cols(); ++j) {
      if (h.block<3, 3>(i - 1, j - 1).minCoeff() < h(i, j)) continue;
      const Point share(double(i) / double(h.rows() - 1), double(j) / double(h.cols() - 1));
      const Point node =
          terrain.domain.lower + share.cwiseProduct(terrain.domain.upper - terrain.domain.lower);
      const auto end = gradus::minimize(terrain, node, gradus::SGD{.learning_rate = 0.02},
                                        {.max_steps = 100'000, .gradient_norm = 1e-10});
      minima.push_back({end.x, end.value, false});
    }
  }
  const auto lowest = std::min_element(minima.begin(), minima.end(),
                                       [](const auto& a, const auto& b) { return a.value < b.value; });
  if (lowest != minima.end()) lowest->global = true;
  return minima;
}

inline std::vector<Problem> all_problems() {
  std::vector<Problem> problems;
  gradus::for_each_test_function([&]<class F>(const F&) {
    if constexpr (gradus::test_functions::accepts<F>(2)) {
      const auto f = [](const Point& x, Point& gradient) { return F{}(x, gradient); };
      Problem& added = problems.emplace_back(Problem{std::string(F::name), f, F::domain(2), F::start(2)});
      for (const Eigen::VectorXd& x : F::minimisers(2)) added.minima.push_back({x, F{}(x), true});
      if constexpr (std::is_same_v<F, gradus::StyblinskiTang>) {
        const double best = -2.903534027771177, good = 2.746802770990837;
        for (const Point& x : {Point(best, good), Point(good, best), Point(good, good)})
          added.minima.push_back({x, F{}(x), false});
        added.start = {4.1, 4.5};
      }
    }
  });
  static const gradus::Terrain canyon = gradus::canyon();
  problems.push_back({"Canyon", [](const Point& x, Point& gradient) { return canyon(x, gradient); },
                      canyon.domain, Point(-4, -4), minima_of(canyon)});
  return problems;
}

}  // namespace tour
