// SPDX-License-Identifier: MIT
//
// What shows early that a long run goes wrong.
#pragma once

#include <cmath>
#include <cstdint>
#include <gradus/core/lazy.hpp>
#include <gradus/core/like.hpp>
#include <gradus/core/sum_blocks.hpp>
#include <optional>
#include <vector>

namespace GRADUS_NAMESPACE {

/// The state of a run after a step.
struct Measurement {
  std::int64_t step;     ///< steps taken
  double value;          ///< f(θ), the loss
  double gradient_norm;  ///< ‖g‖
  double update_ratio;  ///< ‖θ_t − θ_{t−1}‖/‖θ_{t−1}‖; about 1e-3 is common with Adam. NaN at the start
  std::int64_t non_finite;  ///< coefficients of g that are infinite or NaN
};

/// Measures a run every `period` ≥ 1 steps, as an observer of `minimize` or in a loop of one's own:
///
///     Monitor<Model> monitor{.period = 100};
///     ...
///     monitor.record(step, loss, model, gradient);      // in every step
///
/// Keeps a copy of the parameters from the step before a measurement. Four passes over memory in a step that
/// is measured, one in the step before, none in others.
template <class P>
struct Monitor {
  std::int64_t period = 1;                  ///< ≥ 1
  std::vector<Measurement> measurements{};  ///< so far
  std::optional<like<P>> before{};          ///< θ after the step `before_step`
  std::int64_t before_step = -1;            ///< that before a measurement; −1: none yet

  /// As an observer of `minimize`.
  template <class Progress>
  void operator()(const Progress& progress) {
    record(progress.step, progress.value, progress.x, progress.gradient);
  }

  /// Takes note of the point after `step` steps. Throws `std::invalid_argument` if `period` < 1, or where
  /// structures or shapes differ.
  template <class G>
  void record(std::int64_t step, double value, const P& params, const G& gradient) {
    require_at_least("Monitor", "period", period, 1);
    if (step % period == 0) {
      detail::require_same_shapes("Monitor", params, gradient);
      measurements.push_back(
          {step, value, gradus::norm(gradient), update_ratio(step, params), non_finite(gradient)});
    }
    if ((step + 1) % period == 0) keep(step, params);
  }

 private:
  // Memory is taken once.
  void keep(std::int64_t step, const P& params) {
    if (before) {
      detail::require_same_shapes("Monitor", *before, params);
      gradus::for_each_block([](auto& to, const auto& from) { to = from; }, *before, params);
    } else {
      before = gradus::copy_like(params);
    }
    before_step = step;
  }

  double update_ratio(std::int64_t step, const P& params) const {
    if (!before || before_step != step - 1) return std::numeric_limits<double>::quiet_NaN();
    const auto moved = [](const auto& now, const auto& then) { return now - then; };
    return gradus::norm(gradus::lazy(moved, params, *before)) / gradus::norm(*before);
  }

  template <class G>
  static std::int64_t non_finite(const G& gradient) {
    const auto count = [](const auto& g) {
      const auto zero = (g * 0).eval();  // or NaN
      return (zero != zero).template cast<double>().eval();
    };
    return static_cast<std::int64_t>(gradus::sum_blocks(count, gradient));
  }
};

}  // namespace GRADUS_NAMESPACE
