// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/inner_products.hpp>

namespace GRADUS_NAMESPACE {

namespace stages {

/// A brake on growing norms: of the part of the step that makes θ longer, s is kept.
///
///     c = ⟨u, θ⟩/‖θ‖²
///     u ← u − (1 − s)cθ  where c < 0
///
/// What shrinks or turns θ is left alone. As in the speedruns of modded-nanogpt (track 3 of
/// github.com/KellerJordan/modded-nanogpt), which also take out the growth of second order. No state.
struct RadialBrake {
  double outward = 0.5;  ///< s in [0, 1]; 1 is no brake
  GRADUS_FIELDS(RadialBrake, outward)

  template <class Tree>
  using State = NoState;

  /// Refuses a bad s.
  void validate(std::string_view who) const {
    require_field(outward >= 0 && outward <= 1, who, "outward", outward, "lie in [0, 1]");
  }

  /// No state.
  static std::array<Shape, 0> shapes(Index, Index) { return {}; }

  /// u ← u − share · θ, for one block of coefficients.
  static auto recurrence(double share) {
    return [=](const auto& theta, auto& u) { u -= share * theta; };
  }

  /// The braked matrix in place of u.
  template <class S>
  auto begin(S&) const {
    return [s = outward](auto& update) {
      const auto [theta_theta, theta_u, u_u] = gradus::inner_products(update);
      if (!(theta_u < 0)) return;
      const double share = (1 - s) * theta_u / theta_theta / (update.factor * update.rate);
      gradus::for_each_block(recurrence(share), std::as_const(update.parameter), update.matrix);
    };
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
