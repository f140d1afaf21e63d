// SPDX-License-Identifier: MIT
//
// Training parameters of sixteen bits without losing the steps that are smaller than their precision.
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/state.hpp>
#include <gradus/precision/dither.hpp>
#include <gradus/precision/formats.hpp>
#include <gradus/precision/widened.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

// A tree with a scalar beside every sixteen-bit leaf, and nothing beside the others.
template <class Scalar>
struct RestLeaf {
  template <class L>
  using type = typename std::conditional_t<SixteenBitLeaf<L>, WithScalar<typename L::PlainObject, Scalar>,
                                           std::type_identity<Eigen::Matrix<Scalar, 0, 0>>>::type;
};
template <class Tree, class Scalar>
using rest_like = rebind<Tree, RestLeaf<Scalar>>;

// The rests of `params`, each as `make(leaf, rest)` makes it.
template <class Scalar, class P, class Make>
rest_like<like<P>, Scalar> make_rests(const P& params, const Make& make) {
  return detail::made_like<rest_like<like<P>, Scalar>>(
      params, [&](const Path&, const auto& leaf, [[maybe_unused]] auto& rest) {
        if constexpr (SixteenBitLeaf<decltype(leaf)>) make(leaf, rest);
      });
}

// A way of keeping the rest that has a number in memory beside every parameter.
template <class F, class Scalar>
struct RestInMemory {
  using Format = F;
  template <class Tree>
  using Rest = rest_like<Tree, Scalar>;

  // What is kept, in every step.
  template <class R>
  R& at(R& rest, std::int64_t) const {
    return rest;
  }
};

}  // namespace detail

/// Beside every parameter a float, which the optimizer steps; the parameter is its rounding. 4 bytes.
struct MasterWeights : detail::RestInMemory<detail::MasterFormat, float> {
  static constexpr std::string_view name() { return "master_weights"; }  ///< For messages.
  static constexpr Scope scope = Scope::coefficient;                     ///< Every parameter by itself.

  /// The parameters in float.
  template <class P>
  Rest<like<P>> make(const P& params) const {
    return detail::make_rests<float>(
        params, [](const auto& leaf, auto& rest) { rest = leaf.template cast<float>(); });
  }
};

/// Beside every parameter what its rounding has left of the float that the optimizer steps. 2 bytes.
struct Compensation : detail::RestInMemory<detail::CompensatedFormat, Rest16> {
  static constexpr std::string_view name() { return "compensated"; }  ///< For messages.
  static constexpr Scope scope = Scope::coefficient;                  ///< Every parameter by itself.

  /// Nothing left.
  template <class P>
  Rest<like<P>> make(const P& params) const {
    return detail::make_rests<Rest16>(
        params, [](const auto& leaf, auto& rest) { rest.setZero(leaf.rows(), leaf.cols()); });
  }
};

/// Nothing beside the parameters: they are rounded up or down at random, so that the mean is right.
struct StochasticRounding {
  std::uint64_t seed = 0;  ///< of the random bits
  GRADUS_FIELDS(stochastic_rounding, seed)
  static constexpr Scope scope = Scope::leaf;  ///< random bits follow from names and places
  using Format = detail::DitherFormat;
  template <class>
  struct Rest {};

  /// Nothing.
  template <class P>
  Rest<like<P>> make(const P&) const {
    return {};
  }
  /// The random bits of step t.
  template <class R>
  detail::DitherTree at(R&, std::int64_t t) const {
    return {detail::hash(detail::hash(0, seed), static_cast<std::uint64_t>(t))};
  }
};

/// An optimizer whose sixteen-bit parameters are precise, in the way of `MasterWeights`, `Compensation` or
/// `StochasticRounding`. Made by the functions of these names.
template <class O, class Way>
struct Precise {
  O inner;
  Way way;  ///< how the rest is kept

