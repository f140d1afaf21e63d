// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/for_each_leaf.hpp>
#include <gradus/core/state.hpp>
#include <gradus/linalg/multiply.hpp>
#include <gradus/orthogonalize/orthogonalize.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

// The method; Newton–Schulz to the last digit for singular values that a step has moved a little away from 1.
template <Orthogonalizer Method>
Method retraction() {
  Method method;
  if constexpr (requires { method.steps, method.coefficients, method.prescale; }) {
    method.steps = 8, method.coefficients = quintics::convergent, method.prescale = Prescale::spectral;
  }
  return method;
}

}  // namespace detail

/// An optimizer on the Stiefel manifold: matrices whose columns are orthonormal, XᵀX = I, or their rows where
/// there are fewer; vectors of length 1. The gradient is projected on the tangent space, and what the inner
/// optimizer makes of it is brought back by the polar retraction (Absil, Mahony & Sepulchre, 2008, §3.6,
/// §4.1):
///
///     g ← g − X sym(Xᵀg)              sym(A) = (A + Aᵀ)/2;  with orthonormal rows  g ← g − sym(gXᵀ)X
///     X ← polar(X⁺)                   X⁺: X after the inner step with that gradient
///
/// That is for all leaves: `route` chooses them. Start on the manifold, with `orthogonalize(x,
/// ExactPolar{})`, or the first step jumps there; directions in which X is 0 stay so. The inner optimizer's
/// averages are not transported, and its weight decay changes nothing. Iterates kept inside the optimizer do
/// not see the retraction, so wrap methods that keep none. State: the inner optimizer's. Needs one more copy
/// of the gradient, and scratch memory for matrix products. Made by `stiefel`.
template <class O, Orthogonalizer Method = NewtonSchulz>
struct Stiefel {
  O inner;
  Method orthogonalizer =
      detail::retraction<Method>();  ///< the polar factor, exact for σ from 0.05 of the largest on
  GRADUS_FIELDS(Stiefel, inner, orthogonalizer)
  static constexpr Scope scope = widest(Scope::leaf, scope_of<O>());  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    iterate_like<Tree> tangent;         ///< the projected gradient
    std::vector<Workspace> workspaces;  ///< scratch memory, one a thread
    GRADUS_STATE(inner)
    GRADUS_SCRATCH(tangent, workspaces)
  };

  /// Refuses what the method refuses.
  void validate() const { orthogonalizer.validate(name()); }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` and the inner optimizer
  /// refuse.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {inner.init(params), gradus::copy_state(params),
            gradus::make_workspaces(params, [&](const auto& leaf) { return scratch(leaf); })};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.tangent);
    gradus::check_step(inner, params, state.tangent, state.inner);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    gradus::for_each_leaf(
        state.workspaces,
        [&](Workspace& workspace, const auto& theta, const auto& gradient, auto& tangent) {
          workspace.reset(scratch(theta));
          const auto x = taken(theta, workspace);
          auto g = workspace.template take<ScalarOf<decltype(theta)>>(x.rows(), x.cols());
          gradus::for_each_block(copy, g, gradient);
          project(x, g, workspace);
          gradus::for_each_block(copy, tangent, std::as_const(g));
        },
        std::as_const(params), grads, state.tangent);
    inner.step(params, std::as_const(state.tangent), state.inner);
    gradus::for_each_leaf(
        state.workspaces,
        [&](Workspace& workspace, auto& theta) {
          workspace.reset(scratch(theta));
          auto x = taken(theta, workspace);
          orthogonalizer(x, workspace);
          gradus::for_each_block(copy, theta, std::as_const(x));
        },
        params);
  }

  /// The inner optimizer's solution.
  template <class P, class Tree>
  requires HasSolution<O, P, state_of<O, Tree>>
  decltype(auto) solution(const P& params, const State<Tree>& state) const {
    return inner.solution(params, state.inner);
  }

 private:
  static constexpr auto copy = [](auto& to, const auto& from) { to = from; };

  template <class L>
  using ScalarOf = detail::Compute<typename std::remove_cvref_t<L>::Scalar>;

  // θ in the workspace.
  template <class L>
  static MatrixMap<ScalarOf<L>> taken(const L& theta, Workspace& workspace) {
    auto x = workspace.take<ScalarOf<L>>(theta.rows(), theta.cols());
    gradus::for_each_block(copy, x, theta);
    return x;
  }

  // g ← g − X sym(Xᵀg), or g − sym(gXᵀ)X
  template <class Scalar>
  static void project(MatrixMap<Scalar> x, MatrixMap<Scalar> g, Workspace& workspace) {
    const bool tall = x.rows() >= x.cols();
    const Index n = std::min(x.rows(), x.cols());
    auto s = workspace.take<Scalar>(n, n);
    tall ? detail::multiply(s, x.transpose(), g, workspace)
         : detail::multiply(s, g, x.transpose(), workspace);
    for (Index j = 0; j < n; ++j) {
      for (Index i = 0; i < j; ++i) s(i, j) = s(j, i) = (s(i, j) + s(j, i)) / 2;
    }
    tall ? detail::multiply_add(false, g, -1, x, s, 1, g, workspace)
         : detail::multiply_add(false, g, -1, s, x, 1, g, workspace);
  }

  // Room for X, and for g and the products with it, or for the polar factor.
  template <class L>
  std::size_t scratch(const L& leaf) const {
    using Scalar = ScalarOf<L>;
    const Index rows = leaf.rows(), cols = leaf.cols(), n = std::min(rows, cols);
    const std::size_t whole = Workspace::bytes<Scalar>(rows, cols);
    return whole + std::max(whole + Workspace::bytes<Scalar>(n, n) +
                                detail::multiply_scratch<Scalar>(std::max(rows, cols)),
                            orthogonalizer.template scratch<Scalar>(rows, cols));
  }
};

/// `stiefel(Adam{})`: see `Stiefel`.
template <class O>
Stiefel<O> stiefel(O optimizer) {
  return {std::move(optimizer)};
}

}  // namespace GRADUS_NAMESPACE
