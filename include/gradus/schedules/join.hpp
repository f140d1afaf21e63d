// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/schedules/curve.hpp>

namespace GRADUS_NAMESPACE {

/// Two schedules, one after the other: what `join` makes.
template <Schedule First, Schedule Second>
struct Joined {
  First first;                ///< until then
  std::int64_t boundary = 0;  ///< the first step of `second`, which counts from there
  Second second;              ///< from then on
  GRADUS_FIELDS(Joined, first, boundary, second)

  double operator()(std::int64_t t) const {
    t = std::max<std::int64_t>(t, 0);
    return t < boundary ? first(t) : second(t - boundary);
  }
};

/// Schedules one after the other, each counted from its own start: `second` takes over at t = boundary, where
/// it sees 0 (equal to `optax.join_schedules`, and to `torch.optim.lr_scheduler.SequentialLR` where that uses
/// closed forms). Any schedules and any number of them, lambdas included:
///
///     join(first, boundary, second, boundary, third, ...)
///
/// A warmup for anything is a line before it:
///
///     auto schedule = join(Linear{.start = 0, .end = peak, .steps = 100}, 100, StepDecay{.start = peak,
///     .steps = 500});
///
/// Throws `std::invalid_argument` when a boundary is negative or below the one before it.
template <Schedule First, Schedule Second>
Joined<First, Second> join(First first, std::int64_t boundary, Second second) {
  detail::require_steps("join", "boundary", boundary, 0);
  return {std::move(first), boundary, std::move(second)};
}

/// Three schedules and more.
template <Schedule First, Schedule Second, class... More>
auto join(First first, std::int64_t boundary, Second second, std::int64_t next, More... more) {
  require_field(next >= boundary, "join", "boundary", static_cast<double>(next),
                "not lie below the one before it");
  return join(join(std::move(first), boundary, std::move(second)), next, std::move(more)...);
}

}  // namespace GRADUS_NAMESPACE
