// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>
#include <optional>

namespace GRADUS_NAMESPACE {

/// Prodigy (Mishchenko & Defazio, arXiv:2306.06101), equal to the authors' `prodigyopt`: Adam that estimates
/// the distance d to the solution, and with it its own learning rate.
///
///     r = dη                                      (bias_correction: r = dη √(1 − β2ᵗ)/(1 − β1ᵗ))
///     n ← β3 n + (d/d₀) r ⟨g, θ₀ − θ⟩
///     m ← β1 m + (1 − β1)d g
///     v ← β2 v + (1 − β2)d²g²
///     s ← β3 s + (d/d₀) r g                       (safeguard_warmup: d in the place of r)
///     d̂ = c n/‖s‖₁,  d ← min(max(d̂ so far), growth d)
///     θ ← (1 − λr)θ − r m/(√v + dε)
///
/// with sums over all leaves. Use η = 1, with a schedule if any. As in the original, a step with η = 0
/// changes nothing at all, and t counts from the first gradient that is not zero. A scheduled β: as in
/// `Adam`. State: m, v, s, θ₀. Reads and writes 13 numbers a coefficient, in two passes.
struct Prodigy {
  double learning_rate = 1;         ///< η ≥ 0, a factor of d
  double beta1 = 0.9;               ///< decay of the mean, in [0, 1)
  double beta2 = 0.999;             ///< decay of the mean square, in [0, 1)
  std::optional<double> beta3{};    ///< in [0, 1); √β2 if not given
  double epsilon = 1e-8;            ///< ε ≥ 0
  double weight_decay = 0;          ///< λ ≥ 0, decoupled
  double initial_distance = 1e-6;   ///< d₀ > 0
  double distance_coefficient = 1;  ///< c > 0
  double growth_rate =
      std::numeric_limits<double>::infinity();  ///< > 1: the largest factor by which d grows in a step
  bool bias_correction = false;                 ///< Adam's
  bool safeguard_warmup = false;                ///< keep a warmup's small η out of s
  GRADUS_FIELDS(Prodigy, learning_rate, beta1, beta2, beta3, epsilon, weight_decay, initial_distance,
                distance_coefficient, growth_rate, bias_correction, safeguard_warmup)
  static constexpr Scope scope = Scope::tree;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> m, v, s;                 ///< averages of dg, d²g² and (d/d₀)rg
    iterate_like<Tree> start;                 ///< θ₀
    std::int64_t t = 0;                       ///< steps taken
    double beta1_power = 1, beta2_power = 1;  ///< β1ᵗ, β2ᵗ
    double d = 0, largest = 0;                ///< d, and the largest d̂ so far
    double numerator = 0;                     ///< n
    GRADUS_STATE(m, v, s, start, t, beta1_power, beta2_power, d, largest, numerator)
  };

  /// m, v and s, and the terms of ⟨g, θ₀ − θ⟩ and ‖s‖₁, for one block of coefficients.
  auto moments(double d, double kept, double incoming) const {
    return [=, *this](const auto& p, const auto& g, const auto& start, auto& m, auto& v, auto& s) {
      m = beta1 * m + (1 - beta1) * d * g;
      v = beta2 * v + (1 - beta2) * (d * g).square();
      s = kept * s + incoming * g;
      return std::tuple((wide(g) * wide(start - p)).eval(), wide(s.abs()));
    };
  }

  /// The step itself, for one block of coefficients.
  auto descend(double rate, double eps) const {
    return [=, *this](auto& p, const auto& m, const auto& v) {
      p = (1 - weight_decay * rate) * p - rate * m / (root(v) + representable(eps, v));
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_fraction(name(), "beta1", beta1);
    require_fraction(name(), "beta2", beta2);
    if (beta3) require_fraction(name(), "beta3", *beta3);
    require_nonnegative(name(), "epsilon", epsilon);
    require_nonnegative(name(), "weight_decay", weight_decay);
    require_positive(name(), "initial_distance", initial_distance);
    require_positive(name(), "distance_coefficient", distance_coefficient);
    require_field(growth_rate > 1, name(), "growth_rate", growth_rate, "be more than 1");
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    State<like<P>> state{gradus::zero_state(params), gradus::zero_state(params), gradus::zero_state(params),
                         gradus::copy_state(params)};
    state.d = state.largest = initial_distance;
    return state;
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.m, state.v, state.s, state.start);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    ++state.t;
    if (learning_rate == 0) return;
    double beta1_power = state.beta1_power, beta2_power = state.beta2_power;
    const double c1 = advance(beta1_power, beta1), c2 = advance(beta2_power, beta2);
    const double rate = state.d * learning_rate * (bias_correction ? std::sqrt(c2) / c1 : 1);
    const double kept = beta3.value_or(std::sqrt(beta2)), relative = state.d / initial_distance;
    const auto [product, length] = gradus::sum_blocks<2>(
        moments(state.d, kept, relative * (safeguard_warmup ? state.d : rate)), std::as_const(params), grads,
        std::as_const(state.start), state.m, state.v, state.s);
    state.numerator = kept * state.numerator + relative * rate * product;
    if (length == 0) return;  // no gradient so far
    state.beta1_power = beta1_power;
    state.beta2_power = beta2_power;
    const double estimate = distance_coefficient * state.numerator / length;
    if (state.d == initial_distance) state.d = std::max(state.d, estimate);
    state.largest = std::max(state.largest, estimate);
    state.d = std::min(state.largest, state.d * growth_rate);
    gradus::for_each_block(descend(rate, state.d * epsilon), params, std::as_const(state.m),
                           std::as_const(state.v));
  }
};

}  // namespace GRADUS_NAMESPACE
