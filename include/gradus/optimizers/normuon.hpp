// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/optimizers/muon.hpp>
#include <gradus/stages/normalize_neurons.hpp>

namespace GRADUS_NAMESPACE {

/// NorMuon (Li et al., arXiv:2510.05491): Muon whose update is normalized neuron by neuron, and keeps its
/// norm. Equal to the authors' code (github.com/zichongli5/NorMuon) in the leaf's own precision:
///
///     b ← μb + (1 − μ)g,  O = orthogonalize((1 − μ)g + μb)
///     v ← β2 v + (1 − β2) · mean of O² over each row             (starts at 0, not corrected)
///     N = O/(√v + ε), row by row
///     θ ← (1 − ηλ)θ − η · scale(rows, cols) · ‖O‖/(‖N‖ + ε) · N
///
/// `presets::normuon_speedrun` in muon_presets.hpp is the form of modded-nanogpt. Give a fused matrix as its
/// parts: maps or blocks of it. State: b, v (one number a row). Threads as in
/// `BasicMuon`.
template <Orthogonalizer Method>
struct BasicNorMuon {
  double learning_rate = 0.02;                ///< η ≥ 0
  double momentum = 0.95;                     ///< μ in [0, 1)
  double beta2 = 0.95;                        ///< β2 in [0, 1), the decay of v
  double epsilon = 1e-10;                     ///< ε > 0
  double weight_decay = 0;                    ///< λ ≥ 0, decoupled
  bool nesterov = true;                       ///< look ahead
  MuonScale scale = MuonScale::original;      ///< factor for the shape
  Layout layout = Layout::outputs_by_inputs;  ///< what rows and columns are
  bool cautious_decay = false;                ///< as in `BasicMuon`
  bool scaled_decay = false;                  ///< multiply the decay, too, by the scale
  NorMuonStatistics statistics =
      NorMuonStatistics::outputs;  ///< whether v has a number per output or per index of the longer side
  Method orthogonalizer = detail::guarded<Method>(NormGuard::add);  ///< how the polar factor is found
  GRADUS_FIELDS(NorMuon, learning_rate, momentum, beta2, epsilon, weight_decay, nesterov, scale, layout,
                cautious_decay, scaled_decay, statistics, orthogonalizer)

  using Stages = StageList<stages::Average, stages::Orthogonalize<Method>, stages::NormalizeNeurons,
                           stages::ScaleByShape, stages::Descend>;

  /// The stages of a step.
  Stages stages() const {
    return {
        name(),
        {stages::Average{momentum, nesterov}, stages::Orthogonalize<Method>{orthogonalizer},
         stages::NormalizeNeurons{beta2, epsilon, layout, statistics}, stages::ScaleByShape{scale, layout},
         stages::Descend{learning_rate, weight_decay, cautious_decay, scaled_decay}}};
  }
  GRADUS_RUN_STAGES
};

/// NorMuon with Newton–Schulz, as published.
using NorMuon = BasicNorMuon<NewtonSchulz>;

}  // namespace GRADUS_NAMESPACE
