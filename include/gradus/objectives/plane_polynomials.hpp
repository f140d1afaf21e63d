// SPDX-License-Identifier: MIT
//
// Polynomials of two variables (x, y) with more minima than one.
#pragma once

#include <gradus/objectives/test_function.hpp>

namespace GRADUS_NAMESPACE {

/// Himmelblau's function, (x^2 + y - 11)^2 + (x + y^2 - 7)^2. Minimum 0 at four points. Start (0, 0), value
/// 170.
struct Himmelblau {
  static constexpr std::string_view name = "Himmelblau";
  static constexpr std::string_view source = "D. M. Himmelblau, Applied Nonlinear Programming, 1972";
  static constexpr int dimension = 2;
  static Domain domain(Index d = dimension) { return test_functions::cube<Himmelblau>(d, -5, 5); }
  static Eigen::VectorXd start(Index d = dimension) { return test_functions::all<Himmelblau>(d, 0); }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    return {test_functions::point<Himmelblau>(d, {3, 2}),
            test_functions::point<Himmelblau>(d, {-2.805118086952745, 3.131312518250573}),
            test_functions::point<Himmelblau>(d, {-3.779310253377747, -3.283185991286169}),
            test_functions::point<Himmelblau>(d, {3.58442834033049, -1.8481265269644036})};
  }
  static std::optional<double> minimum(Index d = dimension) {
    return test_functions::value<Himmelblau>(d, 0);
  }

  template <class P>
  test_functions::Scalar<P> operator()(const P& point) const {
    test_functions::check<Himmelblau>(point);
    const auto [x, y] = test_functions::xy(point);
    const test_functions::Scalar<P> u = x * x + y - 11, v = x + y * y - 7;
    return u * u + v * v;
  }

  template <class P, class G>
  test_functions::Scalar<P> operator()(const P& point, G&& gradient) const {
    test_functions::check<Himmelblau>(point, gradient);
    const auto [x, y] = test_functions::xy(point);
    const test_functions::Scalar<P> u = x * x + y - 11, v = x + y * y - 7;
    gradient[0] = 4 * x * u + 2 * v;
    gradient[1] = 2 * u + 4 * y * v;
    return (*this)(point);
  }
};

/// The Goldstein-Price function, U V with U = 1 + (x + y + 1)^2 (19 - 14 x + 3 x^2 - 14 y + 6 x y + 3 y^2)
/// and V = 30 + (2 x - 3 y)^2 (18 - 32 x + 12 x^2 + 48 y - 36 x y + 27 y^2): values from 3 to about 1e6.
/// Minimum 3 at (0, -1).
struct GoldsteinPrice {
  static constexpr std::string_view name = "Goldstein-Price";
  static constexpr std::string_view source =
      "A. A. Goldstein, J. F. Price, Mathematics of Computation 25, 1971";
  static constexpr int dimension = 2;
  static Domain domain(Index d = dimension) { return test_functions::cube<GoldsteinPrice>(d, -2, 2); }
  static Eigen::VectorXd start(Index d = dimension) {
    return test_functions::point<GoldsteinPrice>(d, {-0.5, 0.5});
  }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    return {test_functions::point<GoldsteinPrice>(d, {0, -1})};
  }
  static std::optional<double> minimum(Index d = dimension) {
    return test_functions::value<GoldsteinPrice>(d, 3);
  }

  template <class P>
  test_functions::Scalar<P> operator()(const P& point) const {
    test_functions::check<GoldsteinPrice>(point);
    const auto [x, y] = test_functions::xy(point);
    const test_functions::Scalar<P> s = x + y + 1, q = 2 * x - 3 * y;
    return (1 + s * s * p(x, y)) * (30 + q * q * r(x, y));
  }

  template <class P, class G>
  test_functions::Scalar<P> operator()(const P& point, G&& gradient) const {
    using T = test_functions::Scalar<P>;
    test_functions::check<GoldsteinPrice>(point, gradient);
    const auto [x, y] = test_functions::xy(point);
    const T s = x + y + 1, q = 2 * x - 3 * y;
    const T u = 1 + s * s * p(x, y), v = 30 + q * q * r(x, y);
    const T du = 2 * s * p(x, y) + s * s * (6 * (x + y) - 14);  // along x and along y
    gradient[0] = du * v + u * (4 * q * r(x, y) + q * q * (-32 + 24 * x - 36 * y));
    gradient[1] = du * v + u * (-6 * q * r(x, y) + q * q * (48 - 36 * x + 54 * y));
    return (*this)(point);
  }

 private:
  template <class T>
  static T p(const T& x, const T& y) {
    return 19 - 14 * (x + y) + 3 * (x + y) * (x + y);
  }
  template <class T>
  static T r(const T& x, const T& y) {
    return 18 - 32 * x + 12 * x * x + 48 * y - 36 * x * y + 27 * y * y;
  }
};

