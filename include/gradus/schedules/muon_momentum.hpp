// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/schedules/constant.hpp>
#include <gradus/schedules/join.hpp>
#include <gradus/schedules/polynomial.hpp>

namespace GRADUS_NAMESPACE {

/// The momentum of Muon over a run, as in modded-nanogpt (github.com/KellerJordan/modded-nanogpt): straight
/// up from 0.85 to 0.95 in the first steps, and down again in the last:
///
///     scheduled<&Muon::momentum>(Muon{}, muon_momentum_schedule(total_steps))
///
/// Throws `std::invalid_argument` unless both numbers of steps are at least 1 and fit into total_steps.
inline auto muon_momentum_schedule(std::int64_t total_steps, std::int64_t rising_steps = 300,
                                   std::int64_t falling_steps = 50) {
  constexpr std::string_view who = "muon_momentum_schedule";
  detail::require_steps(who, "rising_steps", rising_steps);
  detail::require_steps(who, "falling_steps", falling_steps);
  require_field(total_steps >= rising_steps + falling_steps, who, "total_steps",
                static_cast<double>(total_steps), "be at least rising_steps + falling_steps");
  return join(Linear{.start = 0.85, .end = 0.95, .steps = rising_steps}, rising_steps, Constant{0.95},
              total_steps - falling_steps, Linear{.start = 0.95, .end = 0.85, .steps = falling_steps});
}

}  // namespace GRADUS_NAMESPACE
