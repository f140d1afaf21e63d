// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/state.hpp>

namespace GRADUS_NAMESPACE {

/// Sharpness-aware minimization: the inner optimizer steps with the gradient at the worst point nearby, as
/// the gradient g at θ lets expect it,
///
///     e = ρ g / (‖g‖ + 1e-12)                       SAM   (Foret et al., arXiv:2010.01412)
///     e = ρ |θ|²g / (‖|θ|g‖ + 1e-12)  (adaptive)    ASAM  (Kwon et al., arXiv:2102.11600, without its η)
///     ĝ = ∇f(θ + e),  then the inner step from θ with ĝ
///
/// where norms are over all leaves. Both equal github.com/davda54/sam. The objective is a part of the
/// optimizer: in a training loop a lambda that refers to the current mini-batch, the one on which g was
/// taken. It is called once a step, with the parameters moved to θ + e and back, to the same bits, also if it
/// throws. Whatever is to be done to gradients, such as clipping, it must do to ĝ. State: the inner
/// optimizer's. Needs one more copy of the parameters and one of the gradient; reads and writes 7 numbers a
/// coefficient, beside the objective and the inner step. Made by `sharpness_aware`.
template <class F, class O>
struct SharpnessAware {
  F objective;  ///< `objective(x, gradient)`, as for `minimize`
  O inner;
  double radius = 0.05;   ///< ρ ≥ 0
  bool adaptive = false;  ///< ASAM; its authors take ρ ten times larger

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    Tree kept;                                       ///< θ, while the parameters are θ + e
    typename detail::Original<Tree>::type gradient;  ///< ĝ
    GRADUS_STATE(inner)
  };

  /// What the norm is of, for one block of coefficients.
  auto direction() const {
    return [careful = adaptive](const auto& p, const auto& g) {
      using Values = std::remove_cvref_t<decltype(g)>;
      return careful ? Values(p * g) : g;
    };
  }

  /// The move to θ + e, for one block of coefficients.
  auto ascent(double scale) const {
    return [scale, careful = adaptive](auto& p, const auto& g, auto& kept) {
      kept = p;
      if (careful) {
        p += scale * p.square() * g;
      } else {
        p += scale * g;
      }
    };
  }

  /// Checks the fields (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_nonnegative("SharpnessAware", "radius", radius);
    using Gradient = decltype(State<like<P>>::gradient);
    return {inner.init(params), copy_like(params),
            detail::filled<Gradient>(detail::without_subset(params), 0.0)};
  }

  /// One step, with the gradient at `params`. Throws `std::invalid_argument`, before anything is changed,
  /// when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    const auto& x = detail::without_subset(params);
    static_assert(
        requires {
          { objective(x, state.gradient) } -> std::convertible_to<double>;
        },
        "gradus::sharpness_aware: the objective must be callable as f(x, gradient) with these parameters, "
        "write the gradient, and return the value");
    require_same_structure("SharpnessAware", params, grads, state.kept);
    const double size = norm_blocks(direction(), std::as_const(params), grads);
    for_each_block(ascent(radius / (size + 1e-12)), params, grads, state.kept);
    const auto restore = [&] {
      for_each_block([](auto& p, const auto& kept) { p = kept; }, params, state.kept);
    };
    try {
      objective(x, state.gradient);
    } catch (...) {
      restore();
      throw;
    }
    restore();
    inner.step(params, std::as_const(state.gradient), state.inner);
  }

  /// The inner optimizer's solution.
  template <class P, class Tree>
  requires HasSolution<O, P, state_of<O, Tree>>
  decltype(auto) solution(const P& params, const State<Tree>& state) const {
    return inner.solution(params, state.inner);
  }
};

/// `sharpness_aware(objective, AdamW{})`, with a radius and the adaptive form if you like: see
/// `SharpnessAware`.
template <class F, class O>
SharpnessAware<F, O> sharpness_aware(F objective, O optimizer, double radius = 0.05, bool adaptive = false) {
  return {std::move(objective), std::move(optimizer), radius, adaptive};
}

}  // namespace GRADUS_NAMESPACE
