// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/descend.hpp>
#include <gradus/stages/eigenbasis_adam.hpp>
#include <gradus/stages/stage_list.hpp>

namespace GRADUS_NAMESPACE {

/// SOAP (Vyas et al., arXiv:2409.11321): Adam in the eigenbasis of Shampoo's L and R, in the order of the
/// authors' code (github.com/nikhilvyas/SOAP). The first call only finds the bases and moves nothing; then,
/// with k = t − 1:
///
///     G' = Q_LᵀGQ_R
///     m ← β1 m + (1 − β1)G',  v ← β2 v + (1 − β2)G'²
///     θ ← (1 − ηλ)(θ − η √(1 − β2ᵏ)/(1 − β1ᵏ) Q_L [m/(√v + ε)] Q_Rᵀ)
///     L ← L + (1 − β_s)(GGᵀ − L),  R ← R + (1 − β_s)(GᵀG − R)
///     every `period` calls:  Q ← the Q of the QR decomposition of L Q (R Q), the columns sorted by QᵀLQ, v
///                            with them; m moves into the new basis, v does not
///
/// With `kullback_leibler` it is KL-SOAP (Lin et al., arXiv:2509.03378), equal to the authors' code
/// (github.com/yorkerlin/KL-Methods): L and R whiten each other, as `stages::EigenbasisAdam` says, and there
/// is no bias correction. Its authors take η = 1e-4, β1 = 0.9 and β2 = 0.98.
///
/// A side longer than `max_dimension` is not rotated, nor are vectors; with `one_sided` only the shorter side
/// is. Under a schedule of β, βᵏ is the product so far. State: m, v, L, R, Q_L, Q_R; and scratch memory for
/// the largest leaf and each thread.
struct SOAP {
  double learning_rate = 3e-3;           ///< η ≥ 0
  double beta1 = 0.95;                   ///< decay of the mean, in [0, 1)
  double beta2 = 0.95;                   ///< decay of the mean square, in [0, 1)
  std::optional<double> shampoo_beta{};  ///< β_s, decay of L and R, in [0, 1); β2 if not given
  double epsilon = 1e-8;                 ///< ε ≥ 0, outside the root, before the correction
  double weight_decay = 0.01;            ///< λ ≥ 0, decoupled, after the step
  int period = 10;                       ///< ≥ 1, calls between bases
  Index max_dimension = 10000;           ///< ≥ 1, the longest side that is rotated; read by `init`
  bool one_sided = false;                ///< rotate the shorter side only; read by `init`
  bool kullback_leibler = false;         ///< KL-SOAP's factors; read by `init`
  GRADUS_FIELDS(SOAP, learning_rate, beta1, beta2, shampoo_beta, epsilon, weight_decay, period, max_dimension,
                one_sided, kullback_leibler)

  using Stages = StageList<stages::EigenbasisAdam, stages::Descend>;

  /// The stages of a step.
  Stages stages() const {
    return {name(),
            {stages::EigenbasisAdam{beta1, beta2, shampoo_beta, epsilon, period, max_dimension, one_sided,
                                    kullback_leibler},
             stages::Descend{learning_rate, weight_decay, false, false, true}}};
  }
  GRADUS_RUN_STAGES
};

}  // namespace GRADUS_NAMESPACE
