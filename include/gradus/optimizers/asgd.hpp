// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// Averaged SGD (Polyak & Juditsky, SIAM Journal on Control and Optimization 30, 1992), equal to
/// `torch.optim.ASGD`: the rate falls, and a is the average of the points.
///
///     g ← g + λθ
///     η_t = η/(1 + δη(t − 1))^α
///     θ ← (1 − δη_t)θ − η_t g
///     a ← a + (θ − a)/max(1, t − 1 − t0)         (a = θ until then)
///
/// `solution` is a. State: a. Reads and writes 5 numbers a coefficient.
struct ASGD {
  double learning_rate = 1e-2;  ///< η ≥ 0
  double lambda = 1e-4;         ///< δ ≥ 0, decay of the rate and of θ
  double alpha = 0.75;          ///< α ≥ 0, the power with which the rate falls
  double average_from = 1e6;    ///< t0 ≥ 0, the steps before the average begins
  double weight_decay = 0;      ///< λ ≥ 0, coupled: added to the gradient
  GRADUS_FIELDS(ASGD, learning_rate, lambda, alpha, average_from, weight_decay)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    iterate_like<Tree> a;  ///< average of θ
    std::int64_t t = 0;    ///< steps taken
    GRADUS_STATE(a, t)
  };

  /// The recurrence, for one block of coefficients; `weight` is that of θ in a.
  auto recurrence(double rate, double weight) const {
    return [=, *this](auto& p, const auto& gradient, auto& a) {
      const auto g = (gradient + weight_decay * p).eval();
      p = (1 - lambda * rate) * p - rate * g;
      a += weight * (p - a);
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_nonnegative(name(), "lambda", lambda);
    require_nonnegative(name(), "alpha", alpha);
    require_nonnegative(name(), "average_from", average_from);
    require_nonnegative(name(), "weight_decay", weight_decay);
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {gradus::copy_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.a);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    const auto before = static_cast<double>(state.t++);
    const double rate = learning_rate / std::pow(1 + lambda * learning_rate * before, alpha);
    gradus::for_each_block(recurrence(rate, 1 / std::max(1.0, before - average_from)), params, grads,
                           state.a);
  }

  /// The average a.
  template <class P, class Tree>
  const iterate_like<Tree>& solution(const P&, const State<Tree>& state) const {
    return state.a;
  }
};

}  // namespace GRADUS_NAMESPACE
