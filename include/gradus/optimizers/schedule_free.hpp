// SPDX-License-Identifier: MIT
//
// Methods that need no schedule, because they average (Defazio et al., arXiv:2405.15682).
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

/// The rate of a step, and the share c of its iterate in the average.
struct ScheduleFreeStep {
  double rate, share;
};

template <class O, class State>
ScheduleFreeStep advance_average(const O& o, State& state) {
  const auto t = static_cast<double>(++state.t), warmup = static_cast<double>(o.warmup_steps);
  const double rate = o.learning_rate * (t < warmup ? t / warmup : 1);
  state.largest_rate = std::max(state.largest_rate, rate);
  const double weight = std::pow(t, o.weight_power) * std::pow(state.largest_rate, o.learning_rate_power);
  state.total_weight += weight;
  return {rate, state.total_weight > 0 ? weight / state.total_weight : 0};
}

template <class O>
void require_schedule_free(std::string_view who, const O& o) {
  require_nonnegative(who, "learning_rate", o.learning_rate);
  require_nonnegative(who, "weight_decay", o.weight_decay);
  require_field(o.warmup_steps >= 0, who, "warmup_steps", static_cast<double>(o.warmup_steps),
                "be at least 0");
  require_nonnegative(who, "weight_power", o.weight_power);
  require_nonnegative(who, "learning_rate_power", o.learning_rate_power);
}

// The average x = y + (1 − 1/β)(z − y).
template <class P, class Tree>
auto schedule_free_average(double beta, const P& params, const Tree& z) {
  return gradus::lazy([beta](const auto& y, const auto& at) { return y + (1 - 1 / beta) * (at - y); }, params,
                      z);
}

}  // namespace detail

/// Schedule-free SGD, equal to `schedulefree.SGDScheduleFree` in its training mode. The parameters are y,
/// where gradients are taken; z is the iterate of SGD and x the average, which `solution` gives:
///
///     η_t = η min(1, t/warmup),  w = tʳ (largest η so far)ᵖ,  c = w/(sum of all w)
///     d = g + λy
///     y ← y + c(z − y) + η_t (β(1 − c) − 1)d
///     z ← z − η_t d
///     x = y + (1 − 1/β)(z − y)
///
/// The authors take η 10 to 50 times larger than for SGD with a schedule. Evaluate and ship x; recompute
/// the statistics of batch normalization there. State: z. Reads and writes 5 numbers a coefficient.
struct ScheduleFreeSGD {
  double learning_rate = 1;        ///< η ≥ 0
  double beta = 0.9;               ///< β in (0, 1), how close y stays to the average
  double weight_decay = 0;         ///< λ ≥ 0, coupled, at y
  std::int64_t warmup_steps = 0;   ///< ≥ 0
  double weight_power = 0;         ///< r ≥ 0: later steps weigh more
  double learning_rate_power = 2;  ///< p ≥ 0: larger steps weigh more
  GRADUS_FIELDS(ScheduleFreeSGD, learning_rate, beta, weight_decay, warmup_steps, weight_power,
                learning_rate_power)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    iterate_like<Tree> z;                       ///< the iterate beside y
    std::int64_t t = 0;                         ///< steps taken
    double largest_rate = 0, total_weight = 0;  ///< η_t and w, of the steps so far
    GRADUS_STATE(z, t, largest_rate, total_weight)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence(double rate, double share) const {
    return [=, *this](auto& y, const auto& g, auto& z) {
      const auto d = (g + weight_decay * y).eval();
      y += share * (z - y) + rate * (beta * (1 - share) - 1) * d;
      z -= rate * d;
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    detail::require_schedule_free(name(), *this);
    require_field(beta > 0 && beta < 1, name(), "beta", beta, "lie in (0, 1)");
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
    gradus::require_same_structure(name(), params, grads, state.z);
  }

  /// One step, with the gradient at `params`. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    const auto [rate, share] = detail::advance_average(*this, state);
    gradus::for_each_block(recurrence(rate, share), params, grads, state.z);
  }

  /// The average x.
  template <class P, class Tree>
  auto solution(const P& params, const State<Tree>& state) const {
    return detail::schedule_free_average(beta, params, state.z);
  }
};

/// Schedule-free AdamW, equal to `schedulefree.AdamWScheduleFree` in its training mode: the same with
///
///     v ← β2 v + (1 − β2)g²
///     d = g/(√(v/(1 − β2ᵗ)) + ε) + λy
///
/// The authors take η 1 to 10 times larger than for AdamW with a schedule. A scheduled β2: as in `Adam`.
/// State: z, v. Reads and writes 7 numbers a coefficient.
struct ScheduleFreeAdamW {
  double learning_rate = 2.5e-3;   ///< η ≥ 0
  double beta1 = 0.9;              ///< β in (0, 1), how close y stays to the average
  double beta2 = 0.999;            ///< decay of the mean square, in [0, 1)
  double epsilon = 1e-8;           ///< ε ≥ 0
  double weight_decay = 0;         ///< λ ≥ 0, decoupled, at y
  std::int64_t warmup_steps = 0;   ///< ≥ 0
  double weight_power = 0;         ///< r ≥ 0: later steps weigh more
  double learning_rate_power = 2;  ///< p ≥ 0: larger steps weigh more
  GRADUS_FIELDS(ScheduleFreeAdamW, learning_rate, beta1, beta2, epsilon, weight_decay, warmup_steps,
                weight_power, learning_rate_power)
  static constexpr Scope scope = Scope::coefficient;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    iterate_like<Tree> z;                                        ///< the iterate beside y
    state_like<Tree> v;                                          ///< average of g²
    std::int64_t t = 0;                                          ///< steps taken
    double beta2_power = 1, largest_rate = 0, total_weight = 0;  ///< β2ᵗ; η_t and w, of the steps so far
    GRADUS_STATE(z, v, t, beta2_power, largest_rate, total_weight)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence(double rate, double share, double correction) const {
    return [=, *this](auto& y, const auto& g, auto& z, auto& v) {
      v = beta2 * v + (1 - beta2) * g.square();
      const auto d = (g / (correction * root(v) + representable(epsilon, v)) + weight_decay * y).eval();
      y += share * (z - y) + rate * (beta1 * (1 - share) - 1) * d;
      z -= rate * d;
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    detail::require_schedule_free(name(), *this);
    require_field(beta1 > 0 && beta1 < 1, name(), "beta1", beta1, "lie in (0, 1)");
    require_fraction(name(), "beta2", beta2);
    require_nonnegative(name(), "epsilon", epsilon);
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {gradus::copy_state(params), gradus::zero_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.z, state.v);
  }

  /// One step, with the gradient at `params`. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    const auto [rate, share] = detail::advance_average(*this, state);
    const double correction = 1 / std::sqrt(advance(state.beta2_power, beta2));
    gradus::for_each_block(recurrence(rate, share, correction), params, grads, state.z, state.v);
  }

  /// The average x.
  template <class P, class Tree>
  auto solution(const P& params, const State<Tree>& state) const {
    return detail::schedule_free_average(beta1, params, state.z);
  }
};

}  // namespace GRADUS_NAMESPACE
