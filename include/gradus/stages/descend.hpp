// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

namespace stages {

/// The step itself, the last of the stages:
///
///     θ ← (1 − ηλ)θ − ηu
///
/// `cautious_decay` leaves out the decay of coefficients that the step moves away from zero: it decays where
/// θ · u ≥ 0 (arXiv:2510.12402).
struct Descend {
  double learning_rate = 1e-3;  ///< η ≥ 0
  double weight_decay = 0;      ///< λ ≥ 0, decoupled
  bool cautious_decay = false;  ///< decay only where it agrees with the step
  bool scaled_decay = false;    ///< multiply the decay, too, by the rate of the shape: modded-nanogpt
  bool decay_last = false;      ///< decay the moved point: θ ← (1 − ηλ)(θ − ηu)
  bool rate_in_update = false;  ///< u has η already: θ ← (1 − ηλ)θ − u
  GRADUS_FIELDS(Descend, learning_rate, weight_decay, cautious_decay, scaled_decay, decay_last,
                rate_in_update)

  template <class Tree>
  using State = NoState;

  /// Refuses bad η and λ.
  void validate(std::string_view who) const {
    require_nonnegative(who, "learning_rate", learning_rate);
    require_nonnegative(who, "weight_decay", weight_decay);
  }

  /// No state.
  static std::array<Shape, 0> shapes(Index, Index) { return {}; }

  /// θ ← kept · θ − rate · u, for one block of coefficients.
  auto recurrence(double of_shape, double factor) const {
    const double kept = 1 - learning_rate * weight_decay * (scaled_decay ? of_shape : 1);
    const double rate = (rate_in_update ? 1 : learning_rate) * of_shape * factor * (decay_last ? kept : 1);
    return [=, careful = cautious_decay](auto& p, const auto& u) {
      step_with_decay(p, kept, rate * u, careful);
    };
  }

  /// Moves θ.
  template <class S>
  auto begin(S&) const {
    return [*this](auto& update) {
      gradus::for_each_block(recurrence(update.rate, update.factor), update.parameter,
                             std::as_const(update.matrix));
    };
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
