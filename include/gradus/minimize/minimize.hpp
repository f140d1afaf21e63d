// SPDX-License-Identifier: MIT
//
// The driver: steps an optimizer on an objective until a reason to stop.
#pragma once

#include <chrono>
#include <gradus/concepts.hpp>
#include <gradus/core/sum_blocks.hpp>
#include <limits>

namespace GRADUS_NAMESPACE {

/// When `minimize` stops. A criterion at its default is off, but for the number of steps.
struct Stopping {
  std::int64_t max_steps = 1000;  ///< optimizer steps, at least 0
  double gradient_norm = 0;       ///< stop when ‖g‖ is at most this; checked if positive
  double value_change = 0;        ///< stop when a step changes the value by at most this; checked if positive
  double seconds = std::numeric_limits<double>::infinity();  ///< wall-clock time
};

/// Why `minimize` stopped.
enum class StopReason { max_steps, gradient_norm, value_change, time, observer, non_finite };

/// A sentence about a reason.
inline std::string_view to_string(StopReason reason) {
  switch (reason) {
    case StopReason::max_steps:
      return "took the largest number of steps";
    case StopReason::gradient_norm:
      return "the gradient became small";
    case StopReason::value_change:
      return "the value hardly changed";
    case StopReason::time:
      return "ran out of time";
    case StopReason::observer:
      return "an observer asked to stop";
    case StopReason::non_finite:
      return "the value or the gradient became infinite or NaN";
  }
  return "unknown";
}

/// What an observer is told: the point after `step` steps, its value and gradient. References: copy what you
/// keep.
template <class X>
struct Progress {
  std::int64_t step;  ///< steps taken, 0 at the start
  double value;       ///< f(x)
  const X& x;         ///< the point
  const X& gradient;  ///< ∇f(x)
};

/// What `minimize` returns. "Last" is where it stopped, "best" the point of lowest finite value on the way.
template <class X>
struct Minimized {
  X x;                                        ///< last point
  double value;                               ///< f(x)
  double gradient_norm;                       ///< ‖∇f(x)‖
  X best_x;                                   ///< best point
  double best_value;                          ///< f(best_x); infinity if no value was finite
  std::int64_t steps = 0;                     ///< steps taken
  std::int64_t evaluations = 0;               ///< evaluations of value and gradient
  double seconds = 0;                         ///< wall-clock time
  StopReason reason = StopReason::max_steps;  ///< why it stopped
};

namespace detail {

// Whether an objective can write into the gradient that it is handed. A generic one is not asked.
template <class G>
consteval bool takes_reference() {
  if constexpr (std::is_reference_v<G> || !Parameters<G>) {
    return !std::is_const_v<std::remove_reference_t<G>>;
  } else {
    return !copies_deeply<G>;  // of a view also a copy writes
  }
}
template <class Other>
constexpr bool writes_gradient(Other) {
  return true;
}
template <class F, class R, class X, class G>
constexpr bool writes_gradient(R (F::*)(X, G) const) {
  return takes_reference<G>();
}
template <class F, class R, class X, class G>
constexpr bool writes_gradient(R (F::*)(X, G)) {
  return takes_reference<G>();
}
template <class F>
consteval bool writes_gradient() {
  if constexpr (requires { &F::operator(); }) {
    return detail::writes_gradient(&F::operator());
  } else {
    return true;
  }
}

// Every observer is called, also when one before it asks to stop.
template <class P, class... Observers>
bool any_asks_to_stop(const P& progress, Observers&... observers) {
  [[maybe_unused]] const auto ask = [&](auto& observer) {
    if constexpr (std::is_void_v<decltype(observer(progress))>) {
      observer(progress);
      return false;
    } else {
      return static_cast<bool>(observer(progress));
    }
  };
  bool stop = false;
  ((stop = ask(observers) || stop), ...);
  return stop;
}

// The gradient was NaN before the objective was called.
template <class X>
void require_written(const X& gradient) {
  const auto numbers = [](const auto& g) { return (g == g).template cast<double>(); };
  if (gradus::coefficient_count(gradient) > 0 && gradus::sum_blocks(numbers, gradient) == 0) {
    throw std::invalid_argument(
        "minimize: the objective has not written the gradient, or NaN everywhere; it is f(x, gradient), with "
        "the "
        "gradient by reference");
  }
}

}  // namespace detail

/// Minimises `objective` from `start` (an Eigen object or expression, or any tree of parameters; it is
/// copied) with a copy of `optimizer`. Observers are called with the start and after every step. Of an
/// optimizer whose `solution` is another point than the parameters (`Nesterov`, `ScheduleFreeSGD`, ...)
/// observers see the points where gradients are taken, and the last point is the solution. Throws what `init`
/// refuses, and `std::invalid_argument` when the objective leaves the gradient at the start unwritten.
///
///     auto result = minimize(StyblinskiTang{}, Eigen::Vector2d{4.1, 4.5}, Adam{.learning_rate = 0.1});
template <class F, class Start, class O, class... Observers>
auto minimize(const F& objective, const Start& start, const O& optimizer, const Stopping& stopping = {},
              Observers&&... observers) {
  if constexpr (!Dense<Start>) static_assert(detail::explain_tree<Start>());
  auto x = detail::deep_copy(start);
  using X = decltype(x);
  static_assert(
      Objective<F, X>,
      "gradus::minimize: the objective must be callable as f(x, gradient), write the gradient, and return "
      "the value; with_autodiff(f) makes one of f(x)");
  static_assert(
      detail::writes_gradient<F>(),
      "gradus::minimize: the objective takes the gradient by value or const, so it cannot write it: "
      "take it by reference");
  static_assert(Optimizer<O, X>,
                "gradus::minimize: the optimizer needs init(params) and step(params, grads, state)");
  static_assert(
      (Observer<std::remove_reference_t<Observers>, Progress<X>> && ...),
      "gradus::minimize: an observer must be callable with a gradus::Progress and return void or bool");

  const auto clock = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - clock).count();
  };

  // So that an objective which does not write the gradient is found.
  X gradient = gradus::full_like(x, std::numeric_limits<double>::quiet_NaN());
  auto state = optimizer.init(x);
  Minimized<X> result{x, 0, 0, x, std::numeric_limits<double>::infinity()};
  double previous = std::numeric_limits<double>::infinity();
  for (std::int64_t step = 0;; ++step) {
    const double value = static_cast<double>(objective(std::as_const(x), gradient));
    ++result.evaluations;
    if (step == 0 && std::isfinite(value)) detail::require_written(gradient);
    result.value = value;
    result.steps = step;
    if (value < result.best_value) {
      result.best_value = value;
      result.best_x = x;
    }
    const bool asked = detail::any_asks_to_stop(Progress<X>{step, value, x, gradient}, observers...);
    const auto stop = [&](StopReason reason, bool holds) {
      if (holds) result.reason = reason;
      return holds;
    };
    if (stop(StopReason::non_finite, !std::isfinite(value) || !gradus::all_finite(gradient)) ||
        stop(StopReason::gradient_norm,
             stopping.gradient_norm > 0 && gradus::norm(gradient) <= stopping.gradient_norm) ||
        stop(StopReason::value_change,
             stopping.value_change > 0 && std::abs(value - previous) <= stopping.value_change) ||
        stop(StopReason::observer, asked) || stop(StopReason::max_steps, step >= stopping.max_steps) ||
        stop(StopReason::time, seconds() >= stopping.seconds)) {
      break;
    }
    previous = value;
    optimizer.step(x, std::as_const(gradient), state);
  }
  if constexpr (requires { optimizer.solution(x, state); }) {
    x = gradus::solution(optimizer, x, state);
    result.value = static_cast<double>(objective(std::as_const(x), gradient));
    ++result.evaluations;
    if (result.value < result.best_value) result.best_value = result.value, result.best_x = x;
  }
  result.gradient_norm = gradus::norm(gradient);
  result.x = std::move(x);
  result.seconds = seconds();
  return result;
}

}  // namespace GRADUS_NAMESPACE
