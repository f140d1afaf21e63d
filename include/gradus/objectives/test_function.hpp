// SPDX-License-Identifier: MIT
//
// What every test function tells about itself, and the checks that they share.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <concepts>
#include <gradus/core/namespace.hpp>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace GRADUS_NAMESPACE {

using Eigen::Index;

/// The box in which a test function is customarily searched: lower[i] <= x[i] <= upper[i].
struct Domain {
  Eigen::VectorXd lower, upper;  ///< one number a variable
};

/// A test function with the facts that are known about it. All of them are static, and take the number of
/// dimensions `d` (optional where only one is possible):
///
/// - `name`, `source`: what it is called, and who published it where and when;
/// - `dimension`: how many variables it takes, `Eigen::Dynamic` where that is free;
/// - `domain(d)`: the customary box;
/// - `start(d)`: the customary start, or a point of the box away from the minimisers where there is none;
/// - `minimisers(d)`: all known global minimisers, none where they are unknown;
/// - `minimum(d)`: the value there.
///
/// The function itself is called as `f(x)`, which returns the value, or `f(x, gradient)`, which also writes
/// the gradient. `x` is any Eigen vector: row or column, fixed or dynamic, `Map`, `Ref` or `Block`, of
/// `float`, `double` or another real scalar such as `Eigen::AutoDiffScalar`. A derivative that does not exist
/// is taken as 0, never NaN. `gradient` must not overlap `x`; a dynamic vector of another size is resized. A
/// size that does not fit throws `std::invalid_argument`, or does not compile if it is known at compile time.
template <class F>
concept TestFunction = requires(Index d) {
  { F::name } -> std::convertible_to<std::string_view>;
  { F::source } -> std::convertible_to<std::string_view>;
  { F::dimension } -> std::convertible_to<Index>;
  { F::domain(d) } -> std::same_as<Domain>;
  { F::start(d) } -> std::same_as<Eigen::VectorXd>;
  { F::minimisers(d) } -> std::same_as<std::vector<Eigen::VectorXd>>;
  { F::minimum(d) } -> std::same_as<std::optional<double>>;
};

