// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/descend.hpp>
#include <gradus/stages/stage_list.hpp>
#include <gradus/stages/steepest_direction.hpp>

namespace GRADUS_NAMESPACE {

/// Steepest descent under a norm of matrices (Bernstein & Newhouse, arXiv:2409.20325): each leaf takes
///
///     θ ← θ − η ‖g‖* lmo(g)
///
/// the minimum of f + ⟨g, Δ⟩ + ‖Δ‖²/(2η). Where f is L-smooth in that norm, η = 1/L lowers f by ‖g‖*²/(2L) at
/// least. With `FrobeniusNorm` this is gradient descent. Under a norm whose oracle is a polar factor by
/// Newton–Schulz with singular values up to r, ‖g‖* is ⟨g, lmo(g)⟩, and f still falls if r² < 2. `Scion`
/// takes steps of fixed length instead, with momentum. No state.
template <MatrixNorm N = SpectralNorm<>>
struct SteepestDescent {
  double learning_rate = 1e-3;  ///< η ≥ 0: 1/L
  N norm{};                     ///< in which the descent is steepest
  GRADUS_FIELDS(SteepestDescent, learning_rate, norm)

  using Stages = StageList<stages::SteepestDirection<N>, stages::Descend>;

  /// The stages of a step.
  Stages stages() const {
    return {name(), {stages::SteepestDirection<N>{1, true, norm}, stages::Descend{learning_rate}}};
  }
  GRADUS_RUN_STAGES
};

}  // namespace GRADUS_NAMESPACE
