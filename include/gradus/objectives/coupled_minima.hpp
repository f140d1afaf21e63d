// SPDX-License-Identifier: MIT
//
// Test functions of any dimension with many local minima whose coordinates act on each other.
#pragma once

#include <cmath>
#include <gradus/objectives/test_function.hpp>
#include <numbers>

namespace GRADUS_NAMESPACE {

/// Ackley's function, 20 + e - 20 exp(-0.2 r) - exp(mean cos(2 pi x_i)) with r = sqrt(mean x_i^2): a nearly
/// flat plain of small dents around a deep hole. Minimum 0 at the origin, where it has a kink; the gradient
/// there is 0.
struct Ackley {
  static constexpr std::string_view name = "Ackley";
  static constexpr std::string_view source =
      "D. H. Ackley, A Connectionist Machine for Genetic Hillclimbing, 1987 (2 dimensions)";
  static constexpr int dimension = Eigen::Dynamic;
  static Domain domain(Index d) { return test_functions::cube<Ackley>(d, -32.768, 32.768); }
  static Eigen::VectorXd start(Index d) { return test_functions::all<Ackley>(d, 2.3); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) { return {test_functions::all<Ackley>(d, 0)}; }
  static std::optional<double> minimum(Index d) { return test_functions::value<Ackley>(d, 0); }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    using std::exp;
    using Real = test_functions::Real<X>;
    test_functions::check<Ackley>(x);
    return 20 * (1 - exp(Real(-0.2) * radius(x))) + std::numbers::e_v<Real> - exp(mean_cosine(x));
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    using std::exp, std::sin;
    using T = test_functions::Scalar<X>;
    using Real = test_functions::Real<X>;
    test_functions::check<Ackley>(x, gradient);
    const Real d = Real(x.size()), two_pi = 2 * std::numbers::pi_v<Real>;
    const T r = radius(x), wave = exp(mean_cosine(x));
    const T pull = r == 0 ? T(0) : T(4 * exp(Real(-0.2) * r) / r);
    for (Index i = 0; i < x.size(); ++i) gradient[i] = (pull * x[i] + two_pi * wave * sin(two_pi * x[i])) / d;
    return (*this)(x);
  }

 private:
  template <class X>
  static test_functions::Scalar<X> radius(const X& x) {
    using std::sqrt;
    test_functions::Scalar<X> sum(0);
    for (Index i = 0; i < x.size(); ++i) sum += x[i] * x[i];
    return sqrt(sum / test_functions::Real<X>(x.size()));
  }

  template <class X>
  static test_functions::Scalar<X> mean_cosine(const X& x) {
    using std::cos;
    using Real = test_functions::Real<X>;
    test_functions::Scalar<X> sum(0);
    for (Index i = 0; i < x.size(); ++i) sum += cos(2 * std::numbers::pi_v<Real> * x[i]);
    return sum / Real(x.size());
  }
};

/// Griewank's function, 1 + sum x_i^2 / 4000 - prod cos(x_i / sqrt(i)). Minimum 0 at the origin.
struct Griewank {
  static constexpr std::string_view name = "Griewank";
  static constexpr std::string_view source =
      "A. O. Griewank, Journal of Optimization Theory and Applications 34, 1981";
  static constexpr int dimension = Eigen::Dynamic;
  static Domain domain(Index d) { return test_functions::cube<Griewank>(d, -600, 600); }
  static Eigen::VectorXd start(Index d) { return test_functions::all<Griewank>(d, 10); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) { return {test_functions::all<Griewank>(d, 0)}; }
  static std::optional<double> minimum(Index d) { return test_functions::value<Griewank>(d, 0); }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    using std::cos;
    test_functions::check<Griewank>(x);
    test_functions::Scalar<X> sum(0), product(1);
    for (Index i = 0; i < x.size(); ++i) {
      sum += x[i] * x[i];
      product *= cos(x[i] * frequency<X>(i));
    }
    return 1 + sum / 4000 - product;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    using std::cos, std::sin;
    using T = test_functions::Scalar<X>;
    test_functions::check<Griewank>(x, gradient);
    // A derivative has the product of all other cosines. Dividing by one's own may divide by 0, so the
    // gradient first keeps the product of those before, and a second pass from behind supplies those after.
    T before(1), after(1);
    for (Index i = 0; i < x.size(); ++i) {
      gradient[i] = before;
      before *= cos(x[i] * frequency<X>(i));
    }
    for (Index i = x.size() - 1; i >= 0; --i) {
      const T angle = x[i] * frequency<X>(i), others = gradient[i] * after;
      gradient[i] = x[i] / 2000 + frequency<X>(i) * sin(angle) * others;
      after *= cos(angle);
    }
    return (*this)(x);
  }

 private:
  template <class X>
  static test_functions::Real<X> frequency(Index i) {
    return 1 / std::sqrt(test_functions::Real<X>(i + 1));
  }
};

/// Levy's function, with w = 1 + (x - 1) / 4: sin(pi w_1)^2 + sum over i < d of (w_i - 1)^2 (1 + 10 sin(pi
/// w_i + 1)^2)
/// + (w_d - 1)^2 (1 + sin(2 pi w_d)^2). Minimum 0 at (1, ..., 1).
struct Levy {
  static constexpr std::string_view name = "Levy";
  static constexpr std::string_view source =
      "A. V. Levy, A. Montalvo, SIAM Journal on Scientific and Statistical Computing 6, 1985";
  static constexpr int dimension = Eigen::Dynamic;
  static Domain domain(Index d) { return test_functions::cube<Levy>(d, -10, 10); }
  static Eigen::VectorXd start(Index d) { return test_functions::all<Levy>(d, -4); }
  static std::vector<Eigen::VectorXd> minimisers(Index d) { return {test_functions::all<Levy>(d, 1)}; }
  static std::optional<double> minimum(Index d) { return test_functions::value<Levy>(d, 0); }

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    using std::sin;
    using T = test_functions::Scalar<X>;
    test_functions::check<Levy>(x);
    const Index last = x.size() - 1;
    const T first = sin(pi<X> * w(x[0])), u = w(x[last]) - 1, end = sin(2 * pi<X> * w(x[last]));
    T sum = first * first + u * u * (1 + end * end);
    for (Index i = 0; i < last; ++i) {
      const T v = w(x[i]) - 1, s = sin(pi<X> * w(x[i]) + 1);
      sum += v * v * (1 + 10 * s * s);
    }
    return sum;
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    using std::sin;
    using T = test_functions::Scalar<X>;
    test_functions::check<Levy>(x, gradient);
    const Index last = x.size() - 1;
    for (Index i = 0; i < last; ++i) {
      const T v = w(x[i]) - 1, angle = pi<X> * w(x[i]) + 1, s = sin(angle);
      gradient[i] = (2 * v * (1 + 10 * s * s) + 10 * pi<X> * v * v * sin(2 * angle)) / 4;
    }
    const T u = w(x[last]) - 1, angle = 2 * pi<X> * w(x[last]), s = sin(angle);
    gradient[last] = (2 * u * (1 + s * s) + 2 * pi<X> * u * u * sin(2 * angle)) / 4;
    gradient[0] += pi<X> * sin(2 * pi<X> * w(x[0])) / 4;
    return (*this)(x);
  }

 private:
  template <class X>
  static constexpr test_functions::Real<X> pi = std::numbers::pi_v<test_functions::Real<X>>;

  template <class T>
  static T w(const T& x) {
    return 1 + (x - 1) / 4;
  }
};

}  // namespace GRADUS_NAMESPACE
