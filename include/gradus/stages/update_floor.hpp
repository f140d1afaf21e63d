// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/layout.hpp>
#include <gradus/stages/inner_products.hpp>

namespace GRADUS_NAMESPACE {

namespace stages {

/// Updates that are not too small beside what they move, of the matrix or neuron by neuron:
///
///     u ← max(1, τ‖θ‖/‖u‖) u
///     u_i ← max(1, τ‖θ_i‖/‖u_i‖) u_i   for each row i of outputs x inputs, with `by_neuron`
///
/// It only ever makes u longer; what is zero stays zero. A vector is one neuron. As in the speedruns of
/// modded-nanogpt (track 3 of github.com/KellerJordan/modded-nanogpt), where τ is 0.35 of a matrix and 0.3825
/// by rows, and there is no weight decay. No state.
struct UpdateFloor {
  double ratio = 0.35;                        ///< τ ≥ 0, before the learning rate; 0 is no floor
  bool by_neuron = false;                     ///< whether each neuron has its own
  Layout layout = Layout::outputs_by_inputs;  ///< what rows and columns are
  GRADUS_FIELDS(UpdateFloor, ratio, by_neuron, layout)

  template <class Tree>
  using State = NoState;

  /// Refuses a bad τ.
  void validate(std::string_view who) const { require_nonnegative(who, "ratio", ratio); }

  /// No state.
  static std::array<Shape, 0> shapes(Index, Index) { return {}; }

  /// Room for θ and the squares of the neurons' norms.
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    if (!by_neuron) return 0;
    return Workspace::bytes<Scalar>(rows, cols) + 2 * Workspace::bytes<double>(std::max(rows, cols), 1);
  }

  /// The raised matrix in place of u.
  template <class S>
  auto begin(S&) const {
    return [*this](auto& update) {
      if (by_neuron && update.matrix.rows() > 1 && update.matrix.cols() > 1) {
        raise_neurons(update);
      } else {
        const auto [theta_theta, theta_u, u_u] = gradus::inner_products(update);
        update.factor *= raised(theta_theta, u_u);
      }
    };
  }

 private:
  // max(1, τ‖θ‖/‖u‖), which NaN passes through.
  double raised(double theta_theta, double u_u) const {
    const double factor = ratio * std::sqrt(theta_theta / u_u);
    return u_u == 0 || factor <= 1 ? 1 : factor;
  }

  template <class U>
  void raise_neurons(U& update) const {
    auto& u = update.matrix;
    using Scalar = typename std::remove_cvref_t<decltype(u)>::Scalar;
    auto theta = update.workspace.template take<Scalar>(u.rows(), u.cols());
    gradus::for_each_block([](auto& to, const auto& from) { to = from; }, theta,
                           std::as_const(update.parameter));
    const bool rows = layout == Layout::outputs_by_inputs;
    const Index neurons = rows ? u.rows() : u.cols();
    auto theta_theta = update.workspace.template take<double>(neurons, 1);
    auto u_u = update.workspace.template take<double>(neurons, 1);
    theta_theta.setZero(), u_u.setZero();
    const double scale = update.factor * update.rate;
    for (Index j = 0; j < u.cols(); ++j) {
      for (Index i = 0; i < u.rows(); ++i) {
        const double a = static_cast<double>(theta(i, j)), b = scale * static_cast<double>(u(i, j));
        const Index k = rows ? i : j;
        theta_theta(k) += a * a, u_u(k) += b * b;
      }
    }
    for (Index k = 0; k < neurons; ++k) u_u(k) = raised(theta_theta(k), u_u(k));
    for (Index j = 0; j < u.cols(); ++j) {
      for (Index i = 0; i < u.rows(); ++i) u(i, j) *= static_cast<Scalar>(u_u(rows ? i : j));
    }
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
