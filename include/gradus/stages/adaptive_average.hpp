// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/average.hpp>

namespace GRADUS_NAMESPACE {

namespace stages {

/// Momentum, each coefficient divided by the root of the mean square of its gradients. With G the gradient
/// that u begins as,
///
///     b ← μb + (1 − μ)G,  v ← β2 v + (1 − β2)G²
///     u ← (1 − μ)G + μb  with nesterov, else b
///     u ← u/(√v + ε)
///
/// Without bias correction: the length of u is of no meaning, so orthogonalize it. In front of
/// `Orthogonalize` it makes Muon² (arXiv:2604.09967; track 3 of github.com/KellerJordan/modded-nanogpt),
/// where Newton–Schulz finds its directions closer together, and so in fewer steps. State: b, v.
struct AdaptiveAverage {
  double momentum = 0.95;  ///< μ in [0, 1)
  bool nesterov = true;    ///< look ahead
  double beta2 = 0.95;     ///< decay of the mean square, in [0, 1)
  double epsilon = 1e-10;  ///< ε > 0
  GRADUS_FIELDS(AdaptiveAverage, momentum, nesterov, beta2, epsilon)

  template <class Tree>
  struct State {
    matrices_like<Tree> b, v;  ///< averages of G and G²
    GRADUS_STATE(b, v)
  };

  /// Refuses bad fields.
  void validate(std::string_view who) const {
    require_fraction(who, "momentum", momentum);
    require_fraction(who, "beta2", beta2);
    require_positive(who, "epsilon", epsilon);
  }

  /// b and v are as large as the leaf.
  static std::array<Shape, 2> shapes(Index rows, Index cols) {
    return {Shape{rows, cols}, Shape{rows, cols}};
  }

  /// The recurrence, for one block of coefficients.
  auto recurrence() const {
    return [*this, average = Average{momentum, nesterov}.recurrence(1)](auto& b, auto& v, auto& u) {
      v = beta2 * v + (1 - beta2) * u.square();
      average(b, u);
      u /= root(v) + representable(epsilon, v);
    };
  }

  /// b, v, and the divided direction in place of u.
  template <class Tree>
  auto begin(State<Tree>&) const {
    return [kernel = recurrence()](auto& update, auto& b, auto& v) {
      update.settle();
      gradus::for_each_block(kernel, b, v, update.matrix);
    };
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
