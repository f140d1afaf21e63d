// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/descend.hpp>
#include <gradus/stages/kronecker_whitening.hpp>
#include <gradus/stages/stage_list.hpp>

namespace GRADUS_NAMESPACE {

/// PSGD with a Kronecker product (Li, arXiv:1512.04202, arXiv:2402.11858): a preconditioner learns to whiten
/// the gradients, by a stochastic descent of its own, without inverses, roots or decompositions.
///
///     W = AGB,  A = Q_LQ_L,  B = Q_RQ_R
///     Q_L ← EQ_LE  with E = I − μ_Q/(2L_L) (WWᵀ − nI),  Q_R likewise by Wᵀ and m
///     b ← β_t b + (1 − β_t)G  with β_t = min((t − 1)/t, μ)
///     θ ← (1 − ηλ)θ − η · clip(AbB)
///
/// `stages::KroneckerWhitening` says the rest. Equal to `KronWhiten` of github.com/lixilinx/psgd_torch with
/// dQ = "QUAD" and a momentum, but for what is random there and not here, and the first scale, which every
/// leaf takes of its own gradient. A whitened gradient has coefficients of about 1, so η is as in Adam or
/// smaller. A side longer than the other has a diagonal only, unless `max_skew` allows more. State: b, Q_L,
/// Q_R, L. Threads as in `BasicMuon`.
struct PSGDKron {
  double learning_rate = 1e-3;       ///< η ≥ 0
  double momentum = 0.9;             ///< μ in [0, 1)
  double weight_decay = 0;           ///< λ ≥ 0, decoupled
  double preconditioner_rate = 0.1;  ///< μ_Q in [0, 1]
  double beta = 0.9;                 ///< decay of L, in [0, 1)
  double damping = 1e-9;             ///< δ > 0: AB stays below 1/δ
  int period = 1;                    ///< ≥ 1, steps between fits of Q
  Index max_dimension = 10000;       ///< ≥ 1, the longest side with a whole Q; read by `init`
  double max_skew = 1;  ///< ≥ 0, times the other side, the longest with a whole Q; read by `init`
  double clip_rms = 2;  ///< > 0, largest root mean square of a step without η
  double clip = 10;     ///< > 0, largest coefficient of one
  GRADUS_FIELDS(PSGDKron, learning_rate, momentum, weight_decay, preconditioner_rate, beta, damping, period,
                max_dimension, max_skew, clip_rms, clip)

  using Stages = StageList<stages::KroneckerWhitening, stages::Descend>;

  /// The stages of a step.
  Stages stages() const {
    return {name(),
            {stages::KroneckerWhitening{momentum, preconditioner_rate, beta, damping, period, max_dimension,
                                        max_skew, clip_rms, clip},
             stages::Descend{learning_rate, weight_decay}}};
  }
  GRADUS_RUN_STAGES
};

}  // namespace GRADUS_NAMESPACE
