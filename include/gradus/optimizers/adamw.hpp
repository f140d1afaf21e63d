// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/optimizers/moments.hpp>

namespace GRADUS_NAMESPACE {

/// Adam with decoupled weight decay (Loshchilov & Hutter, arXiv:1711.05101), equal to `torch.optim.AdamW`:
///
///     θ ← (1 − ηλ)θ, then Adam's step with the undecayed gradient:
///     m ← β1 m + (1 − β1)g
///     v ← β2 v + (1 − β2)g²
///     θ ← θ − η [m/(1 − β1ᵗ)] / (√(v/(1 − β2ᵗ)) + ε)
///
/// The paper multiplies λ by the schedule only, not by η: λ here = λ of the paper / η. With λ = 0 this is
/// `Adam`. State and memory traffic: as `Adam`.
struct AdamW {
  double learning_rate = 1e-3;     ///< η ≥ 0
  double beta1 = 0.9;              ///< decay of the mean, in [0, 1)
  double beta2 = 0.999;            ///< decay of the mean square, in [0, 1)
  double epsilon = 1e-8;           ///< ε ≥ 0
  double weight_decay = 1e-2;      ///< λ ≥ 0, decoupled
  AMSGrad amsgrad = AMSGrad::off;  ///< which form of AMSGrad, if any

  /// m, v, with AMSGrad x, and the powers of β.
  template <class Tree>
  using State = Moments<Tree>;

  /// The recurrence, for one block of coefficients; x is there with AMSGrad only.
  auto recurrence(const MomentScales& to) const {
    const double keep = 1 - learning_rate * weight_decay;
    return [=, *this](auto& p, const auto& g, auto& m, auto& v, auto&... x) {
      m += (1 - beta1) * (g - m);
      v = beta2 * v + (1 - beta2) * g.square();
      p = keep * p - to.rate * m / (to.scale * root(to.largest(v, x...)) + representable(epsilon, v));
    };
  }

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    return detail::init_moments("AdamW", *this, params);
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    detail::step_moments("AdamW", *this, params, grads, state);
  }
};

}  // namespace GRADUS_NAMESPACE
