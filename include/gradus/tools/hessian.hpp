// SPDX-License-Identifier: MIT
//
// How sharp is a minimum? The trace and the largest eigenvalue of a Hessian that is known by its products.
#pragma once

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <gradus/concepts.hpp>
#include <gradus/core/sum_blocks.hpp>
#include <gradus/tools/portable_random.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

template <class Tree>
double dot(const Tree& a, const Tree& b) {
  const auto product = [](const auto& x, const auto& y) {
    return x.template cast<double>() * y.template cast<double>();
  };
  return gradus::sum_blocks(product, a, b);
}

// Calls `draw()` for every coefficient, column by column.
template <class Tree, class Draw>
void draw_coefficients(Tree& tree, const Draw& draw) {
  gradus::walk(
      "gradus",
      [&](const Path&, auto& leaf) {
        using Scalar = typename std::remove_cvref_t<decltype(leaf)>::Scalar;
        for (Index j = 0; j < leaf.cols(); ++j) {
          for (Index i = 0; i < leaf.rows(); ++i) leaf(i, j) = static_cast<Scalar>(draw());
        }
      },
      tree);
}

}  // namespace detail

/// The product of the Hessian of an objective with a direction, by central differences of the gradient:
///
///     ∇²f(x)u ≈ (∇f(x + hu) − ∇f(x − hu)) / 2h,    h = eps^(1/3) max(1, ‖x‖)/‖u‖
///
/// with eps of the least precise leaf: good to about eps^(2/3), 1e-10 in double. Made by
/// `hessian_vector_product`.
template <class F>
struct GradientDifference {
  F objective;  ///< `objective(x, gradient)`, as for `minimize`

  /// Writes ∇²f(x)u into `out`. Costs two gradients, and takes memory for a point and a gradient.
  template <class P, class Tree>
  void operator()(const P& x, const Tree& u, Tree& out) const {
    static_assert(Objective<F, Tree>,
                  "gradus::hessian_vector_product: the objective must be callable as f(x, gradient), write "
                  "the gradient, and return the value");
    Tree point = u, below = u;
    double epsilon = 0;
    gradus::walk(
        "hessian_vector_product",
        [&](const Path&, const auto& leaf) {
          using Scalar = typename std::remove_cvref_t<decltype(leaf)>::Scalar;
          epsilon = std::max(epsilon, static_cast<double>(Eigen::NumTraits<Scalar>::epsilon()));
        },
        u);
    const double size = gradus::norm(u);
    const double h = size == 0 ? 1 : std::cbrt(epsilon) * std::max(1.0, gradus::norm(x)) / size;
    const auto gradient_at = [&](double distance, Tree& gradient) {
      gradus::for_each_block(
          [distance](auto& p, const auto& start, const auto& way) { p = start + distance * way; }, point, x,
          u);
      objective(std::as_const(point), gradient);
    };
    gradient_at(-h, below);
    gradient_at(h, out);
    gradus::for_each_block([h](auto& above, const auto& b) { above = (above - b) / (2 * h); }, out,
                           std::as_const(below));
  }
};

/// `(x, u, out)` that writes ∇²f(x)u into `out`, as `hessian_trace`, `largest_hessian_eigenvalue` and
/// `hutchinson` of `Sophia` take it: see `GradientDifference`. A product of your own may be exact. Of a large
/// objective hand a lambda that refers to it: `f` is copied.
template <class F>
GradientDifference<F> hessian_vector_product(F f) {
  return {std::move(f)};
}

/// What was found out about a Hessian, and how far off it may be.
struct HessianEstimate {
  double value = 0;  ///< the trace, or the eigenvalue
  /// Of a trace its standard error; of an eigenvalue the distance within which there is one.
  double error = 0;
};

/// The trace of the Hessian at `x`, an Eigen object or any tree of them: the mean of uᵀ∇²f(x)u over `samples`
/// vectors u of random signs (Hutchinson, 1990). Unbiased; exact where the Hessian is diagonal, and of
/// variance 2 Σ_{i≠j} h_ij²/samples elsewhere. `product(x, u, out)` writes ∇²f(x)u:
///
///     hessian_trace(hessian_vector_product(f), x, 100, seed).value
///
/// The signs follow from the seed alone, on every platform. Takes memory for two trees like `x`, none for a
/// sample. Throws `std::invalid_argument` for less than 2 samples.
template <class Product, Parameters X>
HessianEstimate hessian_trace(const Product& product, const X& x, int samples, std::uint64_t seed) {
  require_at_least("hessian_trace", "samples", samples, 2);
  PortableRandom random(seed);
  like<X> u = gradus::zeros_like(x), out = u;
  double mean = 0, squares = 0;  // of the deviations
  for (int k = 1; k <= samples; ++k) {
    detail::draw_coefficients(u, [&] { return random.uniform() < 0 ? -1 : 1; });
    product(x, std::as_const(u), out);
    const double deviation = detail::dot(u, out) - mean;
    mean += deviation / k;
    squares += deviation * deviation * (k - 1) / k;
  }
  return {mean, std::sqrt(squares / samples / (samples - 1))};
}

/// The largest eigenvalue of the Hessian at `x`, the sharpness: gradient descent is stable at a minimum for
/// learning rates below two over it. `steps` of Lanczos's iteration (1950) from a random direction, each of
/// which takes one product; where the largest eigenvalues lie apart, ten or twenty will do. The value is
/// never above the largest eigenvalue but for rounding. `product(x, u, out)` writes ∇²f(x)u:
///
///     largest_hessian_eigenvalue(hessian_vector_product(f), x, 20, seed).value
///
/// The direction follows from the seed alone, on every platform. Takes memory for three trees like `x`, none
/// for a step. Directions are not orthogonalized again: that repeats eigenvalues, and harms none. NaN where a
/// product is not finite. Throws `std::invalid_argument` for less than 1 step.
template <class Product, Parameters X>
HessianEstimate largest_hessian_eigenvalue(const Product& product, const X& x, int steps,
                                           std::uint64_t seed) {
  require_at_least("largest_hessian_eigenvalue", "steps", steps, 1);
  PortableRandom random(seed);
  like<X> q = gradus::zeros_like(x), before = q, out = q;
  detail::draw_coefficients(q, [&] { return random.normal(); });
  Eigen::VectorXd diagonal(steps), beside(steps);  // of the Hessian in the basis of all q
  double length = gradus::norm(q), last = 0;
  int k = 0;
  for (; k < steps && length > 0; ++k) {
    gradus::for_each_block([length](auto& v) { v = v / length; }, q);
    product(x, std::as_const(q), out);
    const double along = detail::dot(q, out);
    gradus::for_each_block(
        [along, last](auto& next, const auto& now, auto& old) {
          next -= along * now + last * old;
          old = now;
        },
        out, std::as_const(q), before);
    length = gradus::norm(out);
    diagonal[k] = along;
    beside[k] = last = length;
    std::swap(q, out);
  }
  if (!std::isfinite(length)) return {length - length, length - length};
  if (k == 0) return {};
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> tridiagonal;
  tridiagonal.computeFromTridiagonal(diagonal.head(k), beside.head(k - 1));
  return {tridiagonal.eigenvalues()[k - 1],
          beside[k - 1] * std::abs(tridiagonal.eigenvectors()(k - 1, k - 1))};
}

}  // namespace GRADUS_NAMESPACE
