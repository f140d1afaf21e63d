// SPDX-License-Identifier: MIT
//
// Transformations that look at what belongs to one output: a row of an outputs x inputs matrix.
#pragma once

#include <gradus/core/broadcast.hpp>
#include <gradus/core/checks.hpp>
#include <gradus/core/layout.hpp>
#include <gradus/core/leaf_info.hpp>
#include <gradus/core/sum_blocks.hpp>
#include <gradus/core/sum_units.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

// One number for each unit, in the shape that `Broadcast` repeats.
inline Eigen::ArrayXXd per_unit(Layout layout, const Eigen::ArrayXd& numbers) {
  if (layout == Layout::outputs_by_inputs) return numbers;
  return numbers.transpose();
}

// The norms of the units. A leaf of one row or one column is one unit.
template <class L>
Eigen::ArrayXXd unit_norms(Layout layout, const L& leaf) {
  if (leaf.rows() <= 1 || leaf.cols() <= 1) return Eigen::ArrayXXd::Constant(1, 1, gradus::norm(leaf));
  const auto square = [](const auto& x) { return wide_square(x); };
  const Eigen::ArrayXd squares = gradus::sum_units(layout == Layout::outputs_by_inputs, square, leaf);
  return per_unit(layout, squares.unaryExpr([](double x) { return std::sqrt(x); }));
}

}  // namespace detail

/// The options of `clip_adaptively`.
struct AdaptiveClip {
  double ratio = 0.01;                        ///< λ > 0, of a gradient's norm to its parameter's
  double epsilon = 1e-3;                      ///< ε > 0, the least norm a parameter is taken to have
  Layout layout = Layout::outputs_by_inputs;  ///< what rows and columns are
};

/// Adaptive gradient clipping, AGC (Brock et al., arXiv:2102.06171): for each output unit i of a leaf, with
/// W_i the parameters and G_i the gradient of what leads to that output,
///
///     G_i ← G_i · λ max(‖W_i‖, ε) / max(‖G_i‖, 1e-6)   where ‖G_i‖ > λ max(‖W_i‖, ε)
///
/// Equal to `optax.adaptive_grad_clip`, whose layout is inputs_by_outputs. A leaf of one row or one column is
/// one unit, as in optax and the authors' code: were each coefficient of a bias a unit, those near 0 could
/// hardly move. The paper leaves out the last layer: `chosen(LeafInfo)` says which leaves are clipped.
///
/// One pass now over `grads` and `params` for the norms, and memory for one number a unit; the scaling
/// happens inside the optimizer's own pass. A unit whose norm is infinite or NaN gets coefficients that are 0
/// or NaN. Throws `std::invalid_argument` for bad options, and when structures or shapes differ.
template <class G, class P, LeafPredicate Chosen = decltype(any_leaf)>
auto clip_adaptively(G&& grads, const P& params, const AdaptiveClip& options = {},
                     const Chosen& chosen = any_leaf) {
  static_assert(detail::explain_tree<G>() && detail::explain_tree<P>());
  constexpr auto who = "clip_adaptively";
  require_positive(who, "ratio", options.ratio);
  require_positive(who, "epsilon", options.epsilon);
  detail::require_same_shapes(who, params, grads);
  const auto factors_of = [&](const Path& path, const auto& g, const auto& w) -> Eigen::ArrayXXd {
    if (!chosen(LeafInfo{path.name(), g.rows(), g.cols()})) return Eigen::ArrayXXd::Ones(1, 1);
    const auto factor = [&](double of_g, double of_w) {
      const double most = options.ratio * std::max(of_w, options.epsilon);
      return of_g <= most ? 1 : most / std::max(of_g, 1e-6);
    };
    return detail::unit_norms(options.layout, g).binaryExpr(detail::unit_norms(options.layout, w), factor);
  };
  auto factors = gradus::broadcast(who, factors_of, grads, params);
  return gradus::lazy([](const auto& g, const auto& factor) { return factor * g; }, std::forward<G>(grads),
                      std::move(factors));
}

/// Gradient centralization (Yong et al., arXiv:2004.01461): from the gradient of each output unit its mean is
/// subtracted, so that a plain step does not change the mean of the unit's weights. Equal to the authors'
/// code for matrices, and to `optax.centralize`, which takes the rows, here outputs_by_inputs, whatever they
/// are. Only leaves for which `chosen(LeafInfo)` holds are changed: by default those of more than one row and
/// more than one column, since a unit of one coefficient would become 0.
///
/// One pass now for the means, and memory for one number a unit; the subtraction happens inside the
/// optimizer's own pass. A unit with a coefficient that is not finite becomes NaN.
template <class G, LeafPredicate Chosen = decltype(is_matrix)>
auto centralize(G&& grads, Layout layout = Layout::outputs_by_inputs, const Chosen& chosen = is_matrix) {
  static_assert(detail::explain_tree<G>());
  const auto means_of = [&](const Path& path, const auto& g) -> Eigen::ArrayXXd {
    if (g.size() == 0 || !chosen(LeafInfo{path.name(), g.rows(), g.cols()})) {
      return Eigen::ArrayXXd::Zero(1, 1);
    }
    const bool of_rows = layout == Layout::outputs_by_inputs;
    const auto value = [](const auto& x) { return wide(x); };
    return detail::per_unit(
        layout, gradus::sum_units(of_rows, value, g) / static_cast<double>(of_rows ? g.cols() : g.rows()));
  };
  auto means = gradus::broadcast("centralize", means_of, grads);
  return gradus::lazy([](const auto& g, const auto& mean) { return g - mean; }, std::forward<G>(grads),
                      std::move(means));
}

}  // namespace GRADUS_NAMESPACE
