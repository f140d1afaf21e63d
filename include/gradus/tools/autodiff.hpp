// SPDX-License-Identifier: MIT
//
// Gradients by automatic differentiation, for objectives that only return a value.
// not in the umbrella: needs Eigen's unsupported AutoDiff module, which is not installed everywhere.
#pragma once

#include <gradus/objectives/test_function.hpp>
#include <unsupported/Eigen/AutoDiff>
#include <utility>

namespace GRADUS_NAMESPACE {

/// An objective whose gradient is found by automatic differentiation. Made by `with_autodiff`.
template <class F>
struct WithAutodiff {
  F f;  ///< an objective that returns a value

  /// The value: `f(x)` itself.
  template <class X>
  typename X::Scalar operator()(const X& x) const {
    return f(x);
  }

  /// The value, and the gradient in `gradient`.
  template <class X, class G>
  typename X::Scalar operator()(const X& x, G&& gradient) const {
    static_assert(X::IsVectorAtCompileTime, "gradus: with_autodiff takes a vector: one row or one column");
    using Derivatives = Eigen::Matrix<typename X::Scalar, X::SizeAtCompileTime, 1>;
    using Active = Eigen::AutoDiffScalar<Derivatives>;
    constexpr auto order =
        X::RowsAtCompileTime == 1 && X::ColsAtCompileTime != 1 ? Eigen::RowMajor : Eigen::ColMajor;
    Eigen::Matrix<Active, X::RowsAtCompileTime, X::ColsAtCompileTime, order> active(x.rows(), x.cols());
    for (Index i = 0; i < x.size(); ++i) active[i] = Active(x[i], Derivatives::Unit(x.size(), i));

    const Active value = f(active);
    test_functions::fit("with_autodiff", gradient, x.rows(), x.cols());
    // A value that does not depend on x has no derivatives.
    for (Index i = 0; i < x.size(); ++i) {
      gradient[i] = value.derivatives().size() == 0 ? typename X::Scalar(0) : value.derivatives()[i];
    }
    return value.value();
  }
};

/// Turns a function that returns a value into an objective with a gradient.
///
/// `f` must be generic: it is called with a vector of the scalar of `x`, and with a vector of
/// `Eigen::AutoDiffScalar`, so it has to declare its numbers as `typename X::Scalar`, to return that type
/// (`auto` may return an expression of variables that no longer exist), and to write `using std::sin;
/// sin(x[0])` rather than `std::sin(x[0])`.
///
/// Every operation carries the derivatives along all `d` coordinates, so a gradient costs about `d` times a
/// value, and for a dynamic `x` memory is allocated for every intermediate number: good for small problems
/// and for tests.
template <class F>
WithAutodiff<F> with_autodiff(F f) {
  return {std::move(f)};
}

}  // namespace GRADUS_NAMESPACE
