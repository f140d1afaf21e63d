// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/inner_products.hpp>

namespace GRADUS_NAMESPACE {

namespace stages {

/// The step without the growth of second order, in place of `Descend`: the norm of the matrix becomes what it
/// is to the first order in η,
///
///     r = ‖θ‖ − η⟨u, θ⟩/‖θ‖
///     θ' = r (θ − ηu)/‖θ − ηu‖
///     θ ← (1 − ηλ)θ' where uθ > 0, else θ'
///
/// so that only what points outward in u makes it longer, not the turn, which adds η²‖u‖²/(2‖θ‖). The decay
/// is cautious (arXiv:2510.12402), by the θ before the step. A matrix of zeros takes the step θ ← −ηu. As in
/// modded-nanogpt (track 3 of github.com/KellerJordan/modded-nanogpt), behind `RadialBrake` and
/// `UpdateFloor`.
struct DescendToRadius {
  double learning_rate = 1e-3;  ///< η ≥ 0
  double weight_decay = 0;      ///< λ ≥ 0, decoupled and cautious
  GRADUS_FIELDS(DescendToRadius, learning_rate, weight_decay)

  template <class Tree>
  using State = NoState;

  /// Refuses bad η and λ.
  void validate(std::string_view who) const {
    require_nonnegative(who, "learning_rate", learning_rate);
    require_nonnegative(who, "weight_decay", weight_decay);
  }

  /// No state.
  static std::array<Shape, 0> shapes(Index, Index) { return {}; }

  /// θ ← scale · (θ − rate · u) with its decay, for one block of coefficients.
  auto recurrence(double scale, double rate) const {
    return [=, kept = 1 - learning_rate * weight_decay](auto& p, const auto& u) {
      const auto moved = (scale * (p - rate * u)).eval();
      p = (u * p > 0).select(kept * moved, moved);
    };
  }

  /// Moves θ.
  template <class S>
  auto begin(S&) const {
    return [*this](auto& update) {
      const auto [theta_theta, theta_u, u_u] = gradus::inner_products(update);
      const double eta = learning_rate, before = std::sqrt(theta_theta);
      const double moved = std::sqrt(theta_theta - 2 * eta * theta_u + eta * eta * u_u);
      const double radius = std::max(before - eta * theta_u / before, 0.0);
      const double scale = before == 0 || moved == 0 ? 1 : radius / moved;
      gradus::for_each_block(recurrence(scale, eta * update.factor * update.rate), update.parameter,
                             std::as_const(update.matrix));
    };
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
