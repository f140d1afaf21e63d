// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <gradus/concepts.hpp>
#include <gradus/core/state.hpp>

namespace GRADUS_NAMESPACE {

/// A cautious optimizer (Liang, Chen, Liu & Liu, arXiv:2411.16085): of the inner optimizer's step u = θ − θ⁺
/// only what agrees in sign with the gradient is taken, and scaled up for what is left out, leaf by leaf:
///
///     c = 1 where u·g > 0, else 0
///     θ ← θ − c·u / max(mean(c), 0.001)
///
/// Around `Adam` or `AdamW` without decay this equals the authors' C-AdamW (github.com/kyleliang919/C-Optim,
/// its loop over tensors) but for the place of ε; the paper, and their C-Lion, divide by (Σc + 1)/n. The
/// wrapper sees nothing of an optimizer but its step: a decay inside it is a part of u, and left out with it,
/// where the authors decay every coefficient. Iterates that the inner optimizer keeps do not learn what was
/// left out: better wrap methods that keep none. State: the inner optimizer's. Needs one more copy of the
/// parameters; reads and writes 9 numbers a coefficient, beside the inner step. Made by `cautious`.
template <class O>
struct Cautious {
  O inner;

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    Tree before;  ///< θ, while the inner optimizer takes its step
    GRADUS_STATE(inner)
  };

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

  /// Checks the fields of the inner optimizer (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    return {inner.init(params), copy_like(params)};
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("Cautious", params, grads, state.before);
    for_each_block([](const auto& p, auto& before) { before = p; }, std::as_const(params), state.before);
    inner.step(params, grads, state.inner);
    walk(
        "Cautious",
        [this](const Path&, auto& p, const auto& g, const auto& before) {
          const double agreeing = sum_blocks(agreement(), std::as_const(p), g, before);
          const double mean = agreeing / static_cast<double>(std::max(p.size(), Index{1}));
          for_each_block(recurrence(1 / std::max(mean, 1e-3)), p, g, before);
        },
        params, grads, state.before);
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
