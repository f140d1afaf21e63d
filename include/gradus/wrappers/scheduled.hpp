// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <gradus/concepts.hpp>
#include <gradus/core/state.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

template <class T, auto Field>
concept HasField = requires(T& owner) {
  owner.*Field;
};

// The stage of a list that has the field, if one has.
template <auto Field, class First, class... Rest>
auto& stage_of(First& first, Rest&... rest) {
  if constexpr (HasField<First, Field>) {
    return first;
  } else {
    return detail::stage_of<Field>(rest...);
  }
}
template <auto Field, class... S>
std::bool_constant<(HasField<S, Field> || ...)> any_stage_has(const std::tuple<S...>&);

// What has the field: `optimizer` itself, or one of its stages, or the one inside it, or the one inside that,
// ...
template <auto Field, class O>
auto& owner_of(O& optimizer) {
  if constexpr (requires { optimizer.*Field; }) {
    return optimizer;
  } else if constexpr (requires {
                         requires decltype(detail::any_stage_has<Field>(optimizer.stages))::value;
                       }) {
    return std::apply(
        [](auto&... stage) -> auto& { return detail::stage_of<Field>(stage...); }, optimizer.stages);
  } else if constexpr (requires { optimizer.inner; }) {
    return detail::owner_of<Field>(optimizer.inner);
  } else {
    static_assert(
        requires { optimizer.inner; },
        "gradus::scheduled<&Optimizer::field>(optimizer, schedule): neither this optimizer nor one "
        "inside it has that field; into a route it goes part by part");
    return optimizer;
  }
}

}  // namespace detail

/// An optimizer with one field that follows a schedule. Made by `scheduled`.
template <auto Field, class O, class S>
struct Scheduled {
  O inner;
  S schedule;  ///< of the field
  GRADUS_FIELDS(Scheduled, inner, schedule)
  static constexpr Scope scope = scope_of<O>();  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    std::int64_t t = 0;  ///< steps taken
    GRADUS_STATE(inner, t)
  };

  /// The inner optimizer as it is in the step that comes after `t` steps. Throws `std::invalid_argument` if
  /// the schedule gives no finite value.
  O at(std::int64_t t) const {
    const auto value = static_cast<double>(schedule(t));
    require_field(std::isfinite(value), name(), "the schedule's value", value, "be finite");
    O optimizer = inner;
    auto& field = detail::owner_of<Field>(optimizer).*Field;
    static_assert(std::is_floating_point_v<std::remove_reference_t<decltype(field)>>,
                  "gradus::scheduled: the field must be a floating-point number");
    field = static_cast<std::remove_reference_t<decltype(field)>>(value);
    return optimizer;
  }

  /// There is nothing to refuse here: the inner optimizer validates the schedule's values.
  void validate() const {}

  /// Makes the state for `params`, with the schedule's first value. Throws `std::invalid_argument` for what
  /// the inner optimizer refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    gradus::require_parameters(name(), params);
    return {at(0).init(params)};
  }

  /// Throws what a step would refuse, and changes nothing: the schedule's value, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    gradus::require_same_structure(name(), params, grads);
    gradus::check_step(at(state.t), params, grads, state.inner);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    at(state.t).step(params, grads, state.inner);
    ++state.t;
  }

  /// The inner optimizer's solution, as it was in the last step.
  template <class P, class Tree>
  requires HasSolution<O, P, state_of<O, Tree>>
  decltype(auto) solution(const P& params, const State<Tree>& state) const {
    return at(std::max(state.t, std::int64_t{1}) - 1).solution(params, state.inner);
  }
};

/// `scheduled<&AdamW::learning_rate>(AdamW{}, schedule)` is AdamW with the learning rate `schedule(t)`, where
/// t = 0, 1, ... is the number of steps taken before. So a warmup that starts from 0 spends its first step
/// on nothing; pass `[=](std::int64_t t) { return schedule(t + 1); }` to start with the next value.
///
/// Any floating-point field will do, of the optimizer, of one of its stages where it is a list of them, or of
/// one inside its wrappers; several go around each other:
///
///     scheduled<&Momentum::momentum>(scheduled<&Momentum::learning_rate>(Momentum{}, falling), rising)
///
/// Every step uses a modified copy of the optimizer, so one that holds data should hold a reference to it.
/// Around `accumulate`, t counts micro-batches; inside it, the steps that move.
template <auto Field, class O, class S>
Scheduled<Field, O, S> scheduled(O optimizer, S schedule) {
  static_assert(std::is_member_object_pointer_v<decltype(Field)>,
                "gradus::scheduled: name the field as in scheduled<&AdamW::learning_rate>");
  static_assert(Schedule<S>, "gradus::scheduled: the schedule must be callable as double(std::int64_t)");
  return {std::move(optimizer), std::move(schedule)};
}

}  // namespace GRADUS_NAMESPACE
