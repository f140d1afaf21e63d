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
/// s starts at η. For gradients of the whole data: noise turns signs. State: s, q. Reads and writes 7 numbers
/// a coefficient.
struct Rprop {
  double learning_rate = 1e-2;  ///< η ≥ 0, the size of the first step
  double shrink = 0.5;          ///< in (0, 1)
  double grow = 1.2;            ///< more than 1
  double smallest_step = 1e-6;  ///< at least 0
  double largest_step = 50;     ///< at least smallest_step

  template <class Tree>
  struct State {
    Tree s, q;           ///< sizes of the steps, and the last g
    std::int64_t t = 0;  ///< steps taken
    GRADUS_STATE(s, q, t)
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

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_nonnegative("Rprop", "learning_rate", learning_rate);
    require_field(shrink > 0 && shrink < 1, "Rprop", "shrink", shrink, "lie in (0, 1)");
    require_field(grow > 1 && std::isfinite(grow), "Rprop", "grow", grow, "be finite and more than 1");
    require_nonnegative("Rprop", "smallest_step", smallest_step);
    require_field(largest_step >= smallest_step, "Rprop", "largest_step", largest_step,
                  "be at least smallest_step");
    return {full_like(params, learning_rate), zeros_like(params)};
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("Rprop", params, grads, state.s, state.q);
    ++state.t;
    for_each_block(recurrence(), params, grads, state.s, state.q);
  }
};

}  // namespace GRADUS_NAMESPACE
