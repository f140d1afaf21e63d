// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/descend.hpp>
#include <gradus/stages/factored_root.hpp>
#include <gradus/stages/stage_list.hpp>

namespace GRADUS_NAMESPACE {

/// Adafactor (Shazeer & Stern, arXiv:1804.04235), equal to `torch.optim.Adafactor` or to T5's: AdaGrad-like
/// scaling by a mean square V of which only the means of rows and columns are kept.
///
///     w = t^−decay_power
///     R ← R + w(row means of g² − R),  C ← C + w(column means of g² − C),  V̂ = R Cᵀ/mean(R)
///     U = g/√V̂
///     α = max(ε2, rms(θ)) · min(η, 1/√t)
///     θ ← (1 − ηλ)θ − α/max(1, rms(U)/clip) · U
///
/// of a matrix; the V of a vector (one row or column), or of a matrix with a side below
/// `min_dim_size_to_factor`, is kept whole. With β1 > 0 it is an average of the last term that is subtracted,
/// as in T5. State: R and C, in double, or V; m with β1; and room for the largest gradient and each thread.
/// Reads and writes 10 numbers a coefficient of a matrix, 11 of a vector, 2 more with β1, in three or four
/// passes.
struct Adafactor {
  double learning_rate = 1e-2;                ///< η ≥ 0
  double beta1 = 0;                           ///< decay of the averaged update, in [0, 1); 0: none
  std::optional<double> epsilon1{};           ///< ε1 ≥ 0, see `AdafactorForm`
  double epsilon2 = 1e-3;                     ///< ε2 ≥ 0, the least root mean square of θ that counts
  double weight_decay = 0;                    ///< λ ≥ 0, decoupled
  double decay_power = 0.8;                   ///< > 0: w falls from 1 with this power of t
  double clip = 1;                            ///< > 0, the largest root mean square of U
  int min_dim_size_to_factor = 2;             ///< ≥ 2; T5 has 128
  AdafactorForm form = AdafactorForm::torch;  ///< where ε1 enters
  GRADUS_FIELDS(Adafactor, learning_rate, beta1, epsilon1, epsilon2, weight_decay, decay_power, clip,
                min_dim_size_to_factor, form)

  using Stages = StageList<stages::FactoredRoot, stages::Descend>;

  /// The stages of a step.
  Stages stages() const {
    return {name(),
            {stages::FactoredRoot{learning_rate, beta1, epsilon1, epsilon2, decay_power, clip,
                                  min_dim_size_to_factor, form},
             stages::Descend{learning_rate, weight_decay, false, false, false, true}}};
  }
  GRADUS_RUN_STAGES
};

}  // namespace GRADUS_NAMESPACE
