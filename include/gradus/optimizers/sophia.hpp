// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>
#include <random>

namespace GRADUS_NAMESPACE {

/// Sophia (Liu et al., arXiv:2305.14342, algorithm 3): momentum over an estimate of the diagonal of the
/// Hessian, clipped where the curvature is small or negative.
///
///     t = 1, k + 1, 2k + 1, ...:  h ← β2 h + (1 − β2)ĥ
///     m ← β1 m + (1 − β1)g
///     θ ← (1 − ηλ)θ − η clip(m/max(γh, ε), ±ρ)
///
/// `estimator(params, estimate, t)` writes ĥ into `estimate`, a tree like `params`: `hutchinson` and
/// `gauss_newton_bartlett` make such functions. The authors advise a γ that leaves 10 to 50 % of the
/// coefficients unclipped; their code divides η by γ and keeps the batch size out of h. State: m, h, and a
/// buffer for ĥ. Reads and writes 6 numbers a coefficient, and 3 more where h changes.
template <class Estimator>
struct BasicSophia {
  double learning_rate = 1e-4;  ///< η ≥ 0
  double beta1 = 0.965;         ///< decay of the mean, in [0, 1)
  double beta2 = 0.99;          ///< decay of the curvature, in [0, 1)
  double epsilon = 1e-12;       ///< ε > 0
  double weight_decay = 0.1;    ///< λ ≥ 0, decoupled
  bool cautious_decay = false;  ///< decay only where it agrees with the step: arXiv:2510.12402
  double gamma = 0.01;          ///< γ > 0; the paper has 0.01 with Hutchinson, 0.05 with Gauss–Newton
  double clip = 1;              ///< ρ > 0
  int period = 10;              ///< k ≥ 1
  Estimator estimator;          ///< of the diagonal of the Hessian
  GRADUS_FIELDS(Sophia, learning_rate, beta1, beta2, epsilon, weight_decay, cautious_decay, gamma, clip,
                period, estimator)
  static constexpr Scope scope = Scope::tree;  ///< what a coefficient depends on

  template <class Tree>
  struct State {
    state_like<Tree> m, h;      ///< averages of g and ĥ
    std::int64_t t = 0;         ///< steps taken
    users_like<Tree> estimate;  ///< room for ĥ, a tree of the user's own type
    GRADUS_STATE(m, h, t)
    GRADUS_SCRATCH(estimate)
  };

  /// The curvature, for one block of coefficients.
  auto average() const {
    return [*this](auto& h, const auto& estimate) { h = beta2 * h + (1 - beta2) * estimate; };
  }

  /// The recurrence, for one block of coefficients.
  auto recurrence() const {
    return [*this](auto& p, const auto& g, auto& m, const auto& h) {
      m += (1 - beta1) * (g - m);
      const auto ratio = (m / (gamma * h).max(representable(epsilon, h))).eval();
      step_with_decay(p, 1 - learning_rate * weight_decay, learning_rate * clamped(ratio, clip),
                      cautious_decay);
    };
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    require_nonnegative(name(), "learning_rate", learning_rate);
    require_fraction(name(), "beta1", beta1);
    require_fraction(name(), "beta2", beta2);
    require_positive(name(), "gamma", gamma);
    require_positive(name(), "epsilon", epsilon);
    require_nonnegative(name(), "weight_decay", weight_decay);
    require_positive(name(), "clip", clip);
    require_at_least(name(), "period", period, 1);
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(name(), params);
    return {gradus::zero_state(params), gradus::zero_state(params), 0,
            gradus::zeros_like(detail::users_own(params))};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    gradus::require_same_structure(name(), params, grads, state.m, state.h, state.estimate);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    if (state.t % period == 0) {
      // Inside a route, too, the estimator sees the whole tree.
      estimator(std::as_const(detail::users_own(params)), state.estimate, state.t + 1);
      gradus::for_each_block(average(), state.h, std::as_const(state.estimate));
    }
    ++state.t;
    gradus::for_each_block(recurrence(), params, grads, state.m, std::as_const(state.h));
  }
};

/// Sophia with this estimator: `auto o = sophia(hutchinson(product, 1)); o.learning_rate = 6e-4;`
template <class Estimator>
BasicSophia<Estimator> sophia(Estimator estimator) {
  return {.estimator = std::move(estimator)};
}

/// The estimate u ⊙ ∇²f u of the Hessian's diagonal, with random signs u; made by `hutchinson`.
template <class Product>
struct Hutchinson {
  Product hessian_vector_product;  ///< `(params, u, out)` writes ∇²f(params) u into `out`
  std::uint32_t seed = 0;          ///< of the signs, together with t

  /// Writes the estimate at `params` in step t.
  template <class P, class Tree>
  void operator()(const P& params, Tree& estimate, std::int64_t t) const {
    std::seed_seq seeds{seed, static_cast<std::uint32_t>(t)};
    std::mt19937 engine(seeds);
    Tree u = estimate;
    gradus::walk(
        "Hutchinson",
        [&](const Path&, auto& leaf) {
          for (Index j = 0; j < leaf.cols(); ++j) {
            for (Index i = 0; i < leaf.rows(); ++i) leaf(i, j) = (engine() >> 31) == 0 ? 1 : -1;
          }
        },
        u);
    hessian_vector_product(params, std::as_const(u), estimate);
    gradus::for_each_block([](auto& h, const auto& sign) { h *= sign; }, estimate, std::as_const(u));
  }
};

/// Hutchinson's estimator for `sophia`: unbiased, and exact where the Hessian is diagonal.
/// `hessian_vector_product(params, u, out)` writes ∇²f(params) u into `out`; trees like the parameters. It
/// takes memory from the heap for u in every call.
template <class Product>
Hutchinson<Product> hutchinson(Product hessian_vector_product, std::uint32_t seed) {
  return {std::move(hessian_vector_product), seed};
}

/// The estimate B ĝ ⊙ ĝ of the Gauss–Newton matrix's diagonal; made by `gauss_newton_bartlett`.
template <class Gradient>
struct GaussNewtonBartlett {
  Gradient sampled_gradient;  ///< `(params, out, t)` writes ĝ
  double batch_size;          ///< B

  /// Writes the estimate at `params` in step t.
  template <class P, class Tree>
  void operator()(const P& params, Tree& estimate, std::int64_t t) const {
    sampled_gradient(params, estimate, t);
    gradus::for_each_block([size = batch_size](auto& h) { h = size * h.square(); }, estimate);
  }
};

/// The Gauss–Newton–Bartlett estimator for `sophia` and losses that are minus a log-likelihood.
/// `sampled_gradient(params, out, t)` writes the gradient ĝ of the mean loss over a batch of `batch_size`
/// whose labels are drawn from the model's own predictions; its expectation is the Gauss–Newton matrix's
/// diagonal.
template <class Gradient>
GaussNewtonBartlett<Gradient> gauss_newton_bartlett(Gradient sampled_gradient, double batch_size) {
  require_positive("gauss_newton_bartlett", "batch_size", batch_size);
  return {std::move(sampled_gradient), batch_size};
}

}  // namespace GRADUS_NAMESPACE
