// SPDX-License-Identifier: MIT
//
// Test functions of two variables (x, y) made of waves: smooth, with several local minima.
#pragma once

#include <cmath>
#include <gradus/objectives/test_function.hpp>
#include <numbers>

namespace GRADUS_NAMESPACE {

/// McCormick's function, sin(x + y) + (x - y)^2 - 1.5 x + 2.5 y + 1. Minimum -sqrt(3)/2 - pi/3 in its box, at
/// (1/2 - pi/3, -1/2 - pi/3). Outside the box it falls without bound along x = y < 0.
struct McCormick {
  static constexpr std::string_view name = "McCormick";
  static constexpr std::string_view source = "M. Jamil, X.-S. Yang, arXiv:1308.4008, 2013";
  static constexpr int dimension = 2;
  static Domain domain(Index d = dimension) {
    return {test_functions::point<McCormick>(d, {-1.5, -3}), test_functions::point<McCormick>(d, {4, 4})};
  }
  static Eigen::VectorXd start(Index d = dimension) { return test_functions::point<McCormick>(d, {1, 1}); }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    return {test_functions::point<McCormick>(d, {0.5 - std::numbers::pi / 3, -0.5 - std::numbers::pi / 3})};
  }
  static std::optional<double> minimum(Index d = dimension) {
    return test_functions::value<McCormick>(d, -std::numbers::sqrt3 / 2 - std::numbers::pi / 3);
  }

  template <class P>
  test_functions::Scalar<P> operator()(const P& point) const {
    using std::sin;
    using Real = test_functions::Real<P>;
    test_functions::check<McCormick>(point);
    const auto [x, y] = test_functions::xy(point);
    return sin(x + y) + (x - y) * (x - y) - Real(1.5) * x + Real(2.5) * y + 1;
  }

  template <class P, class G>
  test_functions::Scalar<P> operator()(const P& point, G&& gradient) const {
    using std::cos;
    using Real = test_functions::Real<P>;
    test_functions::check<McCormick>(point, gradient);
    const auto [x, y] = test_functions::xy(point);
    const test_functions::Scalar<P> c = cos(x + y);
    gradient[0] = c + 2 * (x - y) - Real(1.5);
    gradient[1] = c - 2 * (x - y) + Real(2.5);
    return (*this)(point);
  }
};

/// Branin's function, (y - b x^2 + c x - 6)^2 + 10 (1 - t) cos x + 10 with b = 5.1 / (4 pi^2), c = 5 / pi and
/// t = 1 / (8 pi). Minimum 5 / (4 pi) at (-pi, 12.275), (pi, 2.275) and (3 pi, 2.475).
struct Branin {
  static constexpr std::string_view name = "Branin";
  static constexpr std::string_view source =
      "F. H. Branin, IBM Journal of Research and Development 16(5), 1972";
  static constexpr int dimension = 2;
  static Domain domain(Index d = dimension) {
    return {test_functions::point<Branin>(d, {-5, 0}), test_functions::point<Branin>(d, {10, 15})};
  }
  static Eigen::VectorXd start(Index d = dimension) { return test_functions::point<Branin>(d, {6, 10}); }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    constexpr double pi = std::numbers::pi;
    return {test_functions::point<Branin>(d, {-pi, 12.275}), test_functions::point<Branin>(d, {pi, 2.275}),
            test_functions::point<Branin>(d, {3 * pi, 2.475})};
  }
  static std::optional<double> minimum(Index d = dimension) {
    return test_functions::value<Branin>(d, 1.25 / std::numbers::pi);
  }

  template <class P>
  test_functions::Scalar<P> operator()(const P& point) const {
    using std::cos;
    test_functions::check<Branin>(point);
    const auto [x, y] = test_functions::xy(point);
    const test_functions::Scalar<P> q = y + x * (c<P> - b<P> * x) - 6;
    return q * q + k<P> * cos(x) + 10;
  }

  template <class P, class G>
  test_functions::Scalar<P> operator()(const P& point, G&& gradient) const {
    using std::sin;
    test_functions::check<Branin>(point, gradient);
    const auto [x, y] = test_functions::xy(point);
    const test_functions::Scalar<P> q = y + x * (c<P> - b<P> * x) - 6;
    gradient[0] = 2 * q * (c<P> - 2 * b<P> * x) - k<P> * sin(x);
    gradient[1] = 2 * q;
    return (*this)(point);
  }

 private:
  template <class P>
  static constexpr auto b = test_functions::Real<P>(1.275 / (std::numbers::pi * std::numbers::pi));
  template <class P>
  static constexpr auto c = test_functions::Real<P>(5 / std::numbers::pi);
  template <class P>
  static constexpr auto k = test_functions::Real<P>(10 - 1.25 / std::numbers::pi);  // 10 (1 - t)
};

