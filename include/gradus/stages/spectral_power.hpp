// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/linalg/multiply.hpp>
#include <gradus/orthogonalize/orthogonalize.hpp>
#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

namespace stages {

/// DynMuon's power of the singular values (arXiv:2605.17109), in place of `Orthogonalize`: towards UΣᵖVᵀ for
/// u = UΣVᵀ, where p = 0 is Muon. With s = ‖u‖ + ε, X = u/s, O = orthogonalize(u), E = XXᵀ − I and δ = p/2,
///
///     u ← sᵖ (I + δE + ½δ(δ − 1)E²) O
///
/// which is the Taylor series of (XXᵀ)^δ about I, to the second order. The singular values of X are small
/// where there are many, so what it does is mostly the length sᵖ, and a mild tilt beside it. Give it the
/// momentum as a sum, of mean gradients: s matters. The paper lets p fall from 1/4 to −1/4 in the first tenth
/// of the run: `scheduled<&stages::SpectralPower<>::exponent>(list, schedule)`. No state.
template <Orthogonalizer Method = NewtonSchulz>
struct SpectralPower {
  double exponent = -0.25;  ///< p
  double epsilon = 1e-7;    ///< ε > 0, added to the norm
  Method orthogonalizer{};  ///< how the polar factor is found
  GRADUS_FIELDS(SpectralPower, exponent, epsilon, orthogonalizer)

  template <class Tree>
  using State = NoState;

  /// Refuses a bad p or ε, and what the method refuses.
  void validate(std::string_view who) const {
    require_field(std::isfinite(exponent), who, "exponent", exponent, "be finite");
    require_positive(who, "epsilon", epsilon);
    orthogonalizer.validate(who);
  }

  /// No state.
  static std::array<Shape, 0> shapes(Index, Index) { return {}; }

  /// Room for O, two squares of the smaller side, and the method's own scratch.
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    const Index side = std::min(rows, cols);
    return Workspace::bytes<Scalar>(rows, cols) + 2 * Workspace::bytes<Scalar>(side, side) +
           std::max(orthogonalizer.template scratch<Scalar>(rows, cols),
                    detail::multiply_scratch<Scalar>(std::max(rows, cols)));
  }

  /// The floating-point operations of the polar factor and three products.
  double flops(Index rows, Index cols) const {
    const auto side = static_cast<double>(std::min(rows, cols));
    return detail::polar_flops(orthogonalizer, rows, cols) + 3 * side * static_cast<double>(rows * cols) +
           side * side * side;
  }

  /// The power in place of u.
  template <class S>
  auto begin(S&) const {
    return [this](auto& update) {
      update.settle();
      auto& u = update.matrix;
      using Scalar = typename std::remove_cvref_t<decltype(u)>::Scalar;
      Workspace& workspace = update.workspace;
      const bool wide = u.rows() <= u.cols();
      const Index side = std::min(u.rows(), u.cols());
      auto o = workspace.template take<Scalar>(u.rows(), u.cols());
      auto gram = workspace.template take<Scalar>(side, side),
           power = workspace.template take<Scalar>(side, side);
      const double s = gradus::norm(u) + epsilon;
      wide ? detail::add_gram(gram, 0, 1 / (s * s), u, workspace)
           : detail::add_gram(gram, 0, 1 / (s * s), u.transpose(), workspace);
      std::copy_n(u.data(), u.size(), o.data());
      orthogonalizer(o, workspace);
      // 1 + δ(a − 1) + ½δ(δ − 1)(a − 1)² in powers of a
      const double delta = exponent / 2, square = delta * (delta - 1) / 2;
      detail::multiply_add(true, power, square, gram, gram, delta - 2 * square, gram, workspace);
      power.diagonal().array() += static_cast<Scalar>(1 - delta + square);
      wide ? detail::multiply(u, power, o, workspace) : detail::multiply(u, o, power, workspace);
      update.factor = std::pow(s, exponent);
    };
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
