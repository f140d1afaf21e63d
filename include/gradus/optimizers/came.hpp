// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/confidence_guided.hpp>
#include <gradus/stages/descend.hpp>
#include <gradus/stages/stage_list.hpp>

namespace GRADUS_NAMESPACE {

/// CAME (Luo et al., arXiv:2307.02047), equal to the authors' `came_pytorch`: Adafactor with momentum,
/// divided where the momentum and what it averages differ.
///
///     R ← β2 R + (1 − β2)(row means of g² + ε1), and so C of columns,          V̂ = R Cᵀ/mean(R)
///     U = g/√V̂,  U ← U/max(1, rms(U)/clip)
///     m ← β1 m + (1 − β1)U
///     R' ← β3 R' + (1 − β3)(row means of (U − m)² + ε2), and so C' of columns, S = R' C'ᵀ/mean(R')
///     θ ← (1 − ηλ)θ − η m/√S
///
/// of a matrix; of a vector (one row or column) V is kept whole, and θ ← (1 − ηλ)θ − ηm. Nothing is corrected
/// for starting at 0: by default the first step of a matrix is about 11η for every coefficient, so warm up.
/// State: m, and R, C, R', C', in double, or V; and room for the largest gradient and each thread. Reads and
/// writes 15 numbers a coefficient of a matrix, in six passes, and 14 of a vector, in four.
struct CAME {
  double learning_rate = 2e-4;  ///< η ≥ 0
  double beta1 = 0.9;           ///< decay of m, in [0, 1)
  double beta2 = 0.999;         ///< decay of the mean square, in [0, 1)
  double beta3 = 0.9999;        ///< decay of the instability, in [0, 1)
  double epsilon1 = 1e-30;      ///< ε1 ≥ 0, added to squares
  double epsilon2 = 1e-16;      ///< ε2 ≥ 0, added to the instability
  double clip = 1;              ///< > 0, the largest root mean square of U
  double weight_decay = 0;      ///< λ ≥ 0, decoupled
  GRADUS_FIELDS(CAME, learning_rate, beta1, beta2, beta3, epsilon1, epsilon2, clip, weight_decay)

  using Stages = StageList<stages::ConfidenceGuided, stages::Descend>;

  /// The stages of a step.
  Stages stages() const {
    return {name(),
            {stages::ConfidenceGuided{beta1, beta2, beta3, epsilon1, epsilon2, clip},
             stages::Descend{learning_rate, weight_decay}}};
  }
  GRADUS_RUN_STAGES
};

}  // namespace GRADUS_NAMESPACE
