// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/numerics.hpp>
#include <gradus/core/state.hpp>

namespace GRADUS_NAMESPACE {

/// The average a of an optimizer's parameters, beside a run that it does not touch; `solution` is a, or with
/// `share` σ < 1 the point θ + σ(a − θ) on the way to it. θ_t, the point after t steps, is averaged if t ≥ s
/// and p divides t − s:
///
///     w ← δw + 1
///     a ← a + (θ_t − a)/w
///
/// With δ = 1 this is the mean of the points: Polyak & Ruppert's (SIAM J. Control Optim. 30, 1992) from the
/// start, or SWA (Izmailov et al., arXiv:1803.05407) with s and p. With δ < 1 it is the exponential average
/// a ← δa + (1 − δ)θ, either divided by the sum of its weights (`debias`), or begun as a copy, where the
/// first point weighs 1/(1 − δ), as much as if it had always been there.
///
/// Equal to `torch.optim.swa_utils.AveragedModel` when that is updated after every p-th step from the s-th
/// on, with `get_swa_multi_avg_fn()` for δ = 1 and `get_ema_multi_avg_fn(δ)` for no `debias`. Before step s
/// the solution is θ. The inner optimizer's own solution is ignored; its parameters are averaged. The
/// average of sixteen-bit parameters is kept in float. State:
/// the inner optimizer's, a, w. Reads and writes 3 numbers a coefficient, beside the inner step. Made by
/// `polyak_average`, `stochastic_weight_average`, `exponential_average`, `tail_average`.
template <class O>
struct Average {
  O inner;
  double decay = 1;         ///< δ in (0, 1]; 1 is the plain mean
  bool debias = true;       ///< whether every point has its own weight; false needs δ < 1
  std::int64_t from = 0;    ///< s ≥ 0, the step whose point is the first; 0 is the start
  std::int64_t period = 1;  ///< p ≥ 1
  double share = 1;         ///< σ in [0, 1], the share of the average in the solution
  GRADUS_FIELDS(Average, inner, decay, debias, from, period, share)
  static constexpr Scope scope = scope_of<O>();  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    iterate_like<Tree> average;  ///< a
    double weight = 0;           ///< w; 0 while there is no average
    std::int64_t t = 0;          ///< steps taken
    GRADUS_STATE(inner, average, weight, t)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence(double part) const {
    return [part](const auto& p, auto& average) { approach(average, p, part); };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_field(decay > 0 && decay <= 1, name(), "decay", decay, "lie in (0, 1]");
    require_field(debias || decay < 1, name(), "decay", decay, "be less than 1 without debias");
    require_field(from >= 0, name(), "from", static_cast<double>(from), "be at least 0");
    require_field(period >= 1, name(), "period", static_cast<double>(period), "be at least 1");
    require_field(share >= 0 && share <= 1, name(), "share", share, "lie in [0, 1]");
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses, and what the
  /// inner optimizer refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {inner.init(params), gradus::copy_state(params), from == 0 ? first_weight() : 0};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.average);
    gradus::check_step(inner, params, grads, state.inner);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    inner.step(params, grads, state.inner);
    ++state.t;
    if (state.t < from || (state.t - from) % period != 0) return;
    const bool first = state.weight == 0;
    state.weight = first ? first_weight() : decay * state.weight + 1;
    gradus::for_each_block(recurrence(first ? 1 : 1 / state.weight), std::as_const(params), state.average);
  }

  /// The average a, or a point on the way to it.
  template <class P, class Tree>
  auto solution(const P& params, const State<Tree>& state) const {
    const auto point = [part = state.weight > 0 ? share : 0](const auto& p, const auto& a) {
      auto x = p;
      if (part != 0) approach(x, a, part);
      return x;
    };
    return gradus::lazy(point, params, state.average);
  }

 private:
  double first_weight() const { return debias ? 1 : 1 / (1 - decay); }
};

/// The mean of the start and the points of all steps: see `Average`.
template <class O>
Average<O> polyak_average(O optimizer) {
  return {std::move(optimizer)};
}

/// The mean of every `period`-th point from step `from` on: see `Average`.
template <class O>
Average<O> stochastic_weight_average(O optimizer, std::int64_t from, std::int64_t period = 1) {
  return {std::move(optimizer), 1, true, from, period};
}

/// The exponential average a ← δa + (1 − δ)θ that begins as a copy of the start: see `Average`.
template <class O>
Average<O> exponential_average(O optimizer, double decay = 0.999) {
  return {std::move(optimizer), decay, false};
}

/// The average of the end of a run, as in the speedruns of modded-nanogpt (track 3 of
/// github.com/KellerJordan/modded-nanogpt): from step `from` on the exponential average over about `length`
/// > 1 steps, begun as a copy, a ← a + (θ − a)/length; the solution is θ + σ(a − θ). Their rule is a length
/// of η/|η'|, the time scale on which the learning rate falls, and a start five lengths before the end. See
/// `Average`.
template <class O>
Average<O> tail_average(O optimizer, std::int64_t from, double length = 150, double share = 0.6) {
  return {std::move(optimizer), 1 - 1 / length, false, from, 1, share};
}

}  // namespace GRADUS_NAMESPACE
