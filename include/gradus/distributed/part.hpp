// SPDX-License-Identifier: MIT
//
// The part of a tree that a rank owns, as a tree of the same structure.
// not in the umbrella: only who divides models needs it
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/distributed/plan.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

// A leaf of any size, stored in the same order; a vector stays one.
template <class Plain>
struct AnySize;
template <template <class, int, int, int, int, int> class Plain, class S, int R, int C, int O, int MR, int MC>
struct AnySize<Plain<S, R, C, O, MR, MC>> {
  static constexpr int any = Eigen::Dynamic, rows = R == 1 && C != 1 ? 1 : any, cols = C == 1 ? 1 : any;
  using type = Plain<S, rows, cols, O & Eigen::RowMajor, rows, cols>;
};
struct PartLeaf {
  template <class L>
  using type = typename AnySize<typename OwnLeaf::template type<L>>::type;
};
struct PartStateLeaf {
  template <class L>
  using type = typename AnySize<typename StateLeaf::template type<L>>::type;
};

// Copies the coefficients [begin, end) of a leaf of any kind, counted along its columns or its rows, whose
// length is `inner`, to a run of numbers; and the reverse.
template <bool RowMajor, class From, class Number>
void copy_from_leaf(Index begin, Index end, Index inner, const From& from, Number* to) {
  const auto copy = [](auto& x, const auto& y) { x = y; };
  detail::run_range<Compute<Number>>(WithoutCount<decltype(copy)>{copy}, begin, end, inner,
                                     ChunkStrip<Number>{to, begin, inner}, detail::strip<RowMajor>(from));
}
template <class To, class Number>
void copy_to_leaf(Index begin, Index end, const Number* from, To& to) {
  const Index inner = To::IsRowMajor ? to.cols() : to.rows();
  const auto copy = [](auto& x, const auto& y) { x = y; };
  detail::run_range<Compute<Number>>(WithoutCount<decltype(copy)>{copy}, begin, end, inner,
                                     detail::strip<bool(To::IsRowMajor)>(to),
                                     ChunkStrip<const Number>{from, begin, inner});
}

// How many coefficients of a leaf follow each other before its next column or row begins.
template <class L>
Index inner_size(const L& leaf) {
  return structure_t<L>::IsRowMajor ? leaf.cols() : leaf.rows();
}

}  // namespace detail

namespace mpi {

/// The tree of a rank's part of trees like `Tree`, with matrices or arrays of any size: a whole leaf in its
/// own shape, a run of one as a column (of a row vector as a row), and empty where the rank owns nothing.
/// Names and places are those of the whole tree.
template <class Tree>
using part_like = gradus::detail::rebind<Tree, gradus::detail::PartLeaf>;

/// The same for gradients and states: sixteen-bit leaves are `float`.
template <class Tree>
using part_state_like = gradus::detail::rebind<Tree, gradus::detail::PartStateLeaf>;

/// A part with the shapes that `pieces` give it beside `params`, filled with zeros.
template <class Part, class P>
Part make_part(const std::vector<Piece>& pieces, const P& params) {
  auto next = pieces.begin();
  return gradus::detail::made_like<Part>(params, [&](const Path& path, const auto& leaf, auto& mine) {
    if (next == pieces.end() || next->leaf != path.ordinal) return;
    const Index count = next->end - next->begin;
    ++next;
    constexpr bool is_row = std::remove_cvref_t<decltype(mine)>::RowsAtCompileTime == 1;
    if (count == leaf.size()) {
      mine.setZero(leaf.rows(), leaf.cols());
    } else {
      is_row ? mine.setZero(1, count) : mine.setZero(count, 1);
    }
  });
}

/// Copies the rank's pieces of `from`, which may be lazy, into `part`. Both stand beside `params`.
template <class P, class From, class Part>
void take_part(const std::vector<Piece>& pieces, const P& params, const From& from, Part& part) {
  gradus::walk(
      "gradus",
      [next = pieces.begin(), end = pieces.end()](const Path& path, const auto& leaf, const auto& its,
                                                  auto& mine) mutable {
        if (next == end || next->leaf != path.ordinal) return;
        constexpr bool by_row = gradus::detail::structure_t<decltype(leaf)>::IsRowMajor;
        gradus::detail::copy_from_leaf<by_row>(next->begin, next->end, gradus::detail::inner_size(leaf), its,
                                               mine.data());
        ++next;
      },
      params, from, part);
}

/// Copies a rank's part into `to`, a tree in memory.
template <class To, class Part>
void put_part(const std::vector<Piece>& pieces, To& to, const Part& part) {
  gradus::walk(
      "gradus",
      [next = pieces.begin(), end = pieces.end()](const Path& path, auto& leaf, const auto& mine) mutable {
        if (next == end || next->leaf != path.ordinal) return;
        gradus::detail::copy_to_leaf(next->begin, next->end, mine.data(), leaf);
        ++next;
      },
      to, part);
}

namespace detail {

// What a step on a leaf costs: the floating-point operations that the optimizer says itself, or one inside
// it, or else the number of coefficients.
template <class O>
double leaf_cost(const O& optimizer, Index rows, Index cols) {
  if constexpr (requires { optimizer.flops(rows, cols); }) {
    return optimizer.flops(rows, cols);
  } else if constexpr (requires { optimizer.inner; }) {
    return mpi::detail::leaf_cost(optimizer.inner, rows, cols);
  } else {
    return static_cast<double>(rows * cols);
  }
}

}  // namespace detail

/// True, or the compiler says why the work of an optimizer cannot be divided among ranks.
template <class O>
consteval bool can_be_divided() {
  static_assert(
      scope_of<O>() != Scope::tree,
      "gradus: this optimizer looks at the whole tree (sums over all leaves, one decision for all, or "
      "predicates on leaves), so it cannot be divided: put `sharded` inside it where it is a wrapper "
      "or a route, or use `data_parallel`, where every rank has the whole state");
  return true;
}

/// The plan for an optimizer: cut evenly where it looks at single coefficients, else whole leaves dealt by
/// the cost of their step, which is `optimizer.flops(rows, cols)` of the optimizer or one inside it, or else
/// the number of coefficients.
template <class O, class P>
Plan make_plan(const O& optimizer, const P& params, int ranks) {
  static_assert(mpi::can_be_divided<O>());
  constexpr Scope scope = scope_of<O>();
  std::vector<LeafShare> leaves;
  gradus::walk(
      "gradus",
      [&](const Path& path, const auto& leaf) {
        leaves.push_back({path.ordinal, leaf.size(), detail::leaf_cost(optimizer, leaf.rows(), leaf.cols())});
      },
      params);
  return scope == Scope::coefficient ? mpi::cut_evenly(leaves, ranks)
                                     : mpi::deal_whole(std::move(leaves), ranks);
}

}  // namespace mpi
}  // namespace GRADUS_NAMESPACE
