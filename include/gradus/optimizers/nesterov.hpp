// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// Nesterov's accelerated gradient in the theory's form (Nesterov 1983; Beck & Teboulle, FISTA, 2009), for
/// gradients without noise. The parameters are the look-ahead point y, where the gradient is to be taken;
/// `solution` is the iterate x beside it:
///
///     x⁺ = y − η∇f(y)
///     y ← x⁺ + f (x⁺ − x),   f = t/(t + 3)  after step t,  or  (1 − √(ημ))/(1 + √(ημ))  with μ > 0
///     x ← x⁺
///
/// With η = 1/L on an L-smooth convex function, f(x) − f* ≤ 2L‖x₀ − x*‖²/(t + 1)²; with μ, on a μ-strongly
/// convex one, it falls by the factor 1 − √(μ/L) a step. `Momentum` has the form with constant momentum that
/// networks are trained with. State: v = x⁺ − x, so that nothing cancels. Reads and writes 5 numbers a
/// coefficient.
struct Nesterov {
  double learning_rate = 1e-3;  ///< η ≥ 0; 1/L
  double strong_convexity = 0;  ///< μ ≥ 0, at most 1/η; 0: merely convex
  GRADUS_FIELDS(Nesterov, learning_rate, strong_convexity)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> v;  ///< x⁺ − x of the last step
    std::int64_t t = 0;  ///< steps taken
    double factor = 0;   ///< f of the last step
    GRADUS_STATE(v, t, factor)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence(double before, double factor) const {
    return [=, *this](auto& y, const auto& g, auto& v) {
      const auto descent = (learning_rate * g).eval();
      v = before * v - descent;
      y += factor * v - descent;
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_nonnegative(name(), "strong_convexity", strong_convexity);
    require_field(learning_rate * strong_convexity <= 1, name(), "strong_convexity", strong_convexity,
                  "be at most 1 / learning_rate");
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
    gradus::require_same_structure(name(), params, grads, state.v);
  }

  /// One step, with the gradient at `params`. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    const auto t = static_cast<double>(++state.t);
    const double root = std::sqrt(learning_rate * strong_convexity);
    const double factor = strong_convexity > 0 ? (1 - root) / (1 + root) : t / (t + 3);
    gradus::for_each_block(recurrence(std::exchange(state.factor, factor), factor), params, grads, state.v);
  }

  /// The iterate x = y − f v.
  template <class P, class Tree>
  auto solution(const P& params, const State<Tree>& state) const {
    return gradus::lazy([factor = state.factor](const auto& y, const auto& v) { return y - factor * v; },
                        params, state.v);
  }
};

}  // namespace GRADUS_NAMESPACE
