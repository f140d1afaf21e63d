// SPDX-License-Identifier: MIT
//
// Is the gradient that an objective writes the derivative of its value?
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <gradus/core/like.hpp>
#include <limits>
#include <ostream>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>

namespace GRADUS_NAMESPACE {

/// What `check_gradient` found. Converts to true if the gradient is right.
struct GradientCheck {
  double worst_error = 0;  ///< The largest relative error, infinite where the gradient is not a number.
  double tolerance = 0;    ///< What finite differences can resolve: 10 eps^(1/3) of the least precise leaf.
  std::string worst;       ///< The coefficient with that error: "x(3)", "w1(2, 5)".
  double analytic = 0;     ///< What the objective says about it.
  double numeric = 0;      ///< What central differences say about it.

  bool ok() const { return worst_error <= tolerance; }  ///< Whether the gradient is right.
  explicit operator bool() const { return ok(); }       ///< Same.
};

/// A sentence for people: "gradient wrong: d f / d x(3) is 2.5, central differences give 5 (...)".
inline std::ostream& operator<<(std::ostream& out, const GradientCheck& check) {
  out << "gradient " << (check.ok() ? "right" : "wrong");
  if (!check.worst.empty()) {
    out << ": d f / d " << check.worst << " is " << check.analytic << ", central differences give "
        << check.numeric;
  }
  return out << " (relative error " << check.worst_error << ", tolerance " << check.tolerance << ')';
}

/// The same sentence as a string.
inline std::string to_string(const GradientCheck& check) {
  std::ostringstream out;
  out << check;
  return out.str();
}

namespace detail {

template <class L>
std::string coefficient_name(const Path& path, const L&, Index i, Index j) {
  const std::string leaf = path.name();
  const std::string place =
      L::IsVectorAtCompileTime ? std::to_string(i + j) : std::to_string(i) + ", " + std::to_string(j);
  return (leaf.empty() ? "x" : leaf) + '(' + place + ')';
}

}  // namespace detail

/// Compares the gradient of the objective `f` at `x`, an Eigen object or any tree of them, with central
/// differences, coefficient by coefficient. Costs two values of `f` for each; `x` itself is not touched. An
/// error is relative to the larger of both derivatives, but never to less than eps^(1/3) max(1, |f(x)|),
/// below which differences drown in rounding. At a kink the comparison says nothing.
template <class F, Parameters P>
GradientCheck check_gradient(F&& f, const P& x) {
  auto point = detail::deep_copy(x);
  auto gradient = point;
  const auto unwritten = [](const Path&, auto& leaf) {
    using Scalar = typename std::remove_cvref_t<decltype(leaf)>::Scalar;
    leaf.setConstant(static_cast<Scalar>(std::numeric_limits<double>::quiet_NaN()));
  };
  gradus::walk("check_gradient", unwritten, gradient);  // so that a forgotten coefficient is found
  const auto& const_point = point;
  const double value = static_cast<double>(f(const_point, gradient));

  GradientCheck check;
  const auto compare = [&](const Path& path, auto& leaf, const auto& slope) {
    using Scalar = typename std::remove_cvref_t<decltype(leaf)>::Scalar;
    const double epsilon = static_cast<double>(Eigen::NumTraits<Scalar>::epsilon());
    const double resolution = std::cbrt(epsilon);
    check.tolerance = std::max(check.tolerance, 10 * resolution);
    for (Index j = 0; j < leaf.cols(); ++j) {
      for (Index i = 0; i < leaf.rows(); ++i) {
        const Scalar here = leaf(i, j);
        const double step = std::cbrt(epsilon * std::max(1.0, std::abs(static_cast<double>(here))));
        const auto value_at = [&](double coefficient) {
          leaf(i, j) = static_cast<Scalar>(coefficient);
          return std::pair{static_cast<double>(leaf(i, j)), static_cast<double>(f(const_point))};
        };
        const auto [above, value_above] = value_at(static_cast<double>(here) + step);
        const auto [below, value_below] = value_at(static_cast<double>(here) - step);
        leaf(i, j) = here;

        const double analytic = static_cast<double>(slope(i, j));
        const double numeric = (value_above - value_below) / (above - below);
        const double floor = resolution * std::max(1.0, std::abs(value));
        double error =
            std::abs(analytic - numeric) / std::max({std::abs(analytic), std::abs(numeric), floor});
        if (!std::isfinite(error)) error = std::numeric_limits<double>::infinity();
        if (check.worst.empty() || error > check.worst_error) {
          check.worst_error = error;
          check.worst = detail::coefficient_name(path, leaf, i, j);
          check.analytic = analytic;
          check.numeric = numeric;
        }
      }
    }
  };
  gradus::walk("check_gradient", compare, point, gradient);
  return check;
}

}  // namespace GRADUS_NAMESPACE
