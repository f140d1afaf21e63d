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
  double weight_decay = 0;      ///< λ ≥ 0, coupled: added to the gradient
  double dampening = 0;         ///< τ
  bool nesterov = false;        ///< needs momentum > 0 and dampening = 0
  GRADUS_FIELDS(Momentum, learning_rate, momentum, weight_decay, dampening, nesterov)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> b;  ///< momentum
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

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_nonnegative(name(), "momentum", momentum);
    require_nonnegative(name(), "weight_decay", weight_decay);
    require_field(std::isfinite(dampening), name(), "dampening", dampening, "be finite");
    require_field(!nesterov || dampening == 0, name(), "dampening", dampening, "be 0 with nesterov");
    require_field(!nesterov || momentum > 0, name(), "momentum", momentum, "be positive with nesterov");
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {gradus::zero_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.b);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    const double incoming = state.t++ == 0 ? 1 : 1 - dampening;
    gradus::for_each_block(recurrence(incoming), params, grads, state.b);
  }
};

}  // namespace GRADUS_NAMESPACE
