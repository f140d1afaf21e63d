// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// Heavy-ball momentum (Polyak 1964; Sutskever et al., 2013), equal to `torch.optim.SGD` with momentum:
///
///     g ← g + λθ
///     b ← μb + (1 − τ)g        (first step: b ← g, undamped)
///     θ ← θ − η b              (nesterov: θ ← θ − η (g + μb))
///
/// While η is constant and τ = 0 this is also the velocity form v ← μv − ηg, θ ← θ + v, with v = −ηb.
/// State: b. Reads and writes 5 numbers a coefficient.
struct Momentum {
  double learning_rate = 1e-3;  ///< η ≥ 0
  double momentum = 0.9;        ///< μ ≥ 0
  double dampening = 0;         ///< τ
  double weight_decay = 0;      ///< λ ≥ 0, coupled: added to the gradient
  bool nesterov = false;        ///< needs momentum > 0 and dampening = 0

  template <class Tree>
  struct State {
    Tree b;              ///< momentum
    std::int64_t t = 0;  ///< steps taken
    GRADUS_STATE(b, t)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence(double incoming) const {
    return [=, *this](auto& p, const auto& gradient, auto& b) {
      const auto g = (gradient + weight_decay * p).eval();
      b = momentum * b + incoming * g;
      if (nesterov) {
        p -= learning_rate * (g + momentum * b);
      } else {
        p -= learning_rate * b;
      }
    };
  }

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_nonnegative("Momentum", "learning_rate", learning_rate);
    require_nonnegative("Momentum", "momentum", momentum);
    require_nonnegative("Momentum", "weight_decay", weight_decay);
    require_field(std::isfinite(dampening), "Momentum", "dampening", dampening, "be finite");
    require_field(!nesterov || dampening == 0, "Momentum", "dampening", dampening, "be 0 with nesterov");
    require_field(!nesterov || momentum > 0, "Momentum", "momentum", momentum, "be positive with nesterov");
    return {zeros_like(params)};
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("Momentum", params, grads, state.b);
    const double incoming = state.t++ == 0 ? 1 : 1 - dampening;
    for_each_block(recurrence(incoming), params, grads, state.b);
  }
};

}  // namespace GRADUS_NAMESPACE
