// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

/// How the momentum b and the direction u are formed. The first two have the same direction;
/// they differ by the factor 1 − μ before the guard of the norm. The third gives g more weight in the first
/// steps.
enum class MomentumForm {
  mean,      ///< b ← μb + (1 − μ)g, u = (1 − μ)g + μb: Keller Jordan, PyTorch
  sum,       ///< b ← μb + g, u = g + μb: Moonlight, dion
  corrected  ///< b as for mean, u = (1 − μ)/(1 − μᵗ) g + μ/(1 − μᵗ⁺¹) b, as in NAdam: optax
};

namespace stages {

/// Momentum of a matrix:
///
///     b ← μb + (1 − μ)u                           (or as `form` says)
///     u ← (1 − μ)u + μb  with nesterov, else b
///
/// Under a schedule of μ, μᵗ is the product so far. State: b.
struct Average {
  double momentum = 0.95;                  ///< μ in [0, 1)
  bool nesterov = true;                    ///< look ahead
  MomentumForm form = MomentumForm::mean;  ///< what b is
  GRADUS_FIELDS(Average, momentum, nesterov, form)

  template <class Tree>
  struct State {
    matrices_like<Tree> b;      ///< momentum
    double momentum_power = 1;  ///< μᵗ
    GRADUS_STATE(b, momentum_power)
  };

  /// Refuses a bad μ.
  void validate(std::string_view who) const { require_fraction(who, "momentum", momentum); }

  /// b is as large as the leaf.
  static std::array<Shape, 1> shapes(Index rows, Index cols) { return {Shape{rows, cols}}; }

  /// The recurrence, for one block of coefficients, in the step that made μᵗ `power`.
  auto recurrence(double power) const {
    const bool correct = form == MomentumForm::corrected;
    const double incoming = form == MomentumForm::sum ? 1 : 1 - momentum;
    const double now = correct ? 1 - power : 1, next = correct ? 1 - power * momentum : 1;
    const double of_g = nesterov ? incoming / now : 0, of_b = nesterov ? momentum / next : 1 / now;
    return [=, mu = momentum](auto& b, auto& u) {
      b = mu * b + incoming * u;
      u = of_g * u + of_b * b;
    };
  }

  /// Updates b, and replaces u by the direction.
  template <class Tree>
  auto begin(State<Tree>& state) const {
    advance(state.momentum_power, momentum);
    return [kernel = recurrence(state.momentum_power)](auto& update, auto& b) {
      update.settle();
      gradus::for_each_block(kernel, b, update.matrix);
    };
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
