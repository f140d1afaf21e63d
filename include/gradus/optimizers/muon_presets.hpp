// SPDX-License-Identifier: MIT
//
// The published forms of Muon. Take one and change what you tune.
#pragma once

#include <gradus/optimizers/muon.hpp>
#include <gradus/optimizers/normuon.hpp>
#include <gradus/orthogonalize/polar_express.hpp>

/// Each computes in the leaf's own precision what its original computes in bfloat16 (optax: as here):
///
///     preset             η     μ    Nesterov   λ       scale              b          polar factor
///     muon_pytorch       .001  .95  yes        .1      √max(1, out/in)    mean       Jordan, max(‖u‖, 1e-7)
///     muon_jordan        .02   .95  yes        0       √max(1, out/in)    mean       Jordan, ‖u‖ + 1e-7
///     muon_moonlight     .001  .95  yes        .1      0.2 √max(out, in)  sum        Jordan, ‖u‖ + 1e-7
///     muon_optax         .001  .95  yes        0       √max(1, out/in)    corrected  Jordan, ‖u‖ + 1e-8
///     muon_dion          .01   .95  no         .01     √(out/in)          sum        Polar Express
///     normuon_speedrun   .023  .95  yes        1.2 η   √max(1, out/in)    mean       Polar Express
///
/// Matrices are outputs x inputs, those of `muon_optax` inputs x outputs. Jordan: five steps of
/// `quintics::jordan`; Polar Express: `polar_express()`, which divides by 1.02 ‖u‖ + 1e-6, for `muon_dion` +
/// 1e-8.
namespace GRADUS_NAMESPACE::presets {

/// `torch.optim.Muon`: the defaults.
inline Muon muon_pytorch() { return {}; }

/// Keller Jordan's (github.com/KellerJordan/Muon).
inline Muon muon_jordan() {
  return {
      .learning_rate = 0.02, .weight_decay = 0, .orthogonalizer = {.epsilon = 1e-7, .guard = NormGuard::add}};
}

/// Moonlight's (arXiv:2502.16982; github.com/MoonshotAI/Moonlight). With `QkClip` after each step it is
/// MuonClip (arXiv:2507.20534).
inline Muon muon_moonlight() {
  return {.form = MomentumForm::sum,
          .scale = MuonScale::match_rms_adamw,
          .orthogonalizer = {.epsilon = 1e-7, .guard = NormGuard::add}};
}

/// The matrix part of `optax.contrib.muon`, with matrices stored inputs x outputs. It has no default η.
inline Muon muon_optax() {
  return {.weight_decay = 0,
          .form = MomentumForm::corrected,
          .layout = Layout::inputs_by_outputs,
          .orthogonalizer = {.epsilon = 1e-8, .guard = NormGuard::add}};
}

/// That of the dion repository (github.com/microsoft/dion); it has `cautious_decay` as an option.
inline Muon muon_dion() {
  NewtonSchulz method = polar_express();
  method.epsilon = 1e-8;
  return {.learning_rate = 0.01,
          .weight_decay = 0.01,
          .nesterov = false,
          .form = MomentumForm::sum,
          .scale = MuonScale::spectral,
          .orthogonalizer = method};
}

/// modded-nanogpt's of 2026 (github.com/KellerJordan/modded-nanogpt): NorMuon with one statistic for each
/// index of the longer side, and cautious decay by 1.2 η² √max(1, out/in) of the scheduled η:
/// `corrected_decay(presets::normuon_speedrun(), schedule, 0.023)`. There μ rises from 0.85 in the first 300
/// steps and falls back in the last 50. Its guard is max(v, 1e-10), which only rows of zeros come near; the ε
/// here is as idle.
inline NorMuon normuon_speedrun() {
  return {.learning_rate = 0.023,
          .beta2 = 0.9,
          .epsilon = 1e-20,
          .weight_decay = 1.2 * 0.023,
          .cautious_decay = true,
          .scaled_decay = true,
          .statistics = NorMuonStatistics::longer_side,
          .orthogonalizer = polar_express()};
}

}  // namespace GRADUS_NAMESPACE::presets
