// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/average.hpp>
#include <gradus/stages/descend.hpp>
#include <gradus/stages/stage_list.hpp>
#include <gradus/stages/steepest_direction.hpp>

namespace GRADUS_NAMESPACE {

/// Scion (Pethick et al., arXiv:2502.07529): momentum, and a step of fixed length in the steepest direction
/// under a norm of each layer's own.
///
///     b ← μb + (1 − μ)g
///     θ ← (1 − η)θ − ηρ lmo(b)            constrained: a Frank–Wolfe step in the ball ‖θ‖ ≤ ρ
///     θ ← θ − ηρ lmo(b)                   else
///
/// What starts in the ball stays in it, and what starts outside comes nearer by the factor 1 − η a step, as
/// far as `lmo` is exact. Equal to the authors' code (github.com/LIONS-EPFL/scion), whose `momentum` is
/// 1 − μ, for the presets of scion_presets.hpp in the leaf's own precision, where they orthogonalize in
/// bfloat16. Norms for the layers of a model are given out by `route`. State: b. Muon with decay λ is
/// constrained, with ρ = 1/λ and η λ times Muon's.
template <MatrixNorm N = SpectralNorm<>>
struct Scion {
  double learning_rate = 1e-3;  ///< η ≥ 0, at most 1 where constrained
  double momentum = 0.9;        ///< μ in [0, 1)
  double radius = 1;            ///< ρ > 0
  bool constrained = true;      ///< stay in the ball of radius ρ
  N norm{};                     ///< in which the direction is steepest
  GRADUS_FIELDS(Scion, learning_rate, momentum, radius, constrained, norm)

  using Stages = StageList<stages::Average, stages::SteepestDirection<N>, stages::Descend>;

  /// The stages of a step.
  Stages stages() const {
    return {name(),
            {stages::Average{momentum, false}, stages::SteepestDirection<N>{radius, false, norm},
             stages::Descend{learning_rate, constrained ? 1.0 : 0.0}}};
  }
  GRADUS_RUN_STAGES
};

}  // namespace GRADUS_NAMESPACE
