// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <gradus/concepts.hpp>
#include <gradus/core/mean_gradient.hpp>
#include <gradus/core/state.hpp>
#include <gradus/core/sum_blocks.hpp>

namespace GRADUS_NAMESPACE {

/// A cautious optimizer (Liang, Chen, Liu & Liu, arXiv:2411.16085): only the part of the
/// inner optimizer's step u = θ − θ⁺ whose sign agrees with the gradient is taken, scaled up to make up for
/// the rest, leaf by leaf:
///
///     c = 1 where u·g > 0, else 0
///     θ ← θ − c·u / max(mean(c), 0.001)
///
/// Around `Adam` or `AdamW` without decay this equals the authors' C-AdamW (github.com/kyleliang919/C-Optim,
/// its loop over tensors) but for the place of ε; the paper, and their C-Lion, divide by (Σc + 1)/n. The
/// wrapper sees nothing of an optimizer but its step: a decay inside it is a part of u, and left out with it,
/// where the authors decay every coefficient. Iterates kept inside the optimizer do not see what was left
/// out, so wrap methods that keep none. Does not compile inside `stochastic_rounding`, whose noise it would
/// take for steps. State: the inner optimizer's. Needs one more copy of the parameters and one of the
/// gradient; reads and writes 11 numbers a coefficient, beside the inner step. Made by `cautious`.
template <class O>
struct Cautious {
  static_assert(detail::is_given_mean_gradient<O>());

  O inner;
  GRADUS_FIELDS(Cautious, inner)
  static constexpr Scope scope = widest(Scope::leaf, scope_of<O>());  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    iterate_like<Tree> before, gradient;  ///< θ and g, while the inner optimizer takes its step
    GRADUS_STATE(inner)
    GRADUS_SCRATCH(before, gradient)
  };

  /// θ and g before the step, for one block of coefficients.
  static auto keep() {
    return [](const auto& p, const auto& from, auto& before, auto& g) {
      before = p;
      g = from;
    };
  }

  /// c, for one block of coefficients.
  auto agreement() const {
    return [](const auto& p, const auto& g, const auto& before) {
      return ((before - p) * g > 0).template cast<double>();
    };
  }

  /// The recurrence, for one block of coefficients.
  auto recurrence(double scale) const {
    return [scale](auto& p, const auto& g, const auto& before) {
      const auto u = (before - p).eval();
      p = before - scale * (u * g > 0).select(u, u * 0);  // what is NaN stays NaN
    };
  }

  /// There is nothing to refuse.
  void validate() const {}

  /// Makes the state for `params`. Throws `std::invalid_argument` for what the inner optimizer refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    gradus::require_parameters(name(), params);
    return {inner.init(params), gradus::copy_state(params), gradus::copy_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    gradus::require_same_structure(name(), params, grads, state.before);
    gradus::check_step(inner, params, grads, state.inner);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    // The gradient may be made of the parameters, so it is read before they move.
    gradus::for_each_block(keep(), std::as_const(params), grads, state.before, state.gradient);
    inner.step(params, std::as_const(state.gradient), state.inner);
    gradus::walk(
        "Cautious",
        [this](const Path&, auto& p, const auto& g, const auto& before) {
          static_assert(
              !detail::RandomlyRounded<decltype(p)>,
              "gradus::cautious: inside stochastic_rounding it would take the noise of rounding for "
              "steps; put it inside compensated or master_weights");
          const double agreeing = gradus::sum_blocks(agreement(), std::as_const(p), g, before);
          const double mean = agreeing / static_cast<double>(std::max(p.size(), Index{1}));
          gradus::for_each_block(recurrence(1 / std::max(mean, 1e-3)), p, g, before);
        },
        params, std::as_const(state.gradient), std::as_const(state.before));
  }

  /// The inner optimizer's solution.
  template <class P, class Tree>
  requires HasSolution<O, P, state_of<O, Tree>>
  decltype(auto) solution(const P& params, const State<Tree>& state) const {
    return inner.solution(params, state.inner);
  }
};

/// `cautious(Adam{})`: see `Cautious`.
template <class O>
Cautious<O> cautious(O optimizer) {
  return {std::move(optimizer)};
}

}  // namespace GRADUS_NAMESPACE
