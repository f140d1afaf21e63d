// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/orthogonalize/orthogonalize.hpp>
#include <gradus/stages/scale_by_shape.hpp>
#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

namespace stages {

/// Muown (arXiv:2605.10797), a list of its own: the rows of θ as norms γ times directions, θ_i = γ_i
/// v_i/‖v_i‖, of which Muon steps the directions and Adam the norms. With G the gradient and θ̂_i = θ_i/γ_i,
///
///     d_i = ⟨G_i, θ̂_i⟩,  D_i = (γ_i/‖v_i‖)(G_i − d_i θ̂_i)              the gradients of γ and v
///     b ← μb + (1 − μ)D,  v ← v − η · scale(rows, cols) · orthogonalize(b)
///     m ← β1 m + (1 − β1)d,  w ← β2 w + (1 − β2)d²
///     γ ← (1 − ηλ)(γ − η m̂/(√ŵ + ε))                     with bias correction, as in Adam
///     θ_i ← γ_i v_i/‖v_i‖
///
/// At first γ_i = ‖v_i‖ = ‖θ_i‖, at least 1e-12. As in NVIDIA's Emerging-Optimizers. Rows are outputs;
/// a vector is refused, since a row of one coefficient has no direction. θ must be what the
/// last step left: norms that are changed from outside are taken back. State: b; γ, ‖v‖, m, w, one number a
/// row each.
template <Orthogonalizer Method = NewtonSchulz>
struct Muown {
  double learning_rate = 1e-3;                   ///< η ≥ 0
  double momentum = 0.95;                        ///< μ in [0, 1)
  double beta1 = 0.9;                            ///< decay of the norms' mean gradient, in [0, 1)
  double beta2 = 0.95;                           ///< decay of their mean square, in [0, 1)
  double epsilon = 1e-8;                         ///< ε > 0
  double weight_decay = 0;                       ///< λ ≥ 0, of the norms, after the step
  MuonScale scale = MuonScale::match_rms_adamw;  ///< factor for the shape
  Method orthogonalizer{};                       ///< how the polar factor is found
  GRADUS_FIELDS(Muown, learning_rate, momentum, beta1, beta2, epsilon, weight_decay, scale, orthogonalizer)

  template <class Tree>
  struct State {
    matrices_like<Tree> b;                                   ///< momentum of the directions
    matrices_like<Tree, double> norms, lengths, m, squares;  ///< γ, ‖v‖ (0 at first), m, w
    double beta1_power = 1, beta2_power = 1;                 ///< β1ᵗ, β2ᵗ
    GRADUS_STATE(b, norms, lengths, m, squares, beta1_power, beta2_power)
  };

  /// Refuses bad fields.
  void validate(std::string_view who) const {
    require_nonnegative(who, "learning_rate", learning_rate);
    require_fraction(who, "momentum", momentum);
    require_fraction(who, "beta1", beta1);
    require_fraction(who, "beta2", beta2);
    require_positive(who, "epsilon", epsilon);
    require_nonnegative(who, "weight_decay", weight_decay);
    orthogonalizer.validate(who);
  }

  /// Refuses a vector.
  template <class L>
  void check_leaf(const Path& path, const L& leaf) const {
    if (leaf.cols() == 1) path.fail("has rows of one coefficient, which have no direction");
  }

  /// b is as large as the leaf; the others have a number a row.
  static std::array<Shape, 5> shapes(Index rows, Index cols) {
    const Shape each{rows, 1};
    return {Shape{rows, cols}, each, each, each, each};
  }

  /// Room for θ, and for the method's own scratch.
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    return Workspace::bytes<Scalar>(rows, cols) + Workspace::bytes<double>(rows, 1) +
           orthogonalizer.template scratch<Scalar>(rows, cols);
  }

  /// The floating-point operations of the method.
  double flops(Index rows, Index cols) const { return detail::polar_flops(orthogonalizer, rows, cols); }

  /// Moves θ.
  template <class Tree>
  auto begin(State<Tree>& state) const {
    const double c1 = advance(state.beta1_power, beta1), c2 = advance(state.beta2_power, beta2);
    return [=, this](auto& update, auto& b, auto& norms, auto& lengths, auto& m, auto& squares) {
      update.settle();
      auto& u = update.matrix;
      using Scalar = typename std::remove_cvref_t<decltype(u)>::Scalar;
      auto v = update.workspace.template take<Scalar>(u.rows(), u.cols());
      auto d = update.workspace.template take<double>(u.rows(), 1);
      const auto copy = [](auto& to, const auto& from) { to = from; };
      gradus::for_each_block(copy, v, std::as_const(update.parameter));
      if (lengths.isZero(0)) {
        measure_rows(v, lengths);
        norms = lengths;
      }
      d.setZero();
      for (Index j = 0; j < u.cols(); ++j) {
        for (Index i = 0; i < u.rows(); ++i) {
          d(i) += static_cast<double>(u(i, j)) * static_cast<double>(v(i, j)) / norms(i);
        }
      }
      for (Index j = 0; j < u.cols(); ++j) {
        for (Index i = 0; i < u.rows(); ++i) {
          const double direction = static_cast<double>(v(i, j)) / norms(i);
          const double gradient = static_cast<double>(u(i, j)) - d(i) * direction;
          b(i, j) = static_cast<Scalar>(momentum * static_cast<double>(b(i, j)) +
                                        (1 - momentum) * norms(i) / lengths(i) * gradient);
          v(i, j) = static_cast<Scalar>(direction * lengths(i));
          u(i, j) = b(i, j);
        }
      }
      orthogonalizer(u, update.workspace);
      const double rate =
          learning_rate * gradus::shape_factor(scale, Layout::outputs_by_inputs, u.rows(), u.cols());
      gradus::for_each_block([rate](auto& x, const auto& o) { x -= rate * o; }, v, std::as_const(u));
      measure_rows(v, lengths);
      for (Index i = 0; i < u.rows(); ++i) {
        m(i) = beta1 * m(i) + (1 - beta1) * d(i);
        squares(i) = beta2 * squares(i) + (1 - beta2) * d(i) * d(i);
        norms(i) -= learning_rate * m(i) / c1 / (std::sqrt(squares(i) / c2) + epsilon);
        norms(i) *= 1 - learning_rate * weight_decay;
      }
      for (Index j = 0; j < u.cols(); ++j) {
        for (Index i = 0; i < u.rows(); ++i) {
          v(i, j) = static_cast<Scalar>(static_cast<double>(v(i, j)) * (norms(i) / lengths(i)));
        }
      }
      gradus::for_each_block(copy, update.parameter, std::as_const(v));
    };
  }

 private:
  // The norms of the rows, at least 1e-12.
  template <class V>
  static void measure_rows(const V& v, Eigen::MatrixXd& lengths) {
    lengths.setZero();
    for (Index j = 0; j < v.cols(); ++j) {
      for (Index i = 0; i < v.rows(); ++i)
        lengths(i) += static_cast<double>(v(i, j)) * static_cast<double>(v(i, j));
    }
    for (Index i = 0; i < v.rows(); ++i) lengths(i) = lengths(i) < 1e-24 ? 1e-12 : std::sqrt(lengths(i));
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
