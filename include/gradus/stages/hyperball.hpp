// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/inner_products.hpp>

namespace GRADUS_NAMESPACE {

namespace stages {

/// The step on a sphere, in place of `Descend`: the matrix turns towards −u and keeps its norm r, whatever
/// length u has (Hyperball, arXiv:2606.16899):
///
///     y = θ − ηr u/‖u‖
///     θ ← r y/‖y‖                  r = ‖θ‖ at the first step
///
/// Where u is orthogonal to θ, as the gradient of a layer before a normalization is, θ turns by the angle
/// arctan η. Where u is zero, θ stays. A matrix of zeros takes the step θ ← −ηu and keeps the norm that it
/// has then. State: r, one number a leaf.
struct Hyperball {
  double learning_rate = 0.02;  ///< η in [0, 1), relative to the norm
  GRADUS_FIELDS(Hyperball, learning_rate)

  template <class Tree>
  struct State {
    matrices_like<Tree, double> radius;  ///< r; 0 until it is known
    GRADUS_STATE(radius)
  };

  /// Refuses a bad η.
  void validate(std::string_view who) const { require_fraction(who, "learning_rate", learning_rate); }

  /// r is a number.
  static std::array<Shape, 1> shapes(Index, Index) { return {Shape{1, 1}}; }

  /// θ ← kept · θ − rate · u, for one block of coefficients.
  static auto recurrence(double kept, double rate) {
    return [=](auto& p, const auto& u) { p = kept * p - rate * u; };
  }

  /// Moves θ.
  template <class Tree>
  auto begin(State<Tree>&) const {
    return [eta = learning_rate](auto& update, auto& radius) {
      const auto [theta_theta, theta_u, u_u] = gradus::inner_products(update);
      double& r = radius(0);
      if (r == 0) r = std::sqrt(theta_theta);
      double kept = 1, rate = eta;
      if (r != 0) {
        rate = u_u == 0 ? 0 : eta * r / std::sqrt(u_u);
        kept = r / std::sqrt(theta_theta - 2 * rate * theta_u + rate * rate * u_u);
      }
      gradus::for_each_block(recurrence(kept, kept * rate * update.factor * update.rate), update.parameter,
                             std::as_const(update.matrix));
    };
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
