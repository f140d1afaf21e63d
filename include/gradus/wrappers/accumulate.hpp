// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/numerics.hpp>
#include <gradus/core/state.hpp>

namespace GRADUS_NAMESPACE {

/// k micro-batches as one batch: the inner optimizer takes a step every k-th call, with the mean of the
/// gradients since its last one,
///
///     a ← a + (g − a)/(n + 1),   n = 0, ..., k − 1 gradients before this one
///
/// which is the gradient of the whole batch if each is the mean over a micro-batch of the same size.
/// Transformations such as clipping act on each micro-batch's gradient. State: the inner optimizer's, a.
/// Reads and writes 3 numbers a coefficient a call, beside the inner step. Made by `accumulate`.
template <class O>
struct Accumulate {
  O inner;
  std::int64_t batches = 1;  ///< k ≥ 1; 1 is the inner optimizer
  GRADUS_FIELDS(Accumulate, inner, batches)
  static constexpr Scope scope = scope_of<O>();  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    state_like<Tree> mean;  ///< of the gradients so far
    std::int64_t n = 0;     ///< gradients in the mean
    GRADUS_STATE(inner, mean, n)
  };

  /// The recurrence, for one block of coefficients.
  auto recurrence(std::int64_t n) const {
    return [share = 1 / static_cast<double>(n + 1)](const auto&, const auto& g, auto& mean) {
      approach(mean, g, share);
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_field(batches >= 1, name(), "batches", static_cast<double>(batches), "be at least 1");
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses, and what the
  /// inner optimizer refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {inner.init(params), gradus::zero_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.mean);
    gradus::check_step(inner, params, state.mean, state.inner);
  }

  /// One call. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    gradus::for_each_block(recurrence(state.n), std::as_const(params), grads, state.mean);
    if (++state.n < batches) return;
    state.n = 0;
    inner.step(params, std::as_const(state.mean), state.inner);
  }

  /// The inner optimizer's solution.
  template <class P, class Tree>
  requires HasSolution<O, P, state_of<O, Tree>>
  decltype(auto) solution(const P& params, const State<Tree>& state) const {
    return inner.solution(params, state.inner);
  }
};

/// `accumulate(AdamW{}, 8)`: see `Accumulate`.
template <class O>
Accumulate<O> accumulate(O optimizer, std::int64_t batches) {
  return {std::move(optimizer), batches};
}

}  // namespace GRADUS_NAMESPACE