/// Easom's function, -cos x cos y exp(-(x - pi)^2 - (y - pi)^2): a hole in a plain that is flat to the last
/// digit. Minimum -1 at (pi, pi).
struct Easom {
  static constexpr std::string_view name = "Easom";
  static constexpr std::string_view source = "E. E. Easom, thesis, University of Louisville, 1990";
  static constexpr int dimension = 2;
  static Domain domain(Index d = dimension) { return test_functions::cube<Easom>(d, -100, 100); }
  static Eigen::VectorXd start(Index d = dimension) { return test_functions::point<Easom>(d, {2, 4}); }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    return {test_functions::all<Easom>(d, std::numbers::pi)};
  }
  static std::optional<double> minimum(Index d = dimension) { return test_functions::value<Easom>(d, -1); }

  template <class P>
  test_functions::Scalar<P> operator()(const P& point) const {
    using std::cos;
    test_functions::check<Easom>(point);
    return -cos(point[0]) * cos(point[1]) * hill(point);
  }

  template <class P, class G>
  test_functions::Scalar<P> operator()(const P& point, G&& gradient) const {
    using std::cos, std::sin;
    using T = test_functions::Scalar<P>;
    test_functions::check<Easom>(point, gradient);
    const auto [x, y] = test_functions::xy(point);
    const T u = x - pi<P>, v = y - pi<P>, h = hill(point);
    gradient[0] = (sin(x) + 2 * u * cos(x)) * cos(y) * h;
    gradient[1] = (sin(y) + 2 * v * cos(y)) * cos(x) * h;
    return (*this)(point);
  }

 private:
  template <class P>
  static constexpr auto pi = std::numbers::pi_v<test_functions::Real<P>>;

  template <class P>
  static test_functions::Scalar<P> hill(const P& point) {
    using std::exp;
    const test_functions::Scalar<P> u = point[0] - pi<P>, v = point[1] - pi<P>;
    return exp(-(u * u) - v * v);
  }
};

/// The drop wave, -(1 + cos(12 r)) / (r^2 / 2 + 2) with r = sqrt(x^2 + y^2): rings around the minimum, -1 at
/// the origin.
struct DropWave {
  static constexpr std::string_view name = "Drop-wave";
  static constexpr std::string_view source =
      "M. Molga, C. Smutnicki, Test functions for optimization needs, 2005";
  static constexpr int dimension = 2;
  static Domain domain(Index d = dimension) { return test_functions::cube<DropWave>(d, -5.12, 5.12); }
  static Eigen::VectorXd start(Index d = dimension) { return test_functions::point<DropWave>(d, {1, -0.5}); }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    return {test_functions::all<DropWave>(d, 0)};
  }
  static std::optional<double> minimum(Index d = dimension) { return test_functions::value<DropWave>(d, -1); }

  template <class P>
  test_functions::Scalar<P> operator()(const P& point) const {
    using std::cos, std::sqrt;
    test_functions::check<DropWave>(point);
    const test_functions::Scalar<P> rr = point[0] * point[0] + point[1] * point[1];
    return -(1 + cos(12 * sqrt(rr))) / (rr / 2 + 2);
  }

  template <class P, class G>
  test_functions::Scalar<P> operator()(const P& point, G&& gradient) const {
    using std::cos, std::sin, std::sqrt;
    using T = test_functions::Scalar<P>;
    test_functions::check<DropWave>(point, gradient);
    const T rr = point[0] * point[0] + point[1] * point[1], r = sqrt(rr), depth = rr / 2 + 2;
    const T wave = r == 0 ? T(144) : T(12 * sin(12 * r) / r);  // 144 is the limit
    const T slope = wave / depth + (1 + cos(12 * r)) / (depth * depth);
    gradient[0] = slope * point[0];
    gradient[1] = slope * point[1];
    return (*this)(point);
  }
};

}  // namespace GRADUS_NAMESPACE
