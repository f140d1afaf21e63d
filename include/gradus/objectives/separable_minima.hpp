// SPDX-License-Identifier: MIT
//
// Test functions of any dimension with many local minima that are sums of functions of one coordinate each:
// the local minima form a grid.
#pragma once

#include <array>
#include <cmath>
#include <gradus/objectives/test_function.hpp>
#include <numbers>

namespace GRADUS_NAMESPACE {

/// The Styblinski-Tang function, 1/2 sum (x_i^4 - 16 x_i^2 + 5 x_i). Minimum -39.16616570377142 d where every
/// coordinate is -2.903534027771177; the coordinate 2.746802770990837 makes a local minimum.
struct StyblinskiTang {
  static constexpr std::string_view name = "Styblinski-Tang";
  static constexpr std::string_view source = "M. A. Styblinski, T.-S. Tang, Neural Networks 3(4), 1990";
  static constexpr int dimension = Eigen::Dynamic;
  static Domain domain(Index d) { return test_functions::cube<StyblinskiTang>(d, -5, 5); }
  static Eigen::VectorXd start(Index d) { return test_functions::all<StyblinskiTang>(d, 4); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) {
    return {test_functions::all<StyblinskiTang>(d, -2.903534027771177)};
  }
  static std::optional<double> minimum(Index d) {
    return test_functions::value<StyblinskiTang>(d, -39.16616570377142 * double(d));
  }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    test_functions::check<StyblinskiTang>(x);
    test_functions::Scalar<X> sum(0);
    for (Index i = 0; i < x.size(); ++i) sum += x[i] * (x[i] * (x[i] * x[i] - 16) + 5);
    return sum / 2;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    test_functions::check<StyblinskiTang>(x, gradient);
    for (Index i = 0; i < x.size(); ++i)
      gradient[i] = x[i] * (2 * x[i] * x[i] - 16) + test_functions::Real<X>(2.5);
    return (*this)(x);
  }
};

/// Rastrigin's function, sum x_i^2 + 10 (1 - cos(2 pi x_i)): a bowl with a dent near every integer point.
/// Minimum 0 at the origin.
struct Rastrigin {
  static constexpr std::string_view name = "Rastrigin";
  static constexpr std::string_view source =
      "L. A. Rastrigin, Systems of Extremal Control, 1974 (2 dimensions)";
  static constexpr int dimension = Eigen::Dynamic;
  static Domain domain(Index d) { return test_functions::cube<Rastrigin>(d, -5.12, 5.12); }
  static Eigen::VectorXd start(Index d) { return test_functions::all<Rastrigin>(d, 3.3); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) { return {test_functions::all<Rastrigin>(d, 0)}; }
  static std::optional<double> minimum(Index d) { return test_functions::value<Rastrigin>(d, 0); }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    using std::cos;
    test_functions::check<Rastrigin>(x);
    test_functions::Scalar<X> sum(0);
    for (Index i = 0; i < x.size(); ++i) sum += x[i] * x[i] + 10 * (1 - cos(two_pi<X> * x[i]));
    return sum;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    using std::sin;
    test_functions::check<Rastrigin>(x, gradient);
    for (Index i = 0; i < x.size(); ++i) gradient[i] = 2 * x[i] + 10 * two_pi<X> * sin(two_pi<X> * x[i]);
    return (*this)(x);
  }

 private:
  template <class X>
  static constexpr test_functions::Real<X> two_pi = 2 * std::numbers::pi_v<test_functions::Real<X>>;
};

