// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/mean_gradient.hpp>
#include <gradus/core/state.hpp>
#include <gradus/core/sum_blocks.hpp>

namespace GRADUS_NAMESPACE {

/// Skips steps whose gradient has an infinity or a NaN: parameters and the inner optimizer's state
/// stay as they are, to the bit. After `max_consecutive` bad gradients in a row, further ones pass until a
/// finite one comes, so that a hopeless run shows it. Equal to `optax.apply_if_finite`.
/// State: the inner optimizer's, and counters. Reads 1 number a coefficient, beside the inner step. Made by
/// `skip_nonfinite`.
template <class O>
struct SkipNonfinite {
  static_assert(detail::is_given_mean_gradient<O>());

  O inner;
  std::int64_t max_consecutive = 5;  ///< ≥ 0
  GRADUS_FIELDS(SkipNonfinite, inner, max_consecutive)
  static constexpr Scope scope = Scope::tree;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    std::int64_t consecutive = 0;  ///< bad gradients since the last finite one
    std::int64_t total = 0;        ///< bad gradients so far, those that went through included
    GRADUS_STATE(inner, consecutive, total)
  };

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_field(max_consecutive >= 0, name(), "max_consecutive", static_cast<double>(max_consecutive),
                  "be at least 0");
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses, and what the
  /// inner optimizer refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {inner.init(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads);
    gradus::check_step(inner, params, grads, state.inner);
  }

  /// One step, or none. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    const bool finite = detail::all_finite_beside(params, grads);
    if (finite || state.consecutive >= max_consecutive) inner.step(params, grads, state.inner);
    state.consecutive = finite ? 0 : state.consecutive + 1;
    state.total += finite ? 0 : 1;
  }

  /// The inner optimizer's solution.
  template <class P, class Tree>
  requires HasSolution<O, P, state_of<O, Tree>>
  decltype(auto) solution(const P& params, const State<Tree>& state) const {
    return inner.solution(params, state.inner);
  }
};

/// `skip_nonfinite(AdamW{})`: see `SkipNonfinite`.
template <class O>
SkipNonfinite<O> skip_nonfinite(O optimizer, std::int64_t max_consecutive = 5) {
  return {std::move(optimizer), max_consecutive};
}

}  // namespace GRADUS_NAMESPACE
