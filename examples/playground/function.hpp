// SPDX-License-Identifier: MIT
//
// What the optimizers walk over: the test functions of the library that take two variables, and formulas.
#pragma once

#include <functional>
#include <gradus/objectives/objectives.hpp>
#include <gradus/tools/autodiff.hpp>

#include "formula.hpp"

namespace playground {

using Point = Eigen::Vector2d;

struct Box {
  Point lower, upper;
};

/// A function of two variables and what is known about it.
struct Function {
  std::string name;    ///< of a formula "=" and the formula
  std::string source;  ///< who published it
  Box domain;
  Point start;
  std::vector<Point> minimisers;                           ///< global ones that are known
  std::function<double(const Point&, Point& gradient)> f;  ///< writes the gradient

  double operator()(const Point& x, Point& gradient) const { return f(x, gradient); }
  double operator()(const Point& x) const {
    Point ignored;
    return f(x, ignored);
  }
};

/// The test functions of the library.
inline const std::vector<Function>& functions() {
  static const std::vector<Function> all = [] {
    std::vector<Function> found;
    gradus::for_each_test_function([&]<class F>(const F& f) {
      if constexpr (gradus::test_functions::accepts<F>(2)) {
        const gradus::Domain domain = F::domain(2);
        found.push_back(
            {std::string(F::name), std::string(F::source), {domain.lower, domain.upper}, F::start(2), {}, f});
        for (const Eigen::VectorXd& x : F::minimisers(2)) found.back().minimisers.push_back(x);
      }
    });
    return found;
  }();
  return all;
}

/// The function of this name, or the formula that follows "=", with gradients by automatic differentiation.
/// Throws `std::invalid_argument` for others.
inline Function find_function(const std::string& name) {
  if (name.starts_with('=')) {
    return {name,       "a formula", {{-5, -5}, {5, 5}},
            {4.1, 4.5}, {},          gradus::with_autodiff(Formula(name.substr(1)))};
  }
  for (const Function& function : functions()) {
    if (function.name == name) return function;
  }
  throw std::invalid_argument("there is no function '" + name + "'");
}

}  // namespace playground