/// Schwefel's function, sum 418.98288727243374 - x_i sin(sqrt|x_i|): the second best minima are far from the
/// best. Minimum 0 where every coordinate is 420.96874635998205, up to rounding of about 1e-13 d.
struct Schwefel {
  static constexpr std::string_view name = "Schwefel";
  static constexpr std::string_view source =
      "H.-P. Schwefel, Numerical Optimization of Computer Models, 1981";
  static constexpr int dimension = Eigen::Dynamic;
  static Domain domain(Index d) { return test_functions::cube<Schwefel>(d, -500, 500); }
  static Eigen::VectorXd start(Index d) { return test_functions::all<Schwefel>(d, 250); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) {
    return {test_functions::all<Schwefel>(d, 420.96874635998205)};
  }
  static std::optional<double> minimum(Index d) { return test_functions::value<Schwefel>(d, 0); }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    using std::abs, std::sin, std::sqrt;
    test_functions::check<Schwefel>(x);
    test_functions::Scalar<X> sum(test_functions::Real<X>(418.98288727243374) *
                                  test_functions::Real<X>(x.size()));
    for (Index i = 0; i < x.size(); ++i) sum -= x[i] * sin(sqrt(abs(x[i])));
    return sum;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    using std::abs, std::cos, std::sin, std::sqrt;
    test_functions::check<Schwefel>(x, gradient);
    for (Index i = 0; i < x.size(); ++i) {
      const test_functions::Scalar<X> r = sqrt(abs(x[i]));
      gradient[i] = -sin(r) - r * cos(r) / 2;
    }
    return (*this)(x);
  }
};

/// Michalewicz's function, -sum sin(x_i) sin(i x_i^2 / pi)^(2m): plains with narrow, ever steeper channels.
/// The minimisers and the minimum are those for m = 10 and known up to 10 dimensions: -1.80130341009855 for
/// 2, -4.68765817908815 for 5 and -9.66015171564134 for 10.
struct Michalewicz {
  int steepness = 10;  ///< m, at least 1.

  static constexpr std::string_view name = "Michalewicz";
  static constexpr std::string_view source =
      "Z. Michalewicz, Genetic Algorithms + Data Structures = Evolution Programs, 1992";
  static constexpr int dimension = Eigen::Dynamic;
  static Domain domain(Index d) { return test_functions::cube<Michalewicz>(d, 0, std::numbers::pi); }
  static Eigen::VectorXd start(Index d) { return test_functions::all<Michalewicz>(d, 2); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) {
    test_functions::require_dimension<Michalewicz>(d);
    // The terms do not depend on each other, so these are the leading coordinates for any d.
    static constexpr std::array<double, 10> best = {
        2.2029055201726093, std::numbers::pi / 2, 1.2849915705529244, 1.9230584698663628,
        1.7204697725658413, std::numbers::pi / 2, 1.454413971362379,  1.7560865209450264,
        1.655717416821029,  std::numbers::pi / 2};
    if (d > Index(best.size())) return {};
    return {Eigen::Map<const Eigen::VectorXd>(best.data(), d)};
  }
  static std::optional<double> minimum(Index d) {
    const std::vector<Eigen::VectorXd> known = minimisers(d);
    if (known.empty()) return std::nullopt;
    return Michalewicz{}(known.front());
  }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    using std::pow, std::sin;
    using Real = test_functions::Real<X>;
    check(x);
    test_functions::Scalar<X> sum(0);
    for (Index i = 0; i < x.size(); ++i) {
      const test_functions::Scalar<X> s = sin(Real(i + 1) * x[i] * x[i] / std::numbers::pi_v<Real>);
      sum -= sin(x[i]) * pow(s, Real(2 * steepness));
    }
    return sum;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    using std::cos, std::pow, std::sin;
    using T = test_functions::Scalar<X>;
    using Real = test_functions::Real<X>;
    check(x, gradient);
    for (Index i = 0; i < x.size(); ++i) {
      const Real frequency = Real(i + 1) / std::numbers::pi_v<Real>;
      const T angle = frequency * x[i] * x[i], s = sin(angle);
      const T slope = Real(4 * steepness) * frequency * x[i] * cos(angle);
      gradient[i] = -pow(s, Real(2 * steepness - 1)) * (cos(x[i]) * s + sin(x[i]) * slope);
    }
    return (*this)(x);
  }

 private:
  template <class... Arguments>
  void check(Arguments&... arguments) const {
    test_functions::require_at_least(1, steepness, name, "steepness");
    test_functions::check<Michalewicz>(arguments...);
  }
};

}  // namespace GRADUS_NAMESPACE
