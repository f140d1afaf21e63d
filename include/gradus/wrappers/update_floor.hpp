// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/update_floor.hpp>
#include <gradus/wrappers/through_stages.hpp>

namespace GRADUS_NAMESPACE {

/// An optimizer whose steps u = θ − θ⁺ are at least τ times as long as the leaf, or with `by_neuron` as each
/// of its neurons:
///
///     θ ← θ − max(1, τ‖θ‖/‖u‖) u
///
/// τ ≥ 0 is a ratio of whole steps, with the learning rate in them. The floor of the speedruns of
/// modded-nanogpt, 0.35 before a learning rate η, is τ = 0.35 η here, and follows its schedule, as in
/// `scheduled<&stages::UpdateFloor::ratio>(update_floor(Muon{}, 0.01), schedule)`; in a list of stages it is
/// `stages::UpdateFloor`. Decay inside is a part of u. See `ThroughStages`.
template <class O>
ThroughStages<O, stages::UpdateFloor, stages::Descend> update_floor(O optimizer, double ratio,
                                                                    bool by_neuron = false) {
  return {"update_floor",
          std::move(optimizer),
          {stages::UpdateFloor{ratio, by_neuron}, stages::Descend{.learning_rate = 1}}};
}

}  // namespace GRADUS_NAMESPACE
