// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/orthogonalize/polar_express.hpp>
#include <gradus/stages/descend.hpp>
#include <gradus/stages/orthogonalize_largest.hpp>
#include <gradus/stages/scale_by_shape.hpp>
#include <gradus/stages/stage_list.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

// Polar Express with the guard of the Dion repository, if the method has them.
template <Orthogonalizer Method>
Method dion_method() {
  Method method{};
  if constexpr (requires { method.coefficients, method.epsilon; }) {
    method = polar_express<Method>();
    method.epsilon = 1e-8;
  }
  return method;
}

}  // namespace detail

/// Dion2 (Ahn et al., arXiv:2512.16928): Muon that orthogonalizes only the largest rows of its momentum, or
/// columns if there are fewer of them.
///
///     M ← M + g
///     I = the ⌈`fraction` · number⌉ slices of M of largest ℓ1 norm,  O = orthogonalize(M_I)
///     M_I ← μ M_I
///     θ ← (1 − ηλ)θ,  θ_I ← θ_I − η √(rows/cols) O
///
/// Slices that are not chosen keep their momentum, which grows until they are. Equal to the authors' code
/// (github.com/microsoft/dion) for whole matrices, in the leaf's own precision where they round to bfloat16;
/// they recommend it over `Dion`. Their NorDion2 is a list of stages:
///
///     StageList{"NorDion2", std::tuple{stages::OrthogonalizeLargest<>{.slices = DionSlices::rows},
///                                      stages::NormalizeNeurons{.epsilon = 1e-8, .skip_zeros = true},
///                                      stages::ScaleByShape{MuonScale::spectral},
///                                      stages::Descend{.learning_rate = 0.01, .weight_decay = 0.01}}}
///
/// With a fraction of 1 it is `presets::muon_dion`. Parameters are outputs x inputs, vectors matrices of one
/// column, of which the only column is always chosen. State: M. Threads as in `BasicMuon`.
template <Orthogonalizer Method>
struct BasicDion2 {
  double learning_rate = 0.01;  ///< η ≥ 0
  double momentum = 0.95;       ///< μ in [0, 1)
  double fraction = 0.25;       ///< of rows or columns, in (0, 1]
  double weight_decay = 0.01;   ///< λ ≥ 0, decoupled, not multiplied by √(rows/cols)
  Method orthogonalizer = detail::dion_method<Method>();  ///< how the polar factor is found
  GRADUS_FIELDS(Dion2, learning_rate, momentum, fraction, weight_decay, orthogonalizer)

  using Stages = StageList<stages::OrthogonalizeLargest<Method>, stages::ScaleByShape, stages::Descend>;

  /// The stages of a step.
  Stages stages() const {
    return {
        name(),
        {stages::OrthogonalizeLargest<Method>{momentum, fraction, DionSlices::shorter_side, orthogonalizer},
         stages::ScaleByShape{MuonScale::spectral}, stages::Descend{learning_rate, weight_decay}}};
  }
  GRADUS_RUN_STAGES
};

/// Dion2 with Polar Express, the usual choice.
using Dion2 = BasicDion2<NewtonSchulz>;

}  // namespace GRADUS_NAMESPACE
