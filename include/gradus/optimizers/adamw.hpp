// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/optimizers/adam.hpp>

namespace gradus {

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

  /// That of Adam.
  template <class Tree>
  using State = Adam::State<Tree>;

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    return adam().init("AdamW", params);
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    adam().step("AdamW", 0, 1 - learning_rate * weight_decay, params, grads, state);
  }

 private:
  Adam adam() const { return {learning_rate, beta1, beta2, epsilon, weight_decay, amsgrad}; }
};

}  // namespace gradus
