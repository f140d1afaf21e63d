// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/linalg/multiply.hpp>
#include <gradus/orthogonalize/orthogonalize.hpp>
#include <gradus/orthogonalize/polar_express.hpp>
#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

// The method; eight steps of Polar Express for one that has steps.
template <Orthogonalizer Method>
Method exact_enough() {
  if constexpr (requires(Method m) { m.steps, m.coefficients, m.safety; }) {
    return polar_express<Method>(8);
  } else {
    return Method{};
  }
}

}  // namespace detail

namespace stages {

/// Singular values of at most β, the vectors as they are. With O = polar(u) and D = βO − u,
///
///     u ← ½(βO + u − D polar(D)ᵀO)          U min(Σ, β) Vᵀ for u = UΣVᵀ
///
/// by two polar factors and two products, as in NVIDIA's Emerging-Optimizers. As exact as `orthogonalizer`
/// is: a σ nearer to β than its smallest relative singular value is off by at most their distance. No state.
template <Orthogonalizer Method = NewtonSchulz>
struct ClipSpectrum {
  double limit = 1;                                        ///< β > 0
  Method orthogonalizer = detail::exact_enough<Method>();  ///< eight steps of Polar Express, or as given
  GRADUS_FIELDS(ClipSpectrum, limit, orthogonalizer)

  template <class Tree>
  using State = NoState;

  /// Refuses a bad β, and what the method refuses.
  void validate(std::string_view who) const {
    require_positive(who, "limit", limit);
    orthogonalizer.validate(who);
  }

  /// No state.
  static std::array<Shape, 0> shapes(Index, Index) { return {}; }

  /// Room for O, D, its polar factor, a square of the smaller side, and the method's own scratch.
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    const Index side = std::min(rows, cols);
    return 3 * Workspace::bytes<Scalar>(rows, cols) + Workspace::bytes<Scalar>(side, side) +
           std::max(orthogonalizer.template scratch<Scalar>(rows, cols),
                    detail::multiply_scratch<Scalar>(std::max(rows, cols)));
  }

  /// The floating-point operations of two polar factors and two products.
  double flops(Index rows, Index cols) const {
    const auto side = static_cast<double>(std::min(rows, cols));
    return 2 * detail::polar_flops(orthogonalizer, rows, cols) + 3 * side * static_cast<double>(rows * cols);
  }

  /// The clipped matrix in place of u.
  template <class S>
  auto begin(S&) const {
    return [this](auto& update) {
      update.settle();
      auto& u = update.matrix;
      using Scalar = typename std::remove_cvref_t<decltype(u)>::Scalar;
      auto take = [&](Index rows, Index cols) { return update.workspace.template take<Scalar>(rows, cols); };
      const bool wide = u.rows() <= u.cols();
      const Index side = std::min(u.rows(), u.cols());
      auto o = take(u.rows(), u.cols()), d = take(u.rows(), u.cols()), sign = take(u.rows(), u.cols());
      auto size = take(side, side);  // |β − Σ| in the basis of the smaller side
      std::copy_n(u.data(), u.size(), o.data());
      orthogonalizer(o, update.workspace);
      gradus::for_each_block(differ(), d, sign, u, std::as_const(o));
      orthogonalizer(sign, update.workspace);
      if (wide) {
        detail::multiply_add(true, size, 1, d, sign.transpose(), 0, size, update.workspace);
        detail::multiply_add(false, u, -0.5, size, o, 1, u, update.workspace);
      } else {
        detail::multiply_add(true, size, 1, sign.transpose(), d, 0, size, update.workspace);
        detail::multiply_add(false, u, -0.5, o, size, 1, u, update.workspace);
      }
    };
  }

 private:
  // D, twice, and u ← ½(βO + u), for one block of coefficients.
  auto differ() const {
    return [beta = limit](auto& d, auto& again, auto& u, const auto& o) {
      d = again = beta * o - u;
      u = 0.5 * (beta * o + u);
    };
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
