// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/numerics.hpp>
#include <gradus/core/state.hpp>

namespace GRADUS_NAMESPACE {

/// EMA-Nesterov (arXiv:2605.25395): the gradient of any optimizer is taken ahead of the point x where it is,
/// along the average d of its displacements:
///
///     θ = x + βd                                    where the gradient is taken
///     x⁺ = the inner optimizer's point after a step from θ
///     d ← γd + (1 − γ)(x⁺ − x),  x ← x⁺
///
/// The parameters are θ; `solution` is x. The β of a step says where it leaves θ, so the next gradient. In
/// the speedruns of modded-nanogpt β is 0.6 around Muon and 0.3 around stronger methods, and 0 in the first
/// and last steps: `scheduled<&EmaNesterov<Muon>::beta>(ema_nesterov(Muon{}), schedule)`. With γ = 0 and
/// `SGD` inside it is Nesterov's method. The inner optimizer's own solution is ignored. State: the inner
/// optimizer's, x, d. Reads and writes 6 numbers a coefficient, beside the inner step. Made by
/// `ema_nesterov`.
template <class O>
struct EmaNesterov {
  O inner;
  double beta = 0.3;    ///< β ≥ 0, how far ahead; 0 is the inner optimizer
  double decay = 0.99;  ///< γ in [0, 1)
  GRADUS_FIELDS(EmaNesterov, inner, beta, decay)
  static constexpr Scope scope = scope_of<O>();  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    iterate_like<Tree> x;        ///< the iterate
    state_like<Tree> direction;  ///< d, the average displacement
    GRADUS_STATE(inner, x, direction)
  };

  /// The recurrence after the inner step, for one block of coefficients.
  auto recurrence() const {
    return [*this](auto& p, auto& x, auto& d) {
      d += (1 - decay) * (p - x - d);
      x = p;
      p += beta * d;
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "beta", beta);
    require_fraction(name(), "decay", decay);
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses, and what the
  /// inner optimizer refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {inner.init(params), gradus::copy_state(params), gradus::zero_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.x, state.direction);
    gradus::check_step(inner, params, grads, state.inner);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    inner.step(params, grads, state.inner);
    gradus::for_each_block(recurrence(), params, state.x, state.direction);
  }

  /// The iterate x.
  template <class P, class Tree>
  const auto& solution(const P&, const State<Tree>& state) const {
    return state.x;
  }
};

/// `ema_nesterov(Muon{}, 0.6)`: see `EmaNesterov`.
template <class O>
EmaNesterov<O> ema_nesterov(O optimizer, double beta = 0.3, double decay = 0.99) {
  return {std::move(optimizer), beta, decay};
}

}  // namespace GRADUS_NAMESPACE