  /// Its name, for messages.
  static constexpr std::string_view name() { return Way::name(); }
  /// What a coefficient depends on.
  static constexpr Scope scope = widest(Way::scope, scope_of<O>());
  /// Visits the inner optimizer and the way as fields.
  template <class Visitor>
  void visit_fields(Visitor&& visitor) {
    detail::visit_fields("inner, way", visitor, inner, way);
  }
  /// As above, for a const one.
  template <class Visitor>
  void visit_fields(Visitor&& visitor) const {
    detail::visit_fields("inner, way", visitor, inner, way);
  }

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    typename Way::template Rest<Tree> rest;  ///< beside the parameters
    std::int64_t t = 0;                      ///< steps taken
    GRADUS_STATE(inner, rest, t)
  };

  /// There is nothing to refuse here: the inner optimizer validates its own fields.
  void validate() const {}

  /// Makes the state for `params`. Throws `std::invalid_argument` for what the inner optimizer refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    gradus::require_parameters(name(), params);
    return {inner.init(params), way.make(params)};
  }

  /// Throws what a step would refuse, and changes nothing: structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    gradus::require_same_structure(name(), params, grads);
    if constexpr (Parameters<decltype(state.rest)>) {
      gradus::walk(
          name(),
          [](const Path& path, const auto& leaf, const auto&, const auto& rest) {
            if constexpr (detail::SixteenBitLeaf<decltype(leaf)>)
              detail::require_same_shape(path, leaf, rest, 1);
          },
          params, grads, state.rest);
    }
    gradus::check_step(inner, params, grads, state.inner);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    ++state.t;
    detail::with_widened<typename Way::Format>(params, way.at(state.rest, state.t),
                                               [&](auto& wide) { inner.step(wide, grads, state.inner); });
  }

  /// The inner optimizer's solution.
  template <class P, class Tree>
  requires HasSolution<O, P, state_of<O, Tree>>
  decltype(auto) solution(const P& params, const State<Tree>& state) const {
    return inner.solution(params, state.inner);
  }
};

/// Master weights: the optimizer steps a float of every sixteen-bit parameter, which is kept in
/// `state.rest`, and the parameter is rounded to nearest. Exactly the run in float whose gradients are taken
/// at the rounded points. Adam then reads and writes 28 bytes a coefficient with gradients of sixteen bits,
/// as in float.
///
///     auto optimizer = master_weights(AdamW{});
///
/// Parameters of other scalars are stepped as ever, so a model may have both. A parameter that is changed by
/// hand, or by a wrapper around this one, is overwritten by the next step: change `state.rest`, or make a new
/// state, and put the wrapper inside, as in `master_weights(lookahead(AdamW{}))`. All of it happens in the
/// optimizer's own pass.
template <class O>
Precise<O, MasterWeights> master_weights(O optimizer) {
  return {std::move(optimizer), {}};
}

/// Compensated parameters: what is lost in rounding is kept in sixteen further bits, as the split weights of
/// FlashOptim (arXiv:2602.23349) with a rest in units of a power of two, which makes them exact: with
/// bfloat16 the run of `master_weights`, but for ties, in 2 bytes a coefficient less. The rest of a half
/// below 2⁻¹⁴ is that of a fixed-point number. A parameter that is changed by hand keeps its rest.
template <class O>
Precise<O, Compensation> compensated(O optimizer) {
  return {std::move(optimizer), {}};
}

/// Stochastic rounding (Gupta et al., arXiv:1502.02551): x between the neighbours a < b of its format becomes
/// b with the probability (x − a)/(b − a), in steps of 2⁻¹⁶ (in half 2⁻¹³ where it is normal). Needs no
/// memory. The random bits follow from the seed, the step, the way to the leaf, the row, the column and x:
/// they are the same for any number of threads, any storage order, and after a resume.
template <class O>
Precise<O, StochasticRounding> stochastic_rounding(O optimizer, std::uint64_t seed = 0) {
  return {std::move(optimizer), {seed}};
}

}  // namespace GRADUS_NAMESPACE
