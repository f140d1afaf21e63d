// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

namespace stages {

/// Every coefficient divided by the root of its mean square, and the matrix as long as an orthogonal one:
///
///     v ← β2 v + (1 − β2)u²
///     n = u / (√(v/(1 − β2ᵗ)) + ε)
///     u ← √min(rows, cols)/(‖n‖ + ε) · n
///
/// AdaMuon's (Si, Zhang & Shen, arXiv:2507.11005). State: v.
struct DivideByRootMeanSquare {
  double beta2 = 0.999;   ///< β2 in [0, 1), the decay of v
  double epsilon = 1e-8;  ///< ε > 0
  GRADUS_FIELDS(DivideByRootMeanSquare, beta2, epsilon)

  template <class Tree>
  struct State {
    matrices_like<Tree> v;   ///< average of u²
    double beta2_power = 1;  ///< β2ᵗ
    GRADUS_STATE(v, beta2_power)
  };

  /// Refuses bad β2 and ε.
  void validate(std::string_view who) const {
    require_fraction(who, "beta2", beta2);
    require_positive(who, "epsilon", epsilon);
  }

  /// v is as large as the leaf.
  static std::array<Shape, 1> shapes(Index rows, Index cols) { return {Shape{rows, cols}}; }

  /// v and n, for one block of coefficients.
  auto recurrence(double correction) const {
    return [=, *this](auto& u, auto& v) {
      v = beta2 * v + (1 - beta2) * u.square();
      u /= root(v) * correction + representable(epsilon, v);
    };
  }

  /// v, and the divided matrix in place of u.
  template <class Tree>
  auto begin(State<Tree>& state) const {
    const double correction = 1 / std::sqrt(advance(state.beta2_power, beta2));
    return [*this, kernel = recurrence(correction)](auto& update, auto& v) {
      update.settle();
      auto& u = update.matrix;
      gradus::for_each_block(kernel, u, v);
      const auto side = static_cast<double>(std::min(u.rows(), u.cols()));
      update.factor = std::sqrt(side) / (gradus::norm(u) + epsilon);
    };
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
