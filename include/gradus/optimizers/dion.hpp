// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/descend.hpp>
#include <gradus/stages/power_iteration.hpp>
#include <gradus/stages/scale_by_shape.hpp>
#include <gradus/stages/stage_list.hpp>

namespace GRADUS_NAMESPACE {

/// Dion (Ahn et al., arXiv:2504.05295): orthonormal updates of low rank. Its authors now recommend `Dion2`.
///
///     M ← M + g
///     P = orthonormal basis of MQ,  R = MᵀP
///     M ← M − (1 − μ) P Rᵀ
///     Q ← R, each column divided by ‖column‖ + ε
///     θ ← (1 − ηλ)θ − η √(m/n) P Qᵀ
///
/// `stages::PowerIteration` says more. Equal to dion_simple.py of github.com/microsoft/dion, in the leaf's
/// own precision, save that directions which M has not got (M = 0, or of rank below r) move nothing and keep
/// their column of Q, where the original's depend on rounding. A step costs 8mnr + 8mr² flops; Muon's five
/// Newton–Schulz steps cost 20m²n + 10m³. Parameters are outputs x inputs, vectors matrices of one column.
/// State: M, Q. Threads as in `BasicMuon`.
struct Dion {
  double learning_rate = 0.01;  ///< η ≥ 0
  double momentum = 0.95;       ///< μ in [0, 1]
  double epsilon = 1e-8;        ///< ε > 0
  double weight_decay = 0.01;   ///< λ ≥ 0, decoupled, not multiplied by √(m/n)
  double rank_fraction = 1;     ///< in (0, 1]; read by `init`
  std::uint32_t seed = 0;  ///< of the first Q, to which each leaf adds its place in the tree; read by `init`
  GRADUS_FIELDS(Dion, learning_rate, momentum, epsilon, weight_decay, rank_fraction, seed)

  using Stages = StageList<stages::PowerIteration, stages::ScaleByShape, stages::Descend>;

  /// The stages of a step.
  Stages stages() const {
    return {name(),
            {stages::PowerIteration{momentum, epsilon, rank_fraction, seed},
             stages::ScaleByShape{MuonScale::spectral}, stages::Descend{learning_rate, weight_decay}}};
  }
  GRADUS_RUN_STAGES
};

}  // namespace GRADUS_NAMESPACE
