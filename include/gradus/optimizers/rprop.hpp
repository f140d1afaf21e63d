// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// Rprop (Riedmiller & Braun, 1993, without weight backtracking), equal to `torch.optim.Rprop`: steps by sign
/// alone, each coefficient with its own size s, which grows while the sign stays.
///
///     gq > 0:  s ← min(s · grow, largest_step)
///     gq < 0:  s ← max(s · shrink, smallest_step),  g ← 0
///     θ ← θ − s sign(g),  q ← g
///
/// s starts at `initial_step`. For gradients of the whole data: noise turns signs. State: s, q. Reads and
/// writes 7 numbers a coefficient.
struct Rprop {
  double initial_step = 1e-2;   ///< at least 0, `lr` in PyTorch
  double shrink = 0.5;          ///< in (0, 1)
  double grow = 1.2;            ///< more than 1
  double smallest_step = 1e-6;  ///< at least 0
  double largest_step = 50;     ///< at least smallest_step
  GRADUS_FIELDS(Rprop, initial_step, shrink, grow, smallest_step, largest_step)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> s, q;    ///< sizes of the steps, and the last g
    std::int64_t t = 0;       ///< steps taken
    double initial_step = 0;  ///< as it was at `init`
    GRADUS_STATE(s, q, t, initial_step)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence() const {
    return [*this](auto& p, const auto& gradient, auto& s, auto& q) {
      using Scalar = typename std::remove_cvref_t<decltype(p)>::Scalar;
      const auto least = static_cast<Scalar>(smallest_step), most = static_cast<Scalar>(largest_step);
      const auto agreement = (gradient * sign_of(q)).eval();
      const auto factor =
          agreement.unaryExpr([up = static_cast<Scalar>(grow), down = static_cast<Scalar>(shrink)](Scalar x) {
            return x > 0 ? up : (x < 0 ? down : Scalar(1));
          });
      s = (s * factor).max(least).min(most);
      q = (agreement < 0).select(Scalar(0), gradient);
      p -= s * sign_of(q);
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "initial_step", initial_step);
    require_field(shrink > 0 && shrink < 1, name(), "shrink", shrink, "lie in (0, 1)");
    require_field(grow > 1 && std::isfinite(grow), name(), "grow", grow, "be finite and more than 1");
    require_nonnegative(name(), "smallest_step", smallest_step);
    require_field(largest_step >= smallest_step, name(), "largest_step", largest_step,
                  "be at least smallest_step");
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {gradus::full_state(params, initial_step), gradus::zero_state(params), 0, initial_step};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    require_unchanged(name(), "initial_step", initial_step, state.initial_step);
    gradus::require_same_structure(name(), params, grads, state.s, state.q);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    ++state.t;
    gradus::for_each_block(recurrence(), params, grads, state.s, state.q);
  }
};

}  // namespace GRADUS_NAMESPACE
