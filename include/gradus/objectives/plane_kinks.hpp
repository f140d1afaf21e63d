// SPDX-License-Identifier: MIT
//
// Test functions of two variables (x, y) with many local minima and with kinks.
#pragma once

#include <cmath>
#include <gradus/objectives/test_function.hpp>
#include <numbers>

namespace GRADUS_NAMESPACE {

/// Bukin's sixth function, 100 sqrt|y - x^2 / 100| + |x + 10| / 100: a valley along a parabola that is a kink
/// everywhere. Minimum 0 at (-10, 1), where there is no derivative.
struct Bukin6 {
  static constexpr std::string_view name = "Bukin 6";
  static constexpr std::string_view source = "A. D. Bukin, Budker INP preprint 97-79, Novosibirsk, 1997";
  static constexpr int dimension = 2;
  static Domain domain(Index d = dimension) {
    return {test_functions::point<Bukin6>(d, {-15, -3}), test_functions::point<Bukin6>(d, {-5, 3})};
  }
  static Eigen::VectorXd start(Index d = dimension) { return test_functions::point<Bukin6>(d, {-6, 2}); }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    return {test_functions::point<Bukin6>(d, {-10, 1})};
  }
  static std::optional<double> minimum(Index d = dimension) { return test_functions::value<Bukin6>(d, 0); }

  template <class P>
  test_functions::Scalar<P> operator()(const P& point) const {
    using std::abs, std::sqrt;
    test_functions::check<Bukin6>(point);
    const auto [x, y] = test_functions::xy(point);
    const test_functions::Scalar<P> p = y - x * x / 100;
    return 100 * sqrt(abs(p)) + abs(x + 10) / 100;
  }

  template <class P, class G>
  test_functions::Scalar<P> operator()(const P& point, G&& gradient) const {
    using T = test_functions::Scalar<P>;
    test_functions::check<Bukin6>(point, gradient);
    const auto [x, y] = test_functions::xy(point);
    const T p = y - x * x / 100, slope = 100 * test_functions::root_slope(p);
    gradient[0] = -x * slope / 50 + test_functions::sign(x + 10) / 100;
    gradient[1] = slope;
    return (*this)(point);
  }
};

/// The cross-in-tray function, -0.0001 (|sin x sin y exp|100 - r / pi|| + 1)^0.1 with r = sqrt(x^2 + y^2).
/// Minimum -2.062611870822737 at the four points (+-1.349406617153911, +-1.349406617153911); kinks where x or
/// y is a multiple of pi.
struct CrossInTray {
  static constexpr std::string_view name = "Cross-in-tray";
  static constexpr std::string_view source =
      "S. K. Mishra, Some new test functions for global optimization, 2006";
  static constexpr int dimension = 2;
  static Domain domain(Index d = dimension) { return test_functions::cube<CrossInTray>(d, -10, 10); }
  static Eigen::VectorXd start(Index d = dimension) {
    return test_functions::point<CrossInTray>(d, {2, 0.5});
  }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    constexpr double a = 1.3494066171539108;
    return {test_functions::point<CrossInTray>(d, {a, a}), test_functions::point<CrossInTray>(d, {a, -a}),
            test_functions::point<CrossInTray>(d, {-a, a}), test_functions::point<CrossInTray>(d, {-a, -a})};
  }
  static std::optional<double> minimum(Index d = dimension) {
    return test_functions::value<CrossInTray>(d, -2.062611870822737);
  }

  // (|s| e^|q| + 1)^0.1 = (|s| + e^-|q|)^0.1 e^(|q| / 10), and e^100 is too large for float.
  template <class P>
  test_functions::Scalar<P> operator()(const P& point) const {
    using std::abs, std::exp, std::pow, std::sin;
    using T = test_functions::Scalar<P>;
    using Real = test_functions::Real<P>;
    test_functions::check<CrossInTray>(point);
    const T s = sin(point[0]) * sin(point[1]), q = abs(100 - radius(point) / std::numbers::pi_v<Real>);
    const T base = abs(s) + exp(-q);
    return Real(-1e-4) * pow(base, Real(0.1)) * exp(q / 10);
  }

  template <class P, class G>
  test_functions::Scalar<P> operator()(const P& point, G&& gradient) const {
    using std::abs, std::cos, std::exp, std::pow, std::sin;
    using T = test_functions::Scalar<P>;
    using Real = test_functions::Real<P>;
    test_functions::check<CrossInTray>(point, gradient);
    const Real pi = std::numbers::pi_v<Real>;
    const auto [x, y] = test_functions::xy(point);
    const T s = sin(x) * sin(y), r = radius(point), q = 100 - r / pi;
    gradient[0] = gradient[1] = T(0);
    if (s != 0) {
      const T size = abs(q), base = abs(s) + exp(-size);
      const T k = Real(-1e-5) * test_functions::sign(s) * pow(base, Real(-0.9)) * exp(size / 10);
      const T h = -test_functions::sign(q) * s / (pi * r);
      gradient[0] = k * (cos(x) * sin(y) + h * x);
      gradient[1] = k * (sin(x) * cos(y) + h * y);
    }
    return (*this)(point);
  }

 private:
  template <class P>
  static test_functions::Scalar<P> radius(const P& point) {
    using std::sqrt;
    return sqrt(point[0] * point[0] + point[1] * point[1]);
  }
};

/// The eggholder, -(y + 47) sin(sqrt|y + x/2 + 47|) - x sin(sqrt|x - y - 47|). Minimum -959.6406627208508 at
/// (512, 404.2318051137578), which lies on the boundary of the box: the gradient is not 0 there, and an
/// optimizer that knows no bounds leaves the box and finds lower values.
struct Eggholder {
  static constexpr std::string_view name = "Eggholder";
  static constexpr std::string_view source = "D. Whitley et al., Artificial Intelligence 85, 1996";
  static constexpr int dimension = 2;
  static Domain domain(Index d = dimension) { return test_functions::cube<Eggholder>(d, -512, 512); }
  static Eigen::VectorXd start(Index d = dimension) {
    return test_functions::point<Eggholder>(d, {100, 100});
  }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    return {test_functions::point<Eggholder>(d, {512, 404.2318051137578})};
  }
  static std::optional<double> minimum(Index d = dimension) {
    return test_functions::value<Eggholder>(d, -959.6406627208508);
  }

  template <class P>
  test_functions::Scalar<P> operator()(const P& point) const {
    using std::abs, std::sin, std::sqrt;
    test_functions::check<Eggholder>(point);
    const auto [x, y] = test_functions::xy(point);
    const test_functions::Scalar<P> h = y + 47, p = h + x / 2, q = x - h;
    return -h * sin(sqrt(abs(p))) - x * sin(sqrt(abs(q)));
  }

  template <class P, class G>
  test_functions::Scalar<P> operator()(const P& point, G&& gradient) const {
    using std::abs, std::cos, std::sin, std::sqrt;
    using T = test_functions::Scalar<P>;
    test_functions::check<Eggholder>(point, gradient);
    const auto [x, y] = test_functions::xy(point);
    const T h = y + 47, p = h + x / 2, q = x - h, rp = sqrt(abs(p)), rq = sqrt(abs(q));
    const T dp = cos(rp) * test_functions::root_slope(p), dq = cos(rq) * test_functions::root_slope(q);
    gradient[0] = -h * dp / 2 - sin(rq) - x * dq;
    gradient[1] = -sin(rp) - h * dp + x * dq;
    return (*this)(point);
  }
};

}  // namespace GRADUS_NAMESPACE
