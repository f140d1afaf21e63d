// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <gradus/geometry/spectral_norms.hpp>
#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

namespace stages {

/// The steepest direction under a norm, by its linear minimization oracle:
///
///     u ← ρ lmo(u),   with `dual_scaled`   u ← ρ ‖u‖* lmo(u)
///
/// where ‖u‖* is taken as ⟨u, lmo(u)⟩, which it is if the oracle is exact. Behind `Average` without nesterov,
/// `dual_scaled` by the spectral norm is PolarGrad (arXiv:2505.21799): Muon's direction times the nuclear
/// norm of the momentum.
template <MatrixNorm N = SpectralNorm<>>
struct SteepestDirection {
  double radius = 1;         ///< ρ > 0
  bool dual_scaled = false;  ///< as long as the dual norm of u
  N norm{};                  ///< in which the direction is steepest
  GRADUS_FIELDS(SteepestDirection, radius, dual_scaled, norm)

  template <class Tree>
  using State = NoState;

  /// Refuses a bad ρ, and what the norm refuses.
  void validate(std::string_view who) const {
    require_positive(who, "radius", radius);
    norm.validate(who);
  }

  /// No state.
  static std::array<Shape, 0> shapes(Index, Index) { return {}; }

  /// Room for the norm's own scratch, and for u where its dual norm is needed.
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    return norm.template scratch<Scalar>(rows, cols) +
           (dual_scaled ? Workspace::bytes<Scalar>(rows, cols) : 0);
  }

  /// The floating-point operations of the norm's method, if it has one.
  double flops([[maybe_unused]] Index rows, [[maybe_unused]] Index cols) const {
    if constexpr (requires { norm.orthogonalizer.flops(rows, cols); }) {
      return norm.orthogonalizer.flops(rows, cols);
    } else {
      return 0;
    }
  }

  /// The direction in place of u.
  template <class S>
  auto begin(S&) const {
    return [this](auto& update) {
      update.settle();
      auto& u = update.matrix;
      if (!dual_scaled) {
        update.factor = radius * norm.lmo(u, update.workspace);
        return;
      }
      using Scalar = typename std::remove_cvref_t<decltype(u)>::Scalar;
      auto before = update.workspace.template take<Scalar>(u.rows(), u.cols());
      std::copy_n(u.data(), u.size(), before.data());
      const double scale = norm.lmo(u, update.workspace);
      const auto product = [](const auto& a, const auto& b) { return (wide(a) * wide(b)).eval(); };
      const double dual_norm = scale * gradus::sum_blocks(product, std::as_const(before), std::as_const(u));
      update.factor = radius * dual_norm * scale;
    };
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
