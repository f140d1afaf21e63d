// SPDX-License-Identifier: MIT
//
// Test functions of any dimension with one minimum and no valley: what every optimizer must solve.
#pragma once

#include <cmath>
#include <gradus/objectives/test_function.hpp>

namespace GRADUS_NAMESPACE {

/// The sphere, sum x_i^2. Minimum 0 at the origin.
struct Sphere {
  static constexpr std::string_view name = "Sphere";
  static constexpr std::string_view source = "K. A. De Jong, thesis, University of Michigan, 1975 (F1)";
  static constexpr int dimension = Eigen::Dynamic;
  static Domain domain(Index d) { return test_functions::cube<Sphere>(d, -5.12, 5.12); }
  static Eigen::VectorXd start(Index d) { return test_functions::all<Sphere>(d, 4); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) { return {test_functions::all<Sphere>(d, 0)}; }
  static std::optional<double> minimum(Index d) { return test_functions::value<Sphere>(d, 0); }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    test_functions::check<Sphere>(x);
    test_functions::Scalar<X> sum(0);
    for (Index i = 0; i < x.size(); ++i) sum += x[i] * x[i];
    return sum;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    test_functions::check<Sphere>(x, gradient);
    for (Index i = 0; i < x.size(); ++i) gradient[i] = 2 * x[i];
    return (*this)(x);
  }
};

/// A quadratic of chosen condition number k, 1/2 sum c_i x_i^2 with c_i = k^((i-1)/(d-1)) from 1 to k (1 if d
/// = 1). Minimum 0 at the origin.
struct IllConditionedQuadratic {
  double condition_number = 100;  ///< Of the Hessian, at least 1.

  static constexpr std::string_view name = "Ill-conditioned quadratic";
  static constexpr std::string_view source = "textbook; half the ellipsoid of N. Hansen, A. Ostermeier, 2001";
  static constexpr int dimension = Eigen::Dynamic;
  static Domain domain(Index d) { return test_functions::cube<IllConditionedQuadratic>(d, -5, 5); }
  static Eigen::VectorXd start(Index d) { return test_functions::all<IllConditionedQuadratic>(d, 4); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) {
    return {test_functions::all<IllConditionedQuadratic>(d, 0)};
  }
  static std::optional<double> minimum(Index d) {
    return test_functions::value<IllConditionedQuadratic>(d, 0);
  }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    check(x);
    test_functions::Scalar<X> sum(0);
    const double step = ratio(x.size());
    double c = 1;
    for (Index i = 0; i < x.size(); ++i, c *= step) sum += test_functions::Real<X>(c) * x[i] * x[i];
    return sum / 2;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    check(x, gradient);
    const double step = ratio(x.size());
    double c = 1;
    for (Index i = 0; i < x.size(); ++i, c *= step) gradient[i] = test_functions::Real<X>(c) * x[i];
    return (*this)(x);
  }

 private:
  template <class... Arguments>
  void check(Arguments&... arguments) const {
    test_functions::require_at_least(1, condition_number, name, "condition_number");
    test_functions::check<IllConditionedQuadratic>(arguments...);
  }

  // c_{i+1} / c_i
  double ratio(Index d) const {
    return d == 1 ? 1 : std::pow(condition_number, 1 / static_cast<double>(d - 1));
  }
};

/// The sum of squares, sum i x_i^2. Minimum 0 at the origin.
struct SumOfSquares {
  static constexpr std::string_view name = "Sum of squares";
  static constexpr std::string_view source = "textbook; M. Jamil, X.-S. Yang, arXiv:1308.4008, 2013";
  static constexpr int dimension = Eigen::Dynamic;
  static Domain domain(Index d) { return test_functions::cube<SumOfSquares>(d, -10, 10); }
  static Eigen::VectorXd start(Index d) { return test_functions::all<SumOfSquares>(d, 8); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) {
    return {test_functions::all<SumOfSquares>(d, 0)};
  }
  static std::optional<double> minimum(Index d) { return test_functions::value<SumOfSquares>(d, 0); }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    test_functions::check<SumOfSquares>(x);
    test_functions::Scalar<X> sum(0);
    for (Index i = 0; i < x.size(); ++i) sum += test_functions::Real<X>(i + 1) * x[i] * x[i];
    return sum;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    test_functions::check<SumOfSquares>(x, gradient);
    for (Index i = 0; i < x.size(); ++i) gradient[i] = test_functions::Real<X>(2 * (i + 1)) * x[i];
    return (*this)(x);
  }
};

