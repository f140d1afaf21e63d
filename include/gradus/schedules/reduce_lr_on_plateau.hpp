// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/schedules/curve.hpp>
#include <limits>

namespace GRADUS_NAMESPACE {

/// Lowers the learning rate when a metric, such as the validation loss, stops improving (equal to
/// `torch.optim.lr_scheduler.ReduceLROnPlateau`). No function of t, but a value with a state:
///
///     ReduceLROnPlateau plateau{.patience = 5};
///     auto state = plateau.init(adam.learning_rate);
///     adam.learning_rate = plateau.step(validation_loss, state);    // once an epoch
///
/// A metric is better than the best so far if it is below best · (1 − threshold), or below best − threshold
/// with `absolute_threshold`; with `maximize` if it is above best · (1 + threshold), or above best +
/// threshold. NaN is never better. After more than `patience` metrics in a row that are not,
///
///     η ← max(factor · η, minimum)                 unless that changes η by ε or less
///
/// and `cooldown` metrics pass before the next is counted. Functions throw `std::invalid_argument` when a
/// field is out of its range.
struct ReduceLROnPlateau {
  double factor = 0.1;              ///< in [0, 1)
  std::int64_t patience = 10;       ///< ≥ 0, metrics that are not better before the rate falls
  double threshold = 1e-4;          ///< ≥ 0, what is better by less does not count
  bool absolute_threshold = false;  ///< the threshold is a difference, not a share of the best
  bool maximize = false;            ///< larger metrics are better
  std::int64_t cooldown = 0;        ///< ≥ 0, metrics after a fall that are not counted
  double minimum = 0;               ///< ≥ 0, the least learning rate
  double epsilon = 1e-8;            ///< ε ≥ 0, a smaller change is left out
  GRADUS_FIELDS(ReduceLROnPlateau, factor, patience, threshold, absolute_threshold, maximize, cooldown,
                minimum, epsilon)

  struct State {
    double learning_rate;      ///< η
    double best;               ///< metric
    std::int64_t bad = 0;      ///< metrics since that were not better, and counted
    std::int64_t cooling = 0;  ///< metrics until they are counted again
    GRADUS_STATE(learning_rate, best, bad, cooling)
  };

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_fraction(name(), "factor", factor);
    require_at_least(name(), "patience", patience, 0);
    require_nonnegative(name(), "threshold", threshold);
    require_at_least(name(), "cooldown", cooldown, 0);
    require_nonnegative(name(), "minimum", minimum);
    require_nonnegative(name(), "epsilon", epsilon);
  }

  /// The state at the beginning, with the learning rate η ≥ 0.
  State init(double learning_rate) const {
    validate();
    require_nonnegative(name(), "learning_rate", learning_rate);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return {learning_rate, maximize ? -infinity : infinity};
  }

  /// Takes the next metric and returns the learning rate to go on with.
  double step(double metric, State& state) const {
    validate();
    if (is_better(metric, state.best)) {
      state.best = metric;
      state.bad = 0;
    } else {
      ++state.bad;
    }
    if (state.cooling > 0) {
      --state.cooling;
      state.bad = 0;
    }
    if (state.bad > patience) {
      const double lower = std::max(factor * state.learning_rate, minimum);
      if (state.learning_rate - lower > epsilon) state.learning_rate = lower;
      state.cooling = cooldown;
      state.bad = 0;
    }
    return state.learning_rate;
  }

 private:
  bool is_better(double metric, double best) const {
    const double sign = maximize ? 1 : -1;
    const double bar = absolute_threshold ? best + sign * threshold : best * (1 + sign * threshold);
    return maximize ? metric > bar : metric < bar;
  }
};

}  // namespace GRADUS_NAMESPACE
