// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/optimizers/muon.hpp>
#include <gradus/stages/divide_by_root_mean_square.hpp>

namespace GRADUS_NAMESPACE {

/// AdaMuon (Si, Zhang & Shen, arXiv:2507.11005, first version): Muon whose update is divided by the root of
/// its mean square, coefficient by coefficient, and scaled to AdamW's size. Equal to the authors' code
/// (github.com/Chongjie-Si/AdaMuon) in the leaf's own precision:
///
///     b ← μb + (1 − μ)g,  O = orthogonalize((1 − μ)g + μb)
///     v ← β2 v + (1 − β2)O²
///     N = O / (√(v/(1 − β2ᵗ)) + ε)
///     θ ← (1 − ηλ)θ − η · 0.2 √max(rows, cols) · √min(rows, cols)/(‖N‖ + ε) · N
///
/// so that every matrix's step has root mean square 0.2η. A scheduled β2: as in `Adam`. State:
/// b, v. Threads as in `BasicMuon`.
template <Orthogonalizer Method>
struct BasicAdaMuon {
  double learning_rate = 0.02;                                      ///< η ≥ 0
  double momentum = 0.95;                                           ///< μ in [0, 1)
  double beta2 = 0.999;                                             ///< β2 in [0, 1), the decay of v
  double epsilon = 1e-8;                                            ///< ε > 0
  double weight_decay = 0.01;                                       ///< λ ≥ 0, decoupled
  bool nesterov = true;                                             ///< look ahead
  Method orthogonalizer = detail::guarded<Method>(NormGuard::add);  ///< how the polar factor is found
  GRADUS_FIELDS(AdaMuon, learning_rate, momentum, beta2, epsilon, weight_decay, nesterov, orthogonalizer)

  using Stages = StageList<stages::Average, stages::Orthogonalize<Method>, stages::DivideByRootMeanSquare,
                           stages::ScaleByShape, stages::Descend>;

  /// The stages of a step.
  Stages stages() const {
    return {name(),
            {stages::Average{momentum, nesterov}, stages::Orthogonalize<Method>{orthogonalizer},
             stages::DivideByRootMeanSquare{beta2, epsilon}, stages::ScaleByShape{MuonScale::match_rms_adamw},
             stages::Descend{learning_rate, weight_decay}}};
  }
  GRADUS_RUN_STAGES
};

/// AdaMuon with Newton–Schulz, as published.
using AdaMuon = BasicAdaMuon<NewtonSchulz>;

}  // namespace GRADUS_NAMESPACE
