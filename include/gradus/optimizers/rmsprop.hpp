// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// RMSProp (Hinton, lecture 6e, 2012; centered: Graves, arXiv:1308.0850), equal to `torch.optim.RMSprop`:
///
///     g ← g + λθ
///     v ← ρv + (1 − ρ)g²
///     a = √v + ε               (centered: m ← ρm + (1 − ρ)g,  a = √max(v − m², 0) + ε)
///     θ ← θ − η g / a          (momentum: b ← μb + g / a,  θ ← θ − η b)
///
/// PyTorch does not clamp v − m² at 0; we do, since rounding makes it negative for a constant gradient and
/// its root NaN. A centered denominator tends to ε there: use a larger ε (1e-4 to 1e-2) than Adam's. State:
/// v, m if centered, b if momentum > 0. Reads and writes 5 numbers a coefficient, 2 more for each of m and b.
struct RMSProp {
  double learning_rate = 1e-2;  ///< η ≥ 0
  double decay = 0.99;          ///< ρ in [0, 1)
  double momentum = 0;          ///< μ ≥ 0
  double epsilon = 1e-8;        ///< ε ≥ 0, outside the root
  double weight_decay = 0;      ///< λ ≥ 0, coupled: added to the gradient
  bool centered = false;        ///< divide by the standard deviation instead of the root mean square
  GRADUS_FIELDS(RMSProp, learning_rate, decay, momentum, epsilon, weight_decay, centered)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> v;                 ///< average of g²
    std::optional<state_like<Tree>> m;  ///< average of g, if centered
    std::optional<state_like<Tree>> b;  ///< momentum, if any
    std::int64_t t = 0;                 ///< steps taken
    GRADUS_STATE(v, m, b, t)
  };

  /// v and a = √v + ε, for one block of coefficients.
  auto root_mean_square() const {
    return [*this](const auto& g, auto& v) {
      v = decay * v + (1 - decay) * g.square();
      return (root(v) + representable(epsilon, v)).eval();
    };
  }

  /// v, m and a = √max(v − m², 0) + ε, for one block of coefficients.
  auto deviation() const {
    return [*this](const auto& g, auto& v, auto& m) {
      v = decay * v + (1 - decay) * g.square();
      m += (1 - decay) * (g - m);
      return (root((v - m.square()).max(0)) + representable(epsilon, v)).eval();
    };
  }

  /// The step without momentum, for one block of coefficients; `a` is one of the two above.
  template <class Denominator>
  auto plain(const Denominator& a) const {
    return [=, *this](auto& p, const auto& gradient, auto&... moments) {
      const auto g = (gradient + weight_decay * p).eval();
      p -= learning_rate * g / a(g, moments...);
    };
  }

  /// The step with momentum.
  template <class Denominator>
  auto with_momentum(const Denominator& a) const {
    return [=, *this](auto& p, const auto& gradient, auto& b, auto&... moments) {
      const auto g = (gradient + weight_decay * p).eval();
      b = momentum * b + g / a(g, moments...);
      p -= learning_rate * b;
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_fraction(name(), "decay", decay);
    require_nonnegative(name(), "epsilon", epsilon);
    require_nonnegative(name(), "weight_decay", weight_decay);
    require_nonnegative(name(), "momentum", momentum);
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    State<like<P>> state{gradus::zero_state(params), {}, {}};
    if (centered) state.m = gradus::zero_state(params);
    if (momentum > 0) state.b = gradus::zero_state(params);
    return state;
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.v);
    if (centered) require_made(name(), "centered", state.m.has_value());
    if (momentum > 0) require_made(name(), "momentum", state.b.has_value());
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    ++state.t;
    const auto update = [&](const auto& recurrence, auto&... moments) {
      gradus::for_each_block(recurrence, params, grads, moments...);
    };
    if (momentum > 0) {
      centered ? update(with_momentum(deviation()), *state.b, state.v, *state.m)
               : update(with_momentum(root_mean_square()), *state.b, state.v);
    } else {
      centered ? update(plain(deviation()), state.v, *state.m) : update(plain(root_mean_square()), state.v);
    }
  }
};

}  // namespace GRADUS_NAMESPACE
