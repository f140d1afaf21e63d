// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <gradus/core/checks.hpp>
#include <gradus/core/for_each_block.hpp>
#include <gradus/orthogonalize/workspace.hpp>
#include <type_traits>

namespace gradus {

/// Coefficients of the odd polynomial p(σ) = aσ + bσ³ + cσ⁵ that one Newton–Schulz step applies to the
/// singular values.
struct Quintic {
  double a, b, c;
};

/// Named coefficients. `jordan` (Keller Jordan, 2024) lifts small singular values fast but does not converge:
/// they end up between 0.68 and 1.14. `convergent` has p(1) = 1, p'(1) = p''(1) = 0 and converges, also in
/// double precision: 12 steps do for a well-conditioned matrix. `cubic` is the classical iteration and the
/// slowest.
namespace quintics {
inline constexpr Quintic jordan{3.4445, -4.7750, 2.0315};
inline constexpr Quintic convergent{15.0 / 8, -10.0 / 8, 3.0 / 8};
inline constexpr Quintic cubic{3.0 / 2, -1.0 / 2, 0};
}  // namespace quintics

/// How `epsilon` keeps the norm that a matrix is divided by away from zero.
enum class NormGuard {
  max,  ///< max(‖X‖, ε): `torch.optim.Muon`
  add   ///< ‖X‖ + ε: Keller Jordan's Muon, Moonlight
};

/// Newton–Schulz iteration towards the polar factor UVᵀ of X = UΣVᵀ:
///
///     X ← X / ‖X‖_F,  then `steps` times:  A = XXᵀ,  X ← aX + (bA + cA²)X
///
/// (from the right with A = XᵀX if X is tall). It changes singular values only, costs matrix products only,
/// and works in the matrix's own precision. For m x n with m ≤ n a step costs 4m²n + 2m³ flops. A zero matrix
/// gives zero; a rank-deficient one the factor on its row space; infinity or NaN anywhere gives NaN
/// everywhere. Matrices whose norm is below ε come out shorter than orthogonal, as in PyTorch.
struct NewtonSchulz {
  int steps = 5;                            ///< at least 1
  Quintic coefficients = quintics::jordan;  ///< (a, b, c)
  double epsilon = 1e-7;                    ///< ε ≥ 0, in units of the norm
  NormGuard guard = NormGuard::max;         ///< how ε enters

  /// Refuses bad fields with `std::invalid_argument`.
  void validate(std::string_view who) const {
    require_field(steps >= 1, who, "steps", steps, "be at least 1");
    require_nonnegative(who, "epsilon", epsilon);
    for (const double c : {coefficients.a, coefficients.b, coefficients.c}) {
      require_field(std::isfinite(c), who, "coefficients", c, "be finite");
    }
  }

  /// Bytes of scratch that a `rows` x `cols` matrix needs.
  template <class Scalar>
  static std::size_t scratch(Index rows, Index cols) {
    const Index n = std::min(rows, cols);
    return Workspace::bytes<Scalar>(rows, cols) + 2 * Workspace::bytes<Scalar>(n, n);
  }

  /// Replaces `x` by its approximate polar factor. `workspace` must have room for `scratch`.
  template <class Scalar>
  void operator()(MatrixMap<Scalar> x, Workspace& workspace) const {
    using Wide = std::common_type_t<Scalar, double>;
    const double norm = gradus::norm(x);
    if (norm == 0) return;
    const Wide scale = guard == NormGuard::max ? std::max(norm, epsilon) : norm + epsilon;
    x = (x.template cast<Wide>() / scale).template cast<Scalar>();

    const Index n = std::min(x.rows(), x.cols());
    auto a = workspace.take<Scalar>(n, n), b = workspace.take<Scalar>(n, n);
    auto y = workspace.take<Scalar>(x.rows(), x.cols());
    const auto [ca, cb, cc] = coefficients;
    for (int k = 0; k < steps; ++k) {
      if (x.rows() <= x.cols()) {
        a.noalias() = x * x.transpose();
      } else {
        a.noalias() = x.transpose() * x;
      }
      b = static_cast<Scalar>(cb) * a;
      if (cc != 0) b.noalias() += (static_cast<Scalar>(cc) * a) * a;
      y = static_cast<Scalar>(ca) * x;
      if (x.rows() <= x.cols()) {
        y.noalias() += b * x;
      } else {
        y.noalias() += x * b;
      }
      x = y;
    }
  }
};

}  // namespace gradus
