// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/for_each_leaf.hpp>
#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// LARS (You, Gitman & Ginsburg, arXiv:1708.03888), equal to `optax.lars`: momentum whose every gradient is
/// as long as its parameter, times the trust coefficient τ.
///
///     d = g + λθ
///     b ← μb + η τ ‖θ‖/(‖d‖ + ε) d        (without τ and ratio where a norm is 0)
///     θ ← θ − b                           (nesterov: θ ← θ − (η τ ‖θ‖/(‖d‖ + ε) d + μb))
///
/// with the norms of each leaf. State: b. Reads and writes 7 numbers a coefficient, in two passes.
struct LARS {
  double learning_rate = 1e-3;      ///< η ≥ 0
  double momentum = 0.9;            ///< μ ≥ 0
  double epsilon = 0;               ///< ε ≥ 0
  double weight_decay = 0;          ///< λ ≥ 0, part of d
  double trust_coefficient = 1e-3;  ///< τ ≥ 0
  bool nesterov = false;            ///< look ahead
  GRADUS_FIELDS(LARS, learning_rate, momentum, epsilon, weight_decay, trust_coefficient, nesterov)
  static constexpr Scope scope = Scope::leaf;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> b;  ///< momentum
    std::int64_t t = 0;  ///< steps taken
    GRADUS_STATE(b, t)
  };

  /// The squares of θ and d, for one block of coefficients.
  auto squares() const {
    return [*this](const auto& p, const auto& g) {
      return std::tuple(wide_square(p), wide_square(g + weight_decay * p));
    };
  }

  /// The recurrence, for one block of coefficients.
  auto recurrence(double rate) const {
    return [=, *this](auto& p, const auto& g, auto& b) {
      const auto d = (rate * (g + weight_decay * p)).eval();
      b = momentum * b + d;
      if (nesterov) {
        p -= d + momentum * b;
      } else {
        p -= b;
      }
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_nonnegative(name(), "momentum", momentum);
    require_nonnegative(name(), "trust_coefficient", trust_coefficient);
    require_nonnegative(name(), "epsilon", epsilon);
    require_nonnegative(name(), "weight_decay", weight_decay);
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
    ++state.t;
    gradus::for_each_leaf(
        [&](auto& theta, const auto& g, auto& b) {
          const auto [of_theta, of_d] = gradus::sum_blocks<2>(squares(), std::as_const(theta), g);
          const bool scaled = of_theta > 0 && of_d > 0;
          const double ratio =
              scaled ? trust_coefficient * std::sqrt(of_theta) / (std::sqrt(of_d) + epsilon) : 1;
          gradus::for_each_block(recurrence(learning_rate * ratio), theta, g, b);
        },
        params, grads, state.b);
  }
};

}  // namespace GRADUS_NAMESPACE
