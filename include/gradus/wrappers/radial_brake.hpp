// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/radial_brake.hpp>
#include <gradus/wrappers/through_stages.hpp>

namespace GRADUS_NAMESPACE {

/// An optimizer with a brake on growing norms: of the part of its step u = θ − θ⁺ that makes a leaf longer,
/// the share s in [0, 1] is kept:
///
///     θ ← θ − u + (1 − s)cθ  where c = ⟨u, θ⟩/‖θ‖² < 0,  else θ − u
///
/// What shrinks or turns the leaf is left alone. See `stages::RadialBrake` and `ThroughStages`.
template <class O>
ThroughStages<O, stages::RadialBrake, stages::Descend> radial_brake(O optimizer, double outward = 0.5) {
  return {"radial_brake",
          std::move(optimizer),
          {stages::RadialBrake{outward}, stages::Descend{.learning_rate = 1}}};
}

}  // namespace GRADUS_NAMESPACE
