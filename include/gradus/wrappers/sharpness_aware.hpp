// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/state.hpp>
#include <gradus/core/sum_blocks.hpp>

namespace GRADUS_NAMESPACE {

/// Sharpness-aware minimization: the inner optimizer steps with the gradient at what the gradient g at θ
/// suggests is the worst point nearby:
///
///     e = ρ g / (‖g‖ + 1e-12)                       SAM   (Foret et al., arXiv:2010.01412)
///     e = ρ |θ|²g / (‖|θ|g‖ + 1e-12)  (adaptive)    ASAM  (Kwon et al., arXiv:2102.11600, without its η)
///     ĝ = ∇f(θ + e),  then the inner step from θ with ĝ
///
/// where norms are over all leaves. Both equal github.com/davda54/sam. The objective is a part of the
/// optimizer: in a training loop a lambda that refers to the current mini-batch, the one on which g was
/// taken. It is called once a step, with the parameters moved to θ + e and back to the same bits, even if it
/// throws. Transformations such as clipping belong inside the objective, where they act on ĝ. State: the
/// inner optimizer's. Needs one more copy of the parameters and one of the gradient; reads and writes 7
/// numbers a coefficient, beside the objective and the inner step. Made by `sharpness_aware`.
template <class F, class O>
struct SharpnessAware {
  F objective;  ///< `objective(x, gradient)`, as for `minimize`
  O inner;
  double radius = 0.05;   ///< ρ ≥ 0
  bool adaptive = false;  ///< ASAM; its authors take ρ ten times larger
  GRADUS_FIELDS(SharpnessAware, inner, radius, adaptive)
  static constexpr Scope scope = Scope::tree;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    iterate_like<Tree> kept;    ///< θ, while the parameters are θ + e
    users_like<Tree> gradient;  ///< ĝ, a tree of the user's own type
    GRADUS_STATE(inner)
    GRADUS_SCRATCH(kept, gradient)
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

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const { require_nonnegative(name(), "radius", radius); }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses, and what the
  /// inner optimizer refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    constexpr double unwritten = std::numeric_limits<double>::quiet_NaN();
    return {inner.init(params), gradus::copy_state(params),
            gradus::full_like(detail::users_own(params), unwritten)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.kept);
    gradus::check_step(inner, params, state.gradient, state.inner);
  }

  /// One step, with the gradient at `params`. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    const auto& x = detail::users_own(params);
    static_assert(
        requires {
          { objective(x, state.gradient) } -> std::convertible_to<double>;
        },
        "gradus::sharpness_aware: the objective must be callable as f(x, gradient) with these parameters, "
        "write the gradient, and return the value");
    const double size = gradus::norm_blocks(direction(), std::as_const(params), grads);
    gradus::for_each_block(ascent(radius / (size + 1e-12)), params, grads, state.kept);
    const auto restore = [&] {
      gradus::for_each_block([](auto& p, const auto& kept) { p = kept; }, params, state.kept);
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
