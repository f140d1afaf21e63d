// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/average.hpp>
#include <gradus/stages/descend.hpp>
#include <gradus/stages/orthogonalize.hpp>
#include <gradus/stages/scale_by_shape.hpp>
#include <gradus/stages/stage_list.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

// The method with Muon's usual guard of the norm, if it has one.
template <Orthogonalizer Method>
Method guarded(NormGuard guard) {
  Method method;
  if constexpr (requires { method.guard, method.epsilon; }) method.guard = guard, method.epsilon = 1e-7;
  return method;
}

}  // namespace detail

/// Muon (Keller Jordan et al., 2024; arXiv:2502.16982): momentum, replaced by its polar factor.
///
///     b ← μb + (1 − μ)g                            (or as `form` says)
///     u = (1 − μ)g + μb  with nesterov, else b
///     θ ← (1 − ηλ)θ − η · scale(rows, cols) · orthogonalize(u)
///
/// `cautious_decay` leaves out the decay of coefficients that the step moves away from zero: it decays where
/// θ · orthogonalize(u) ≥ 0 (arXiv:2510.12402). With blocks, u is cut into `row_blocks` x `column_blocks`
/// equal matrices, each orthogonalized and scaled by its own shape, as if it were a leaf of its own: 3 x 1
/// for a fused QKV matrix, heads x 1 for the heads of one (the per-head split of GLM-5 and of the Dion
/// repository). A leaf that does not divide is refused.
///
/// Defaults are those of `torch.optim.Muon`, in the leaf's own precision where PyTorch rounds to bfloat16
/// (so does `BasicMuon<BasicNewtonSchulz<TiledProducts, Eigen::bfloat16>>`); muon_presets.hpp has the other
/// published forms. Use it for hidden matrices; `route` sends vectors, embeddings and output layers
/// elsewhere. A vector is taken as a matrix of one column; store a convolution kernel, or map it, as outputs
/// x (inputs · height · width). State: b. Any number of threads gives the same bits (with the library's own
/// products).
template <Orthogonalizer Method>
struct BasicMuon {
  double learning_rate = 1e-3;                ///< η ≥ 0
  double momentum = 0.95;                     ///< μ in [0, 1)
  double weight_decay = 0.1;                  ///< λ ≥ 0, decoupled
  bool nesterov = true;                       ///< look ahead
  MomentumForm form = MomentumForm::mean;     ///< what b is
  MuonScale scale = MuonScale::original;      ///< factor for the shape
  Layout layout = Layout::outputs_by_inputs;  ///< what rows and columns are, for the scale
  bool cautious_decay = false;                ///< decay only where it agrees with the update
  bool scaled_decay = false;                  ///< multiply the decay, too, by the scale
  int row_blocks = 1;                         ///< at least 1
  int column_blocks = 1;                      ///< at least 1
  Method orthogonalizer = detail::guarded<Method>(NormGuard::max);  ///< ε = 1e-7 unless you set another
  GRADUS_FIELDS(Muon, learning_rate, momentum, weight_decay, nesterov, form, scale, layout, cautious_decay,
                scaled_decay, row_blocks, column_blocks, orthogonalizer)

  using Stages =
      StageList<stages::Average, stages::Orthogonalize<Method>, stages::ScaleByShape, stages::Descend>;

  /// The stages of a step.
  Stages stages() const {
    return {name(),
            {stages::Average{momentum, nesterov, form},
             stages::Orthogonalize<Method>{orthogonalizer, row_blocks, column_blocks},
             stages::ScaleByShape{scale, layout, row_blocks, column_blocks},
             stages::Descend{learning_rate, weight_decay, cautious_decay, scaled_decay}}};
  }
  GRADUS_RUN_STAGES
};

/// Muon with Newton–Schulz, the usual choice.
using Muon = BasicMuon<NewtonSchulz>;

}  // namespace GRADUS_NAMESPACE
