// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/wrappers/scheduled.hpp>

namespace GRADUS_NAMESPACE {

/// An optimizer whose learning rate follows a schedule and whose weight decay follows it, too (AdamC:
/// Defazio, arXiv:2506.02285; modded-nanogpt does the same with Muon's):
///
///     η_t = schedule(t),  λ_t = λ η_t/peak        so that θ decays by η_t λ_t = λ η_t²/peak
///
/// with the λ of `optimizer`. Weights that a normalization follows then keep their norm along the schedule,
/// where a constant λ lets them, and their gradients, grow at its end; the paper leaves the output layer as
/// it is: `route` it to a plain `scheduled`. Any optimizer will do that has the fields learning_rate and
/// weight_decay. `peak` is the largest rate of the schedule. Throws `std::invalid_argument` unless it is
/// positive and finite.
template <class O, Schedule S>
auto corrected_decay(O optimizer, S schedule, double peak) {
  require_positive("corrected_decay", "peak", peak);
  const auto decay = [schedule, of_rate = optimizer.weight_decay / peak](std::int64_t t) {
    return of_rate * static_cast<double>(schedule(t));
  };
  return scheduled<&O::weight_decay>(scheduled<&O::learning_rate>(std::move(optimizer), std::move(schedule)),
                                     decay);
}

}  // namespace GRADUS_NAMESPACE
