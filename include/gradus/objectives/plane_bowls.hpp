// SPDX-License-Identifier: MIT
//
// Polynomials of two variables (x, y) with a single minimum.
#pragma once

#include <gradus/objectives/test_function.hpp>

namespace GRADUS_NAMESPACE {

/// Booth's function, (x + 2 y - 7)^2 + (2 x + y - 5)^2. Minimum 0 at (1, 3).
struct Booth {
  static constexpr std::string_view name = "Booth";
  static constexpr std::string_view source = "M. Jamil, X.-S. Yang, arXiv:1308.4008, 2013";
  static constexpr int dimension = 2;
  static Domain domain(Index d = dimension) { return test_functions::cube<Booth>(d, -10, 10); }
  static Eigen::VectorXd start(Index d = dimension) { return test_functions::point<Booth>(d, {-5, -5}); }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    return {test_functions::point<Booth>(d, {1, 3})};
  }
  static std::optional<double> minimum(Index d = dimension) { return test_functions::value<Booth>(d, 0); }

  template <class P>
  test_functions::Scalar<P> operator()(const P& point) const {
    test_functions::check<Booth>(point);
    const auto [x, y] = test_functions::xy(point);
    const test_functions::Scalar<P> u = x + 2 * y - 7, v = 2 * x + y - 5;
    return u * u + v * v;
  }

  template <class P, class G>
  test_functions::Scalar<P> operator()(const P& point, G&& gradient) const {
    test_functions::check<Booth>(point, gradient);
    const auto [x, y] = test_functions::xy(point);
    gradient[0] = 10 * x + 8 * y - 34;
    gradient[1] = 8 * x + 10 * y - 38;
    return (*this)(point);
  }
};

/// Matyas's function, 0.26 (x^2 + y^2) - 0.48 x y, of condition number 25. Minimum 0 at the origin.
struct Matyas {
  static constexpr std::string_view name = "Matyas";
  static constexpr std::string_view source = "M. Jamil, X.-S. Yang, arXiv:1308.4008, 2013";
  static constexpr int dimension = 2;
  static Domain domain(Index d = dimension) { return test_functions::cube<Matyas>(d, -10, 10); }
  static Eigen::VectorXd start(Index d = dimension) { return test_functions::point<Matyas>(d, {8, -5}); }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    return {test_functions::all<Matyas>(d, 0)};
  }
  static std::optional<double> minimum(Index d = dimension) { return test_functions::value<Matyas>(d, 0); }

  template <class P>
  test_functions::Scalar<P> operator()(const P& point) const {
    using Real = test_functions::Real<P>;
    test_functions::check<Matyas>(point);
    const auto [x, y] = test_functions::xy(point);
    return Real(0.26) * (x * x + y * y) - Real(0.48) * x * y;
  }

  template <class P, class G>
  test_functions::Scalar<P> operator()(const P& point, G&& gradient) const {
    using Real = test_functions::Real<P>;
    test_functions::check<Matyas>(point, gradient);
    const auto [x, y] = test_functions::xy(point);
    gradient[0] = Real(0.52) * x - Real(0.48) * y;
    gradient[1] = Real(0.52) * y - Real(0.48) * x;
    return (*this)(point);
  }
};

/// Beale's function, u^2 + v^2 + w^2 with u = 1.5 - x + x y, v = 2.25 - x + x y^2, w = 2.625 - x + x y^3:
/// flat, with steep corners. Minimum 0 at (3, 0.5). Start (1, 1), value 14.203125.
struct Beale {
  static constexpr std::string_view name = "Beale";
  static constexpr std::string_view source = "E. M. L. Beale, Princeton University technical report 25, 1958";
  static constexpr int dimension = 2;
  static Domain domain(Index d = dimension) { return test_functions::cube<Beale>(d, -4.5, 4.5); }
  static Eigen::VectorXd start(Index d = dimension) { return test_functions::all<Beale>(d, 1); }
  static std::vector<Eigen::VectorXd> minimisers(Index d = dimension) {
    return {test_functions::point<Beale>(d, {3, 0.5})};
  }
  static std::optional<double> minimum(Index d = dimension) { return test_functions::value<Beale>(d, 0); }

  template <class P>
  test_functions::Scalar<P> operator()(const P& point) const {
    using T = test_functions::Scalar<P>;
    using Real = test_functions::Real<P>;
    test_functions::check<Beale>(point);
    const auto [x, y] = test_functions::xy(point);
    const T u = Real(1.5) - x * (1 - y), v = Real(2.25) - x * (1 - y * y),
            w = Real(2.625) - x * (1 - y * y * y);
    return u * u + v * v + w * w;
  }

  template <class P, class G>
  test_functions::Scalar<P> operator()(const P& point, G&& gradient) const {
    using T = test_functions::Scalar<P>;
    using Real = test_functions::Real<P>;
    test_functions::check<Beale>(point, gradient);
    const auto [x, y] = test_functions::xy(point);
    const T u = Real(1.5) - x * (1 - y), v = Real(2.25) - x * (1 - y * y),
            w = Real(2.625) - x * (1 - y * y * y);
    gradient[0] = -2 * (u * (1 - y) + v * (1 - y * y) + w * (1 - y * y * y));
    gradient[1] = x * (2 * u + 4 * v * y + 6 * w * y * y);
    return (*this)(point);
  }
};

}  // namespace GRADUS_NAMESPACE
