// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/optimizers/muon.hpp>

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
/// so that the step of every matrix has the root mean square 0.2η. State: b, v, and Muon's scratch memory.
/// Threads as in `BasicMuon`.
template <Orthogonalizer Method>
struct BasicAdaMuon {
  double learning_rate = 0.02;                                      ///< η ≥ 0
  double momentum = 0.95;                                           ///< μ in [0, 1)
  double beta2 = 0.999;                                             ///< β2 in [0, 1), the decay of v
  double epsilon = 1e-8;                                            ///< ε > 0
  bool nesterov = true;                                             ///< look ahead
  double weight_decay = 0.01;                                       ///< λ ≥ 0, decoupled
  Method orthogonalizer = detail::guarded<Method>(NormGuard::add);  ///< how the polar factor is found

  template <class Tree>
  struct State : MuonState<Tree> {
    using MuonState<Tree>::b, MuonState<Tree>::t;
    Tree v;                  ///< average of O²
    double beta2_power = 1;  ///< β2ᵗ
    GRADUS_STATE(b, v, t, beta2_power)
  };

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_fraction("AdaMuon", "beta2", beta2);
    require_positive("AdaMuon", "epsilon", epsilon);
    return {muon().init("AdaMuon", params), zeros_like(params)};
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("AdaMuon", params, grads, state.b, state.v);
    const double correction = 1 / std::sqrt(advance(state.beta2_power, beta2));
    const auto finish = [=, *this](auto& o, auto& v) {
      for_each_block(recurrence(correction), o, v);
      const double size = std::sqrt(static_cast<double>(std::min(o.rows(), o.cols())));
      o *= static_cast<typename std::remove_cvref_t<decltype(o)>::Scalar>(size / (norm(o) + epsilon));
    };
    muon().step("AdaMuon", finish, params, grads, state, state.v);
  }

 private:
  // v, and N in place of O, for one block of coefficients.
  auto recurrence(double correction) const {
    return [=, *this](auto& o, auto& v) {
      v = beta2 * v + (1 - beta2) * o.square();
      o /= root(v) * correction + representable(epsilon, v);
    };
  }

  BasicMuon<Method> muon() const {
    return {.learning_rate = learning_rate,
            .momentum = momentum,
            .nesterov = nesterov,
            .weight_decay = weight_decay,
            .scale = MuonScale::match_rms_adamw,
            .orthogonalizer = orthogonalizer};
  }
};

/// AdaMuon with Newton–Schulz, as published.
using AdaMuon = BasicAdaMuon<NewtonSchulz>;

}  // namespace GRADUS_NAMESPACE
