// SPDX-License-Identifier: MIT
//
// Test functions of several dimensions whose minimum lies at the end of a long, flat or curved valley.
#pragma once

#include <cmath>
#include <gradus/objectives/test_function.hpp>

namespace GRADUS_NAMESPACE {

/// Rosenbrock's banana valley, sum over i < d of 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2. Minimum 0 at (1, ...,
/// 1); from 4 dimensions on there is a local minimum near (-1, 1, ..., 1). At least 2 dimensions. Start
/// (-1.2, 1, ...).
struct Rosenbrock {
  static constexpr std::string_view name = "Rosenbrock";
  static constexpr std::string_view source = "H. H. Rosenbrock, The Computer Journal 3(3), 1960";
  static constexpr int dimension = Eigen::Dynamic;
  static constexpr int least_dimension = 2;  ///< the fewest variables
  static Domain domain(Index d) { return test_functions::cube<Rosenbrock>(d, -2.048, 2.048); }
  static Eigen::VectorXd start(Index d) {
    Eigen::VectorXd x = test_functions::all<Rosenbrock>(d, 1);
    for (Index i = 0; i < d; i += 2) x[i] = -1.2;
    return x;
  }
  static std::vector<Eigen::VectorXd> minimisers(Index d) { return {test_functions::all<Rosenbrock>(d, 1)}; }
  static std::optional<double> minimum(Index d) { return test_functions::value<Rosenbrock>(d, 0); }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    test_functions::check<Rosenbrock>(x);
    test_functions::Scalar<X> sum(0);
    for (Index i = 0; i + 1 < x.size(); ++i) {
      const test_functions::Scalar<X> r = x[i + 1] - x[i] * x[i];
      sum += 100 * r * r + (1 - x[i]) * (1 - x[i]);
    }
    return sum;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    test_functions::check<Rosenbrock>(x, gradient);
    gradient[0] = test_functions::Scalar<X>(0);
    for (Index i = 0; i + 1 < x.size(); ++i) {
      const test_functions::Scalar<X> r = x[i + 1] - x[i] * x[i];
      gradient[i] -= 400 * x[i] * r + 2 * (1 - x[i]);
      gradient[i + 1] = 200 * r;
    }
    return (*this)(x);
  }
};

/// The Dixon-Price function, (x_1 - 1)^2 + sum over i >= 2 of i (2 x_i^2 - x_{i-1})^2. Minimum 0 at
/// x_i = 2^(-(2^i - 2) / 2^i), where the last coordinate may have either sign (if d > 1).
struct DixonPrice {
  static constexpr std::string_view name = "Dixon-Price";
  static constexpr std::string_view source =
      "L. C. W. Dixon, R. C. Price, Journal of Optimization Theory and Applications 60, 1989";
  static constexpr int dimension = Eigen::Dynamic;
  static Domain domain(Index d) { return test_functions::cube<DixonPrice>(d, -10, 10); }
  static Eigen::VectorXd start(Index d) { return test_functions::all<DixonPrice>(d, 5); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) {
    Eigen::VectorXd x = test_functions::all<DixonPrice>(d, 1);
    for (Index i = 1; i < d; ++i) x[i] = std::sqrt(x[i - 1] / 2);
    if (d == 1) return {x};
    Eigen::VectorXd mirrored = x;
    mirrored[d - 1] *= -1;
    return {x, mirrored};
  }
  static std::optional<double> minimum(Index d) { return test_functions::value<DixonPrice>(d, 0); }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    test_functions::check<DixonPrice>(x);
    test_functions::Scalar<X> sum = (x[0] - 1) * (x[0] - 1);
    for (Index i = 1; i < x.size(); ++i) {
      const test_functions::Scalar<X> r = 2 * x[i] * x[i] - x[i - 1];
      sum += test_functions::Real<X>(i + 1) * r * r;
    }
    return sum;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    test_functions::check<DixonPrice>(x, gradient);
    gradient[0] = 2 * (x[0] - 1);
    for (Index i = 1; i < x.size(); ++i) {
      const test_functions::Scalar<X> slope =
          test_functions::Real<X>(2 * (i + 1)) * (2 * x[i] * x[i] - x[i - 1]);
      gradient[i] = 4 * x[i] * slope;
      gradient[i - 1] -= slope;
    }
    return (*this)(x);
  }
};

