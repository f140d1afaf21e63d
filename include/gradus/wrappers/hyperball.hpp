// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/hyperball.hpp>
#include <gradus/wrappers/through_stages.hpp>

namespace GRADUS_NAMESPACE {

/// An optimizer on a hyperball (arXiv:2606.16899): the norm of every leaf stays what it was at the first
/// step, and the inner optimizer says only where to turn. With u its step,
///
///     y = θ − ηr u/‖u‖,  θ ← r y/‖y‖         r = ‖θ‖ at the first step
///
/// That is for all leaves: `route` chooses them, and sends vectors and embeddings elsewhere. Weights have to
/// begin as large as they should be, which GPT-2's 0.02 is not in narrow layers. The length of u does not
/// matter, so neither does the inner learning rate, nor its schedule: the rate is η, as in
/// `scheduled<&stages::Hyperball::learning_rate>(hyperball(Muon{}), schedule)`. Decay inside turns u towards
/// θ; set it to 0. `hyperball(Muon{.learning_rate = 1, .weight_decay = 0})` is MuonH, `Adam` inside is AdamH.
/// η lies in [0, 1). See `stages::Hyperball` and `ThroughStages`.
template <class O>
ThroughStages<O, stages::Hyperball> hyperball(O optimizer, double learning_rate = 0.02) {
  return {"hyperball", std::move(optimizer), {stages::Hyperball{learning_rate}}};
}

}  // namespace GRADUS_NAMESPACE