/// The three-hump camel, 2 x^2 - 1.05 x^4 + x^6 / 6 + x y + y^2. Minimum 0 at the origin, between two local
/// minima.
struct ThreeHumpCamel {
  static constexpr std::string_view name = "Three-hump camel";
  static constexpr std::string_view source = "M. Jamil, X.-S. Yang, arXiv:1308.4008, 2013";
  static constexpr int dimension = 2;
  static Domain domain(Index d = dimension) { return test_functions::cube<ThreeHumpCamel>(d, -5, 5); }
  static Eigen::VectorXd start(Index d = dimension) {
    return test_functions::point<ThreeHumpCamel>(d, {-3, 2});
  }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    return {test_functions::all<ThreeHumpCamel>(d, 0)};
  }
  static std::optional<double> minimum(Index d = dimension) {
    return test_functions::value<ThreeHumpCamel>(d, 0);
  }

  template <class P>
  test_functions::Scalar<P> operator()(const P& point) const {
    test_functions::check<ThreeHumpCamel>(point);
    const auto [x, y] = test_functions::xy(point);
    const test_functions::Scalar<P> xx = x * x;
    return xx * (2 + xx * (xx / 6 - test_functions::Real<P>(1.05))) + x * y + y * y;
  }

  template <class P, class G>
  test_functions::Scalar<P> operator()(const P& point, G&& gradient) const {
    test_functions::check<ThreeHumpCamel>(point, gradient);
    const auto [x, y] = test_functions::xy(point);
    const test_functions::Scalar<P> xx = x * x;
    gradient[0] = x * (4 + xx * (xx - test_functions::Real<P>(4.2))) + y;
    gradient[1] = x + 2 * y;
    return (*this)(point);
  }
};

/// The six-hump camel, (4 - 2.1 x^2 + x^4 / 3) x^2 + x y + (4 y^2 - 4) y^2. Minimum -1.0316284534898774 at
/// (0.08984201310031806, -0.7126564030207396) and at minus that point; six minima in all.
struct SixHumpCamel {
  static constexpr std::string_view name = "Six-hump camel";
  static constexpr std::string_view source =
      "L. C. W. Dixon, G. P. Szego, Towards Global Optimisation 2, 1978";
  static constexpr int dimension = 2;
  static Domain domain(Index d = dimension) {
    return {test_functions::point<SixHumpCamel>(d, {-3, -2}), test_functions::point<SixHumpCamel>(d, {3, 2})};
  }
  static Eigen::VectorXd start(Index d = dimension) { return test_functions::point<SixHumpCamel>(d, {2, 1}); }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    const Eigen::VectorXd x =
        test_functions::point<SixHumpCamel>(d, {0.08984201310031806, -0.7126564030207396});
    return {x, -x};
  }
  static std::optional<double> minimum(Index d = dimension) {
    return test_functions::value<SixHumpCamel>(d, -1.0316284534898774);
  }

  template <class P>
  test_functions::Scalar<P> operator()(const P& point) const {
    test_functions::check<SixHumpCamel>(point);
    const auto [x, y] = test_functions::xy(point);
    const test_functions::Scalar<P> xx = x * x, yy = y * y;
    return xx * (4 + xx * (xx / 3 - test_functions::Real<P>(2.1))) + x * y + 4 * yy * (yy - 1);
  }

  template <class P, class G>
  test_functions::Scalar<P> operator()(const P& point, G&& gradient) const {
    test_functions::check<SixHumpCamel>(point, gradient);
    const auto [x, y] = test_functions::xy(point);
    const test_functions::Scalar<P> xx = x * x, yy = y * y;
    gradient[0] = x * (8 + xx * (2 * xx - test_functions::Real<P>(8.4))) + y;
    gradient[1] = x + y * (16 * yy - 8);
    return (*this)(point);
  }
};

}  // namespace GRADUS_NAMESPACE
