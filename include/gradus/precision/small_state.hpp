// SPDX-License-Identifier: MIT
//
// Optimizers whose averages take three bytes a number, or one, instead of four.
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/state.hpp>
#include <gradus/precision/blockwise_leaf.hpp>
#include <gradus/precision/corrected_leaf.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

// The leaf of a state whose numbers are float, kept in this format.
template <class Format>
struct SmallLeaf {
  template <class L, class Plain = typename StateLeaf::template type<L>>
  using type =
      std::conditional_t<std::is_same_v<typename Plain::Scalar, float> && Format::template suits<Plain>,
                         typename Format::template Leaf<Plain>, Plain>;
};

// Parameters as they are shown to `init`: trees of the state that are like them are of small leaves.
template <class Tree, class Format>
struct WantsSmallState {
  static constexpr bool is_widened = true, is_walked_through = true;
  Tree& params;

  Tree& underlying() const { return params; }
};

// Calls `f` with the parameters so shown; with those that a route lets be seen only these.
template <class Format, class P, class F>
auto with_small_state(const P& params, const F& f) {
  if constexpr (is_subset<P>) {
    return detail::with_small_state<Format>(params.tree, [&](const auto& tree) {
      return f(Subset<std::remove_reference_t<decltype(tree)>>{tree, params.choice, params.wanted});
    });
  } else {
    return f(WantsSmallState<const P, Format>{params});
  }
}

template <class Tree, class Format, class LeafMap>
struct Rebind<WantsSmallState<Tree, Format>, LeafMap> {
  using type = rebind<Tree, LeafMap>;
};
template <class Tree, class Format>
struct Rebind<WantsSmallState<Tree, Format>, OwnLeaf> {
  using type = WantsSmallState<like<Tree>, Format>;
};
template <class Tree, class Format>
struct Rebind<WantsSmallState<Tree, Format>, StateLeaf> {
  using type = rebind<Tree, SmallLeaf<Format>>;
};

}  // namespace detail

/// Three bytes a number: `small_state`.
struct ThreeBytes {
  static constexpr std::string_view name() { return "SmallState"; }  ///< For messages.
  static constexpr Scope scope = Scope::coefficient;                 ///< Every number by itself.
  /// What a matrix of floats becomes.
  template <class Plain>
  using Leaf = detail::CorrectedLeaf<Plain>;
  /// Whether it becomes that, or stays as it is.
  template <class Plain>
  static constexpr bool suits = true;
};

/// A byte a number and a scale for each block: `eight_bit_state`.
struct BlockwiseBytes {
  static constexpr std::string_view name() { return "EightBitState"; }  ///< For messages.
  static constexpr Scope scope = Scope::leaf;                           ///< Blocks of a leaf.
  /// What a matrix of floats becomes.
  template <class Plain>
  using Leaf = detail::BlockwiseLeaf<Plain>;
  /// Whether it becomes that, or stays as it is: what Eigen keeps without the heap is small.
  template <class Plain>
  static constexpr bool suits = Plain::MaxSizeAtCompileTime == Eigen::Dynamic;
};

/// An optimizer with a small state in this format. Made by `small_state` and `eight_bit_state`.
template <class O, class Format>
struct SmallState {
  O inner;

  /// Its name, for messages.
  static constexpr std::string_view name() { return Format::name(); }
  /// What a coefficient depends on.
  static constexpr Scope scope = widest(Format::scope, scope_of<O>());
  /// Visits the inner optimizer as a field.
  template <class Visitor>
  void visit_fields(Visitor&& visitor) {
    detail::visit_fields("inner", visitor, inner);
  }
  /// As above, for a const one.
  template <class Visitor>
  void visit_fields(Visitor&& visitor) const {
    detail::visit_fields("inner", visitor, inner);
  }

  template <class Tree>
  struct State {
    state_of<O, detail::WantsSmallState<Tree, Format>> inner;
    GRADUS_STATE(inner)
  };

  /// There is nothing to refuse here: the inner optimizer validates its own fields.
  void validate() const {}

  /// Makes the state for `params`. Throws `std::invalid_argument` for what the inner optimizer refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    gradus::require_parameters(name(), params);
    return detail::with_small_state<Format>(
        params, [&](const auto& shown) { return State<like<P>>{inner.init(shown)}; });
  }

  /// Throws what the inner optimizer would refuse, and changes nothing.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    gradus::check_step(inner, params, grads, state.inner);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    inner.step(params, grads, state.inner);
  }

  /// The inner optimizer's solution.
  template <class P, class Tree>
  requires HasSolution<O, P, state_of<O, detail::WantsSmallState<Tree, Format>>>
  decltype(auto) solution(const P& params, const State<Tree>& state) const {
    return inner.solution(params, state.inner);
  }
};

/// The optimizer with every average in its state, such as Adam's m and v, kept as bfloat16 and an 8-bit
/// correction (as the weights of FlashOptim, arXiv:2602.23349): 3 bytes a number instead of 4, with a
/// relative error of 2⁻¹⁶, and no pass over memory more. Points that a state keeps, such as Lookahead's slow
/// weights, matrices of methods that see whole matrices, and state in double stay as they are.
///
///     auto optimizer = small_state(AdamW{});
///
/// In a checkpoint such a tree is two: "state.inner.m.w" in bfloat16 and "state.inner.m.w.rest".
template <class O>
SmallState<O, ThreeBytes> small_state(O optimizer) {
  return {std::move(optimizer)};
}

/// The optimizer with every average in its state kept as 8-bit codes and a float for each 256 of them, its
/// scale (block-wise quantization: Dettmers et al., arXiv:2110.02861, as in bitsandbytes): 1.016 bytes a
/// number instead of 4, and no pass over memory more. Within a block, 256 numbers in the order in which the
/// parameter is stored, levels are fourth powers, (k/127)⁴ of the largest, with a sign, or (k/255)⁴ where no
/// number is negative: near the largest 1.6 to 3 % apart, near a thousandth of it 9 to 18 %. Rounding is
/// random with the right mean, and random bits follow from the numbers: a run is the same for any number of
/// threads and after a resume. A number that is not 0 never becomes 0, so no second moment vanishes. An
/// infinity or a NaN makes its block NaN.
///
///     auto optimizer = eight_bit_state(AdamW{});
///
/// Leaves with less than 4096 numbers and those of fixed or bounded size stay in float, as do points,
/// matrices and state in double, see `small_state`. In a checkpoint such a tree is two: "state.inner.m.w" of
/// bytes and "state.inner.m.w.scale_by_column", or "…by_row": the file fits parameters of this storage order.
template <class O>
SmallState<O, BlockwiseBytes> eight_bit_state(O optimizer) {
  return {std::move(optimizer)};
}

}  // namespace GRADUS_NAMESPACE
