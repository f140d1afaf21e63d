// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/descend.hpp>
#include <gradus/stages/inverse_roots.hpp>
#include <gradus/stages/stage_list.hpp>

namespace GRADUS_NAMESPACE {

/// Shampoo (Gupta, Koren & Singer, arXiv:1802.09568): AdaGrad with a full matrix for each side of a matrix.
///
///     L ← L + GGᵀ,  R ← R + GᵀG                  (β2 < 1: averages, divided by 1 − β2ᵗ)
///     D = (L + εI)^−¼ G (R + εI)^−¼
///     θ ← (1 − ηλ)θ − η D
///
/// The roots are recomputed at t = 1, k + 1, 2k + 1, ... With β1 > 0, D uses an average of the gradients
/// instead of G. Grafting gives D another length. A matrix larger than `block_size` is cut into blocks with
/// L, R and graft of their own; a vector is a matrix of one column. After one step from nothing, without ε, D
/// is the polar factor of G. Under a schedule of β2, β2ᵗ is the product so far. State, all in double: L, R
/// and their roots; m with β1, s with AdaGrad's graft.
struct Shampoo {
  double learning_rate = 1e-2;              ///< η ≥ 0
  double beta1 = 0;                         ///< decay of the averaged gradient, in [0, 1); 0: none
  double beta2 = 1;                         ///< decay of L and R, in (0, 1]; 1: sums
  double epsilon = 1e-4;                    ///< ε > 0, added to the eigenvalues
  double weight_decay = 0;                  ///< λ ≥ 0, decoupled
  int period = 1;                           ///< k ≥ 1, steps between roots
  int block_size = 1024;                    ///< ≥ 1, the largest side of a block; read by `init`
  ShampooGraft graft = ShampooGraft::none;  ///< which length the direction is given
  GRADUS_FIELDS(Shampoo, learning_rate, beta1, beta2, epsilon, weight_decay, period, block_size, graft)

  using Stages = StageList<stages::InverseRoots, stages::Descend>;

  /// The stages of a step.
  Stages stages() const {
    return {name(),
            {stages::InverseRoots{beta1, beta2, epsilon, period, block_size, graft},
             stages::Descend{learning_rate, weight_decay}}};
  }
  GRADUS_RUN_STAGES
};

}  // namespace GRADUS_NAMESPACE
