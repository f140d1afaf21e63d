// SPDX-License-Identifier: MIT
//
// Norms that see singular values: the largest, and their sum.
#pragma once

#include <gradus/core/normal.hpp>
#include <gradus/geometry/norm.hpp>
#include <gradus/orthogonalize/exact_polar.hpp>
#include <gradus/stages/scale_by_shape.hpp>

namespace GRADUS_NAMESPACE {

/// The spectral norm, that is the operator norm ℓ2 → ℓ2, over a factor s for the shape:
///
///     ‖W‖ = σ_1(W)/s,   ‖G‖* = s Σ_k σ_k(G),   lmo(G) = s UVᵀ
///
/// for G = UΣVᵀ. With `MuonScale::spectral`, s = √(out/in), it is the operator norm RMS → RMS. The normalized
/// step is Muon's. The polar factor UVᵀ is as exact as `orthogonalizer` is: where its singular values reach
/// r, the step is r times too long. `norm` and `dual_norm` are exact, by singular value decomposition.
template <Orthogonalizer Method = NewtonSchulz>
struct SpectralNorm {
  MuonScale scale = MuonScale::none;          ///< s
  Layout layout = Layout::outputs_by_inputs;  ///< what rows and columns are, for s
  Method orthogonalizer{};                    ///< how the polar factor is found
  GRADUS_FIELDS(SpectralNorm, scale, layout, orthogonalizer)

  /// Refuses what the method refuses.
  void validate(std::string_view who) const { orthogonalizer.validate(who); }

  /// ‖m‖
  template <Leaf M>
  double norm(const M& m) const {
    return detail::singular_values(m)(0) / factor(m);
  }

  /// ‖g‖*
  template <Leaf G>
  double dual_norm(const G& g) const {
    return detail::singular_values(g).sum() * factor(g);
  }

  /// What the method needs.
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    return orthogonalizer.template scratch<Scalar>(rows, cols);
  }

  /// Leaves UVᵀ in x.
  template <class Scalar>
  double lmo(MatrixMap<Scalar> x, Workspace& workspace) const {
    orthogonalizer(x, workspace);
    return factor(x);
  }

 private:
  template <class M>
  double factor(const M& m) const {
    return m.size() == 0 ? 1 : gradus::shape_factor(scale, layout, m.rows(), m.cols());
  }
};

/// The nuclear norm, the sum of the singular values:
///
///     ‖W‖ = Σ_k σ_k(W),   ‖G‖* = σ_1(G),   lmo(G) = u vᵀ
///
/// for the first pair of singular vectors, by power iteration until σ_1 stands still: from a start that does
/// not depend on G, v ← Gᵀu/‖Gᵀu‖, u ← Gv/‖Gv‖. Where σ_2 is near σ_1 that may end at any direction between
/// them, whose ⟨G, u vᵀ⟩ is as good to rounding. The step has rank one.
struct NuclearNorm {
  int steps = 100;  ///< at most, at least 1
  GRADUS_FIELDS(NuclearNorm, steps)

  /// Refuses less than one step.
  void validate(std::string_view who) const { require_at_least(who, "steps", steps, 1); }

  /// ‖m‖
  template <Leaf M>
  double norm(const M& m) const {
    return detail::singular_values(m).sum();
  }

  /// ‖g‖*
  template <Leaf G>
  double dual_norm(const G& g) const {
    return detail::singular_values(g)(0);
  }

  /// Room for u and v.
  template <class Scalar>
  static std::size_t scratch(Index rows, Index cols) {
    return Workspace::bytes<Scalar>(rows, 1) + Workspace::bytes<Scalar>(cols, 1);
  }

  /// Leaves u vᵀ in x. Infinity or NaN anywhere gives NaN everywhere.
  template <class Scalar>
  double lmo(MatrixMap<Scalar> x, Workspace& workspace) const {
    const double size = gradus::norm(x);
    if (size < std::numeric_limits<double>::min()) return 0;
    x /= static_cast<Scalar>(size);
    const std::size_t used = workspace.used();
    auto u = workspace.take<Scalar>(x.rows(), 1), v = workspace.take<Scalar>(x.cols(), 1);
    for (Index j = 0; j < v.size(); ++j) {
      v(j) = static_cast<Scalar>(detail::normal(static_cast<std::uint64_t>(j)));
    }
    const auto normalize = [](auto& vector) {
      const double length = gradus::norm(vector);
      vector /= static_cast<Scalar>(length);
      return length;
    };
    constexpr double epsilon = static_cast<double>(std::numeric_limits<Scalar>::epsilon());
    double sigma = 0, before = -1;
    for (int k = 0; k < steps && !(sigma <= before * (1 + epsilon)); ++k) {
      before = sigma;
      u.col(0).noalias() = x * v.col(0);
      normalize(u);
      v.col(0).noalias() = x.transpose() * u.col(0);
      sigma = normalize(v);
    }
    x.noalias() = u.col(0) * v.col(0).transpose();
    workspace.rewind(used);
    return 1;
  }
};

}  // namespace GRADUS_NAMESPACE
