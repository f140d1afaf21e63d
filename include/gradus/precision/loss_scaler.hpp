// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/mean_gradient.hpp>
#include <gradus/core/state.hpp>
#include <gradus/core/sum_blocks.hpp>
#include <gradus/gradients/scale.hpp>

namespace GRADUS_NAMESPACE {

/// Dynamic loss scaling (Micikevicius et al., arXiv:1710.03740), for gradients in half, of which small ones
/// would vanish: multiply the loss by `state.scale` = s, and hand the gradients over as they come. Where all
/// of them are finite, the inner optimizer steps with g/s, divided inside its own pass; where not, the step
/// is skipped to the bit. Then
///
///     s ← max(backoff · s, least)    after a gradient with an infinity or a NaN
///     s ← min(growth · s, most)      after `interval` finite ones in a row
///
/// Equal to `torch.amp.GradScaler`, its `unscale_`, `step` and `update` in one, with its defaults. State: the
/// inner optimizer's, s and counters. Reads 1 number a coefficient, beside the inner step. Made by
/// `loss_scaled`.
template <class O>
struct LossScaler {
  static_assert(detail::is_given_mean_gradient<O>());

  O inner;
  double initial_scale = 65536;  ///< s at `init`, in [least, most]
  double growth = 2;             ///< ≥ 1
  double backoff = 0.5;          ///< in (0, 1)
  std::int64_t interval = 2000;  ///< ≥ 1
  double least = 0x1p-126;       ///< > 0
  double most = 0x1p127;         ///< ≥ least and finite
  GRADUS_FIELDS(LossScaler, inner, initial_scale, growth, backoff, interval, least, most)
  static constexpr Scope scope = Scope::tree;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    double scale = 1;          ///< s: the factor for the next loss
    std::int64_t clean = 0;    ///< finite gradients since s has changed, or a step was skipped
    std::int64_t skipped = 0;  ///< steps that were skipped so far
    GRADUS_STATE(inner, scale, clean, skipped)
  };

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_positive(name(), "least", least);
    require_field(most >= least && std::isfinite(most), name(), "most", most,
                  "be finite and at least `least`");
    require_field(initial_scale >= least && initial_scale <= most, name(), "initial_scale", initial_scale,
                  "lie in [least, most]");
    require_field(growth >= 1 && std::isfinite(growth), name(), "growth", growth, "be finite and at least 1");
    require_field(backoff > 0 && backoff < 1, name(), "backoff", backoff, "lie in (0, 1)");
    require_at_least(name(), "interval", interval, 1);
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses, and what the
  /// inner optimizer refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {inner.init(params), initial_scale};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads);
    gradus::check_step(inner, params, grads, state.inner);
  }

  /// One step, or none, with the gradients of the loss times `state.scale`. Throws what `check` throws,
  /// before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    if (!detail::all_finite_beside(params, grads)) {
      state.scale = std::max(backoff * state.scale, least);
      state.clean = 0;
      ++state.skipped;
      return;
    }
    inner.step(params, gradus::scale(grads, 1 / state.scale), state.inner);
    if (++state.clean >= interval) {
      state.scale = std::min(growth * state.scale, most);
      state.clean = 0;
    }
  }

  /// The inner optimizer's solution.
  template <class P, class Tree>
  requires HasSolution<O, P, state_of<O, Tree>>
  decltype(auto) solution(const P& params, const State<Tree>& state) const {
    return inner.solution(params, state.inner);
  }
};

/// `loss_scaled(master_weights(AdamW{}))`: see `LossScaler`. To clip gradients, clip the scaled ones at the
/// scaled norm: `clip_by_global_norm(grads, state.scale * max_norm)`.
template <class O>
LossScaler<O> loss_scaled(O optimizer, double initial_scale = 65536) {
  return {std::move(optimizer), initial_scale};
}

}  // namespace GRADUS_NAMESPACE