/// Powell's singular function, the sum over blocks (a, b, c, d) of four coordinates of
/// (a + 10 b)^2 + 5 (c - d)^2 + (b - 2 c)^4 + 10 (a - d)^4. Minimum 0 at the origin, where the Hessian is
/// singular. Start (3, -1, 0, 1, ...), where a block is worth 215.
struct PowellSingular {
  static constexpr std::string_view name = "Powell singular";
  static constexpr std::string_view source = "M. J. D. Powell, The Computer Journal 5(2), 1962";
  static constexpr int dimension = Eigen::Dynamic;
  static constexpr int dimension_multiple = 4;  ///< what divides the number of variables
  static Domain domain(Index d) { return test_functions::cube<PowellSingular>(d, -4, 5); }
  static Eigen::VectorXd start(Index d) { return test_functions::point<PowellSingular>(d, {3, -1, 0, 1}); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) {
    return {test_functions::all<PowellSingular>(d, 0)};
  }
  static std::optional<double> minimum(Index d) { return test_functions::value<PowellSingular>(d, 0); }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    using T = test_functions::Scalar<X>;
    test_functions::check<PowellSingular>(x);
    T sum(0);
    for (Index i = 0; i < x.size(); i += 4) {
      const T p = x[i] + 10 * x[i + 1], q = x[i + 2] - x[i + 3], r = x[i + 1] - 2 * x[i + 2],
              s = x[i] - x[i + 3];
      sum += p * p + 5 * q * q + r * r * r * r + 10 * s * s * s * s;
    }
    return sum;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    using T = test_functions::Scalar<X>;
    test_functions::check<PowellSingular>(x, gradient);
    for (Index i = 0; i < x.size(); i += 4) {
      const T p = x[i] + 10 * x[i + 1], q = x[i + 2] - x[i + 3], r = x[i + 1] - 2 * x[i + 2],
              s = x[i] - x[i + 3];
      const T dp = 2 * p, dq = 10 * q, dr = 4 * r * r * r, ds = 40 * s * s * s;
      gradient[i] = dp + ds;
      gradient[i + 1] = 10 * dp + dr;
      gradient[i + 2] = dq - 2 * dr;
      gradient[i + 3] = -dq - ds;
    }
    return (*this)(x);
  }
};

/// Wood's function, also called Colville's:
/// 100 (a^2 - b)^2 + (a - 1)^2 + (c - 1)^2 + 90 (c^2 - d)^2 + 10.1 ((b - 1)^2 + (d - 1)^2) + 19.8 (b - 1)(d -
/// 1). Minimum 0 at (1, 1, 1, 1). Start (-3, -1, -3, -1), value 19192.
struct Wood {
  static constexpr std::string_view name = "Wood";
  static constexpr std::string_view source =
      "A. R. Colville, IBM New York Scientific Center report 320-2949, 1968";
  static constexpr int dimension = 4;
  static Domain domain(Index d = dimension) { return test_functions::cube<Wood>(d, -10, 10); }
  static Eigen::VectorXd start(Index d = dimension) {
    return test_functions::point<Wood>(d, {-3, -1, -3, -1});
  }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    return {test_functions::all<Wood>(d, 1)};
  }
  static std::optional<double> minimum(Index d = dimension) { return test_functions::value<Wood>(d, 0); }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    using T = test_functions::Scalar<X>;
    using Real = test_functions::Real<X>;
    test_functions::check<Wood>(x);
    const T a = x[0] - 1, b = x[1] - 1, c = x[2] - 1, d = x[3] - 1;
    const T p = x[0] * x[0] - x[1], q = x[2] * x[2] - x[3];
    return 100 * p * p + a * a + c * c + 90 * q * q + Real(10.1) * (b * b + d * d) + Real(19.8) * b * d;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    using T = test_functions::Scalar<X>;
    using Real = test_functions::Real<X>;
    test_functions::check<Wood>(x, gradient);
    const T a = x[0] - 1, b = x[1] - 1, c = x[2] - 1, d = x[3] - 1;
    const T p = x[0] * x[0] - x[1], q = x[2] * x[2] - x[3];
    gradient[0] = 400 * x[0] * p + 2 * a;
    gradient[1] = -200 * p + Real(20.2) * b + Real(19.8) * d;
    gradient[2] = 360 * x[2] * q + 2 * c;
    gradient[3] = -180 * q + Real(20.2) * d + Real(19.8) * b;
    return (*this)(x);
  }
};

}  // namespace GRADUS_NAMESPACE
