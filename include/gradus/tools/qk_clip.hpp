// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/checks.hpp>
#include <gradus/core/for_each_block.hpp>

namespace GRADUS_NAMESPACE {

/// QK-Clip (Kimi K2, arXiv:2507.20534): keeps attention logits below τ by shrinking the projections of the
/// heads that exceed it. With Muon in Moonlight's form it is MuonClip, but it goes with any optimizer: call
/// it after `step`, for every head, with S, the largest logit q·k/√d that the head has had in the forward
/// passes of this step:
///
///     γ = min(1, τ/S)
///     multi_head:     W_q ← √γ W_q,  W_k ← √γ W_k
///     grouped_query:  W_q ← γ W_q               (its W_k serves other heads as well)
///     latent:         W_qc ← √γ W_qc,  W_kc ← √γ W_kc,  W_qr ← γ W_qr
///
/// where latent attention has logits (q_c·k_c + q_r·k_r)/√d with a rotary key k_r that all heads share and
/// that is left alone. The logits of the head become γ times what they were, so that the largest is τ; heads
/// below τ keep their bits. The source does not treat grouped queries.
///
/// A head is given as a tree that can be written: a block of the weights (`w_q.middleRows(h * d, d)` of
/// outputs x inputs), or `std::tie(weight, bias)` if there is a bias, which must shrink as well. Every
/// function returns γ, and throws `std::invalid_argument`, before anything is changed, if τ is not positive
/// or S is not finite.
struct QkClip {
  double threshold = 100;  ///< τ > 0

  /// γ for a head whose largest logit is `largest`.
  double factor(double largest) const {
    require_field(threshold > 0 && std::isfinite(threshold), "QkClip", "threshold", threshold,
                  "be finite and positive");
    require_field(std::isfinite(largest), "QkClip", "the largest logit", largest, "be finite");
    return largest > threshold ? threshold / largest : 1;
  }

  /// Clips a head with a key of its own.
  template <Parameters Query, Parameters Key>
  double multi_head(Query&& query, Key&& key, double largest) const {
    const double gamma = factor(largest);
    shrink(query, std::sqrt(gamma));
    shrink(key, std::sqrt(gamma));
    return gamma;
  }

  /// Clips a head that shares its key with others.
  template <Parameters Query>
  double grouped_query(Query&& query, double largest) const {
    const double gamma = factor(largest);
    shrink(query, gamma);
    return gamma;
  }

  /// Clips a head of latent attention: the parts of query and key without position, and the rotary query.
  template <Parameters Query, Parameters Key, Parameters Rotary>
  double latent(Query&& query, Key&& key, Rotary&& rotary_query, double largest) const {
    const double gamma = multi_head(query, key, largest);
    shrink(rotary_query, gamma);
    return gamma;
  }

 private:
  template <class Weights>
  static void shrink(Weights& weights, double factor) {
    static_assert(detail::is_writable<Weights>(), "gradus: the weights are const, so they cannot be clipped");
    if (factor == 1) return;
    gradus::for_each_block([factor](auto& w) { w = factor * w; }, weights);
  }
};

}  // namespace GRADUS_NAMESPACE
