// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/optimizers/muon.hpp>
#include <gradus/stages/eigenbasis_whitening.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

// The twelve steps of modded-nanogpt's track 3, on X / max(‖X‖_S4, 1e-7).
template <Orthogonalizer Method>
Method twelve_steps() {
  Method method = guarded<Method>(NormGuard::max);
  if constexpr (requires { method.steps, method.coefficients, method.prescale; }) {
    method.steps = 12, method.coefficients = quintics::flat, method.prescale = Prescale::schatten4;
  }
  return method;
}

}  // namespace detail

/// SOAP-Muon: Muon whose momentum is whitened in SOAP's eigenbasis before it is orthogonalized, as in
/// modded-nanogpt (track 3 of github.com/KellerJordan/modded-nanogpt, after a note by Nikhil Vyas):
///
///     b ← μb + (1 − μ)G,  u = (1 − μ)G + μb                            (without nesterov: b)
///     P = Q_LᵀuQ_R,  v ← β2 v + (1 − β2)P²,  u ← Q_L [P/max(√v, ε)] Q_Rᵀ     (not in the first step)
///     θ ← (1 − ηλ)θ − η · scale(rows, cols) · orthogonalize(u)
///     L ← L + (1 − β_s)(GGᵀ − L),  R ← R + (1 − β_s)(GᵀG − R)
///     Q ← eigenvectors of L (R) in the first step;  then every `period` steps the Q of the QR decomposition
///         of L Q (R Q), the columns sorted by QᵀLQ, v with them
///
/// The first step is Muon's. The whitening decides which directions the polar factor is made of. The records
/// have a brake, a floor and a radius around it: `RadialBrake`, `UpdateFloor{.ratio = 0.3825}` and
/// `DescendToRadius` behind the same stages. A side longer than `max_dimension` is not rotated, nor are
/// vectors; with `one_sided` only the shorter side is. State: b, v, L, R, Q_L, Q_R; and scratch memory for
/// the largest leaf and each thread.
template <Orthogonalizer Method>
struct BasicSOAPMuon {
  double learning_rate = 0.02;                ///< η ≥ 0
  double momentum = 0.95;                     ///< μ in [0, 1)
  double beta2 = 0.9;                         ///< decay of the mean square, in [0, 1)
  std::optional<double> shampoo_beta{};       ///< β_s, decay of L and R, in [0, 1); β2 if not given
  double epsilon = 1e-8;                      ///< ε ≥ 0, the least root
  double weight_decay = 0;                    ///< λ ≥ 0, decoupled
  bool nesterov = true;                       ///< look ahead
  MuonScale scale = MuonScale::original;      ///< factor for the shape
  Layout layout = Layout::outputs_by_inputs;  ///< what rows and columns are, for the scale
  bool cautious_decay = false;                ///< as in `BasicMuon`
  int period = 1;                             ///< ≥ 1, steps between bases
  Index max_dimension = 10000;                ///< ≥ 1, the longest side that is rotated; read by `init`
  bool one_sided = false;                     ///< rotate the shorter side only; read by `init`
  Method orthogonalizer = detail::twelve_steps<Method>();  ///< how the polar factor is found
  GRADUS_FIELDS(SOAPMuon, learning_rate, momentum, beta2, shampoo_beta, epsilon, weight_decay, nesterov,
                scale, layout, cautious_decay, period, max_dimension, one_sided, orthogonalizer)

  using Stages = StageList<stages::EigenbasisWhitening, stages::Orthogonalize<Method>, stages::ScaleByShape,
                           stages::Descend>;

  /// The stages of a step.
  Stages stages() const {
    return {name(),
            {stages::EigenbasisWhitening{momentum, nesterov, beta2, shampoo_beta, epsilon, period,
                                         max_dimension, one_sided},
             stages::Orthogonalize<Method>{orthogonalizer}, stages::ScaleByShape{scale, layout},
             stages::Descend{learning_rate, weight_decay, cautious_decay}}};
  }
  GRADUS_RUN_STAGES
};

/// SOAP-Muon with Newton–Schulz.
using SOAPMuon = BasicSOAPMuon<NewtonSchulz>;

}  // namespace GRADUS_NAMESPACE