/// The sum of different powers, sum |x_i|^(i+1): the flatter, the later the coordinate. Minimum 0 at the
/// origin.
struct SumOfDifferentPowers {
  static constexpr std::string_view name = "Sum of different powers";
  static constexpr std::string_view source =
      "M. Molga, C. Smutnicki, Test functions for optimization needs, 2005";
  static constexpr int dimension = Eigen::Dynamic;
  static Domain domain(Index d) { return test_functions::cube<SumOfDifferentPowers>(d, -1, 1); }
  static Eigen::VectorXd start(Index d) { return test_functions::all<SumOfDifferentPowers>(d, 0.8); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) {
    return {test_functions::all<SumOfDifferentPowers>(d, 0)};
  }
  static std::optional<double> minimum(Index d) { return test_functions::value<SumOfDifferentPowers>(d, 0); }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    using std::abs, std::pow;
    test_functions::check<SumOfDifferentPowers>(x);
    test_functions::Scalar<X> sum(0);
    for (Index i = 0; i < x.size(); ++i) sum += pow(abs(x[i]), test_functions::Real<X>(i + 2));
    return sum;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    using std::abs, std::pow;
    using Real = test_functions::Real<X>;
    test_functions::check<SumOfDifferentPowers>(x, gradient);
    for (Index i = 0; i < x.size(); ++i) {
      gradient[i] = Real(i + 2) * test_functions::sign(x[i]) * pow(abs(x[i]), Real(i + 1));
    }
    return (*this)(x);
  }
};

/// Zakharov's function, sum x_i^2 + s^2 + s^4 with s = 1/2 sum i x_i. Minimum 0 at the origin.
struct Zakharov {
  static constexpr std::string_view name = "Zakharov";
  static constexpr std::string_view source = "M. Jamil, X.-S. Yang, arXiv:1308.4008, 2013";
  static constexpr int dimension = Eigen::Dynamic;
  static Domain domain(Index d) { return test_functions::cube<Zakharov>(d, -5, 10); }
  static Eigen::VectorXd start(Index d) { return test_functions::all<Zakharov>(d, 1); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) { return {test_functions::all<Zakharov>(d, 0)}; }
  static std::optional<double> minimum(Index d) { return test_functions::value<Zakharov>(d, 0); }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    test_functions::check<Zakharov>(x);
    const test_functions::Scalar<X> s = weighted_sum(x);
    test_functions::Scalar<X> sum = s * s * (1 + s * s);
    for (Index i = 0; i < x.size(); ++i) sum += x[i] * x[i];
    return sum;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    test_functions::check<Zakharov>(x, gradient);
    const test_functions::Scalar<X> s = weighted_sum(x), slope = s * (1 + 2 * s * s);
    for (Index i = 0; i < x.size(); ++i) gradient[i] = 2 * x[i] + test_functions::Real<X>(i + 1) * slope;
    return (*this)(x);
  }

 private:
  template <class X>
  static test_functions::Scalar<X> weighted_sum(const X& x) {
    test_functions::Scalar<X> s(0);
    for (Index i = 0; i < x.size(); ++i) s += test_functions::Real<X>(i + 1) * x[i];
    return s / 2;
  }
};

/// Trid, sum (x_i - 1)^2 - sum x_i x_{i-1}: a quadratic with a tridiagonal Hessian. Minimum -d(d+4)(d-1)/6 at
/// x_i = i (d+1-i).
struct Trid {
  static constexpr std::string_view name = "Trid";
  static constexpr std::string_view source =
      "A. Neumaier; S. Surjanovic, D. Bingham, Virtual Library of Simulation Experiments, 2013";
  static constexpr int dimension = Eigen::Dynamic;
  static Domain domain(Index d) { return test_functions::cube<Trid>(d, -double(d * d), double(d * d)); }
  static Eigen::VectorXd start(Index d) { return test_functions::all<Trid>(d, 0); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) {
    Eigen::VectorXd x = test_functions::all<Trid>(d, 0);
    for (Index i = 0; i < d; ++i) x[i] = double((i + 1) * (d - i));
    return {x};
  }
  static std::optional<double> minimum(Index d) {
    return test_functions::value<Trid>(d, -double(d * (d + 4) * (d - 1)) / 6);
  }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    test_functions::check<Trid>(x);
    test_functions::Scalar<X> sum(0);
    for (Index i = 0; i < x.size(); ++i) sum += (x[i] - 1) * (x[i] - 1);
    for (Index i = 1; i < x.size(); ++i) sum -= x[i] * x[i - 1];
    return sum;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    test_functions::check<Trid>(x, gradient);
    for (Index i = 0; i < x.size(); ++i) gradient[i] = 2 * (x[i] - 1);
    for (Index i = 1; i < x.size(); ++i) {
      gradient[i] -= x[i - 1];
      gradient[i - 1] -= x[i];
    }
    return (*this)(x);
  }
};

}  // namespace GRADUS_NAMESPACE
