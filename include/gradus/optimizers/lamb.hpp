// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/for_each_leaf.hpp>
#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// LAMB (You et al., arXiv:1904.00962), equal to `optax.lamb`: Adam's step, rescaled to the length of its
/// parameter.
///
///     m ← β1 m + (1 − β1)g
///     v ← β2 v + (1 − β2)g²
///     u = [m/(1 − β1ᵗ)] / (√(v/(1 − β2ᵗ)) + ε) + λθ
///     θ ← θ − η ‖θ‖/‖u‖ u           (without the ratio where a norm is 0)
///
/// with the norms of each leaf. A scheduled β: as in `Adam`. State: m, v. Reads and writes 10 numbers a
/// coefficient, in two passes.
struct LAMB {
  double learning_rate = 1e-3;  ///< η ≥ 0
  double beta1 = 0.9;           ///< decay of the mean, in [0, 1)
  double beta2 = 0.999;         ///< decay of the mean square, in [0, 1)
  double epsilon = 1e-6;        ///< ε ≥ 0
  double weight_decay = 0;      ///< λ ≥ 0, part of u
  GRADUS_FIELDS(LAMB, learning_rate, beta1, beta2, epsilon, weight_decay)
  static constexpr Scope scope = Scope::leaf;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> m, v;                    ///< averages of g and g²
    std::int64_t t = 0;                       ///< steps taken
    double beta1_power = 1, beta2_power = 1;  ///< β1ᵗ, β2ᵗ
    GRADUS_STATE(m, v, t, beta1_power, beta2_power)
  };

  /// The moments, and the squares of θ and u, for one block of coefficients.
  auto moments(double c1, double c2) const {
    return [=, *this](const auto& p, const auto& g, auto& m, auto& v) {
      m += (1 - beta1) * (g - m);
      v = beta2 * v + (1 - beta2) * g.square();
      return std::tuple(wide_square(p), wide_square(u(p, m, v, c1, c2)));
    };
  }

  /// The step itself, for one block of coefficients.
  auto descend(double c1, double c2, double rate) const {
    return [=, *this](auto& p, const auto& m, const auto& v) { p -= rate * u(p, m, v, c1, c2); };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_fraction(name(), "beta1", beta1);
    require_fraction(name(), "beta2", beta2);
    require_nonnegative(name(), "epsilon", epsilon);
    require_nonnegative(name(), "weight_decay", weight_decay);
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {gradus::zero_state(params), gradus::zero_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.m, state.v);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    ++state.t;
    const double c1 = advance(state.beta1_power, beta1), c2 = advance(state.beta2_power, beta2);
    gradus::for_each_leaf(
        [&](auto& theta, const auto& g, auto& m, auto& v) {
          const auto [of_theta, of_u] = gradus::sum_blocks<2>(moments(c1, c2), std::as_const(theta), g, m, v);
          const double ratio = of_theta > 0 && of_u > 0 ? std::sqrt(of_theta / of_u) : 1;
          gradus::for_each_block(descend(c1, c2, learning_rate * ratio), theta, std::as_const(m),
                                 std::as_const(v));
        },
        params, grads, state.m, state.v);
  }

 private:
  template <class Values>
  EIGEN_ALWAYS_INLINE auto u(const Values& p, const Values& m, const Values& v, double c1, double c2) const {
    return 1 / c1 * m / (1 / std::sqrt(c2) * root(v) + representable(epsilon, v)) + weight_decay * p;
  }
};

}  // namespace GRADUS_NAMESPACE
