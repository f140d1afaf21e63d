// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/broadcast.hpp>
#include <gradus/core/checks.hpp>
#include <gradus/core/leaf_info.hpp>

namespace GRADUS_NAMESPACE {

/// Gradients with coupled weight decay: g + λθ, the gradient of the objective plus λ/2 ‖θ‖², as
/// `weight_decay` means in most of `torch.optim`, and `optax.add_decayed_weights` before the optimizer.
/// Inside the optimizer's own pass; nothing is evaluated now. `params` is referred to, a temporary such as
/// `std::tie(w, b)` is kept: pass those that the optimizer steps. Throws `std::invalid_argument` for a λ that
/// is negative or not finite, and when structures or shapes differ.
template <class G, class P>
auto add_decay(G&& grads, P&& params, double weight_decay) {
  static_assert(detail::explain_tree<G>() && detail::explain_tree<P>());
  require_nonnegative("add_decay", "weight_decay", weight_decay);
  detail::require_same_shapes("add_decay", params, grads);
  return gradus::lazy([weight_decay](const auto& g, const auto& p) { return g + weight_decay * p; },
                      std::forward<G>(grads), detail::read_only<P>(params));
}

/// The same for the leaves for which `chosen(LeafInfo)` holds; the others keep their gradient. Takes memory
/// for one number a leaf. Biases are usually left out:
///
///     add_decay(grads, model, 1e-4, is_matrix)
template <class G, class P, LeafPredicate Chosen>
auto add_decay(G&& grads, P&& params, double weight_decay, const Chosen& chosen) {
  static_assert(detail::explain_tree<G>() && detail::explain_tree<P>());
  require_nonnegative("add_decay", "weight_decay", weight_decay);
  detail::require_same_shapes("add_decay", params, grads);
  const auto decay_of = [&](const Path& path, const auto& g) -> Eigen::ArrayXXd {
    const bool decays = chosen(LeafInfo{path.name(), g.rows(), g.cols()});
    return Eigen::ArrayXXd::Constant(1, 1, decays ? weight_decay : 0);
  };
  auto decays = gradus::broadcast("add_decay", decay_of, grads);
  return gradus::lazy([](const auto& g, const auto& p, const auto& decay) { return g + decay * p; },
                      std::forward<G>(grads), detail::read_only<P>(params), std::move(decays));
}

}  // namespace GRADUS_NAMESPACE