/// The vocabulary in which the test functions are written.
namespace test_functions {

/// The scalar of a vector.
template <class X>
using Scalar = typename X::Scalar;

/// The type of the constants in a formula: the scalar of `X`, or what lies under an `AutoDiffScalar`.
template <class X>
using Real = typename Eigen::NumTraits<typename X::Scalar>::Literal;

/// Whether `F` is defined in `d` dimensions. A function of free dimension may declare a `least_dimension` or
/// a `dimension_multiple`.
template <class F>
constexpr bool accepts(Index d) {
  if constexpr (F::dimension != Eigen::Dynamic) {
    return d == F::dimension;
  } else if constexpr (requires { F::least_dimension; }) {
    return d >= F::least_dimension;
  } else if constexpr (requires { F::dimension_multiple; }) {
    return d >= 1 && d % F::dimension_multiple == 0;
  } else {
    return d >= 1;
  }
}

/// Throws `std::invalid_argument`: "Rosenbrock needs at least 2 dimensions, got 1".
template <class F>
[[noreturn]] EIGEN_DONT_INLINE void fail_dimension(Index d) {
  std::string needs = "at least 1 dimension";
  if constexpr (F::dimension != Eigen::Dynamic) {
    needs = std::to_string(F::dimension) + " dimensions";
  } else if constexpr (requires { F::least_dimension; }) {
    needs = "at least " + std::to_string(F::least_dimension) + " dimensions";
  } else if constexpr (requires { F::dimension_multiple; }) {
    needs = "a multiple of " + std::to_string(F::dimension_multiple) + " dimensions";
  }
  throw std::invalid_argument(std::string(F::name) + " needs " + needs + ", got " + std::to_string(d));
}

/// Throws `std::invalid_argument` unless `F` is defined in `d` dimensions.
template <class F>
void require_dimension(Index d) {
  if (!accepts<F>(d)) fail_dimension<F>(d);
}

/// Throws `std::invalid_argument`: "Rosenbrock: the gradient is 3x1, needs 2x1".
[[noreturn]] EIGEN_DONT_INLINE inline void fail_shape(std::string_view name, std::string_view what,
                                                      Index rows, Index cols, Index needed_rows,
                                                      Index needed_cols) {
  throw std::invalid_argument(std::string(name) + ": " + std::string(what) + " is " + std::to_string(rows) +
                              "x" + std::to_string(cols) + ", needs " + std::to_string(needed_rows) + "x" +
                              std::to_string(needed_cols));
}

/// Throws `std::invalid_argument` unless a matrix has the shape that is needed.
template <class M>
void require_shape(std::string_view name, std::string_view what, const M& m, Index rows, Index cols) {
  if (m.rows() != rows || m.cols() != cols) fail_shape(name, what, m.rows(), m.cols(), rows, cols);
}

/// Gives a gradient its shape: resizes a `Matrix` or `Array`, throws `std::invalid_argument` for a view.
template <class G>
void fit(std::string_view name, G& gradient, Index rows, Index cols) {
  constexpr auto allows = [](int fixed, Index size) { return fixed == Eigen::Dynamic || fixed == size; };
  if (gradient.rows() == rows && gradient.cols() == cols) return;
  if constexpr (std::is_base_of_v<Eigen::PlainObjectBase<G>, G>) {
    if (allows(G::RowsAtCompileTime, rows) && allows(G::ColsAtCompileTime, cols)) {
      return gradient.resize(rows, cols);
    }
  }
  fail_shape(name, "the gradient", gradient.rows(), gradient.cols(), rows, cols);
}

/// Throws `std::invalid_argument` unless `x` is a point at which `F` is defined.
template <class F, class X>
void check(const X& x) {
  static_assert(X::IsVectorAtCompileTime, "gradus: a test function takes a vector: one row or one column");
  static_assert(int(X::SizeAtCompileTime) == Eigen::Dynamic || accepts<F>(X::SizeAtCompileTime),
                "gradus: this test function does not take a vector of this fixed size; see its `dimension`");
  require_dimension<F>(x.size());
}

/// Same, and gives `gradient` the size of `x`.
template <class F, class X, class G>
void check(const X& x, G& gradient) {
  static_assert(G::IsVectorAtCompileTime, "gradus: the gradient of a test function is a vector, like x");
  check<F>(x);
  constexpr bool row = G::RowsAtCompileTime == 1 && G::ColsAtCompileTime != 1;
  fit(F::name, gradient, row ? 1 : x.size(), row ? x.size() : 1);
}

/// Throws `std::invalid_argument` unless the parameter `field` of a test function is at least `least`.
inline void require_at_least(double least, double value, std::string_view name, std::string_view field) {
  if (value >= least) return;
  throw std::invalid_argument(std::string(name) + ": " + std::string(field) + " is " + std::to_string(value) +
                              ", needs to be at least " + std::to_string(least));
}

/// The point (value, ..., value).
template <class F>
Eigen::VectorXd all(Index d, double value) {
  require_dimension<F>(d);
  return Eigen::VectorXd::Constant(d, value);
}

/// The point with these coordinates, repeated as often as `d` asks for.
template <class F>
Eigen::VectorXd point(Index d, std::initializer_list<double> coordinates) {
  require_dimension<F>(d);
  const Eigen::Map<const Eigen::VectorXd> once(coordinates.begin(), static_cast<Index>(coordinates.size()));
  return once.replicate(d / once.size(), 1);
}

/// The cube [lower, upper]^d.
template <class F>
Domain cube(Index d, double lower, double upper) {
  return {all<F>(d, lower), all<F>(d, upper)};
}

/// A value that holds in `d` dimensions.
template <class F>
double value(Index d, double known) {
  require_dimension<F>(d);
  return known;
}

/// The two coordinates of a point in the plane.
template <class P>
std::array<Scalar<P>, 2> xy(const P& point) {
  return {point[0], point[1]};
}

/// -1, 0 or 1.
template <class T>
typename Eigen::NumTraits<T>::Literal sign(const T& t) {
  using Real = typename Eigen::NumTraits<T>::Literal;
  return Real(t > 0) - Real(t < 0);
}

/// The derivative of sqrt|t|, and 0 at 0.
template <class T>
T root_slope(const T& t) {
  using std::abs, std::sqrt;
  return t == 0 ? T(0) : T(sign(t) / (2 * sqrt(abs(t))));
}

}  // namespace test_functions
}  // namespace GRADUS_NAMESPACE
