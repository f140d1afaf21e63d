// SPDX-License-Identifier: MIT
//
// Parameters of sixteen bits, as an optimizer sees them: the wider numbers that they and their rest stand
// for.
#pragma once

#include <gradus/core/for_each_block.hpp>
#include <gradus/core/like.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

template <class L>
concept SixteenBitLeaf = Leaf<L> && sizeof(typename std::remove_cvref_t<L>::Scalar) == 2;

template <class Scalar>
auto* place(const MemoryStrip<Scalar>& strip, Index i) {
  return strip.data + i;
}

// The strip of a widened leaf. `Format` makes the wide numbers of the narrow ones and their rest, and the
// reverse, for a block at a time; both are dense then.
template <class Format, class Narrow, class Rest>
struct WidenedStrip {
  Narrow narrow;
  Rest rest;

  bool is_contiguous(Index inner_size) const {
    return narrow.is_contiguous(inner_size) && rest.is_contiguous(inner_size);
  }
  bool is_dense() const { return narrow.is_dense() && rest.is_dense(); }
  WidenedStrip along_outer() const { return {narrow.along_outer(), rest.along_outer()}; }
  WidenedStrip from(Index i, Index j) const { return {narrow.from(i, j), rest.from(i, j)}; }
  template <class C>
  BlockOf<C> load(Index i) const {
    BlockOf<C> values;
    Format::template load<block_size<C>>(narrow.data + i, detail::place(rest, i), values.data());
    return values;
  }
  template <class C>
  void store(Index i, const BlockOf<C>& values) const {
    if constexpr (!std::is_const_v<std::remove_pointer_t<decltype(narrow.data)>>) {
      Format::template store<block_size<C>>(values.data(), narrow.data + i, detail::place(rest, i));
    }
  }
};

template <class Part, class Format, class Narrow, class Rest>
struct Staged<Part, WidenedStrip<Format, Narrow, Rest>> {
  Staged<Part, Narrow> narrow;
  Staged<Part, Rest> rest;

  WidenedStrip<Format, Narrow, Rest> stage(const WidenedStrip<Format, Narrow, Rest>& strip,
                                           const Part& part) {
    return {narrow.stage(strip.narrow, part), rest.stage(strip.rest, part)};
  }
  void put_back(const WidenedStrip<Format, Narrow, Rest>& strip, const Part& part) const {
    narrow.put_back(strip.narrow, part);
    rest.put_back(strip.rest, part);
  }
};

// A sixteen-bit leaf beside its rest. `Rest` is a reference to a leaf in memory, or makes its numbers itself.
template <class Format, class Narrow, class Rest>
struct WidenedLeaf {
  static constexpr bool is_widened = true;
  static constexpr bool rounds_at_random = requires { requires Format::rounds_at_random; };
  using Scalar = typename Narrow::Scalar;

  Narrow& narrow;
  Rest rest;

  const Narrow& underlying() const { return narrow; }
  Index rows() const { return narrow.rows(); }
  Index cols() const { return narrow.cols(); }
  Index size() const { return narrow.size(); }

  template <bool RowMajor>
  auto strip() {
    return make<RowMajor>(narrow, rest);
  }
  template <bool RowMajor>
  auto strip() const {
    return make<RowMajor>(std::as_const(narrow), std::as_const(rest));
  }

 private:
  template <bool RowMajor, class N, class R>
  static auto make(N& narrow, R& rest) {
    auto n = detail::strip<RowMajor>(narrow);
    auto r = detail::strip<RowMajor>(rest);
    return WidenedStrip<Format, decltype(n), decltype(r)>{n, r};
  }
};

template <class Format, class Narrow, class Rest>
decltype(auto) widened(Narrow& narrow, Rest&& rest);

// A tree of parameters beside that of their rests.
template <class Format, class Narrow, class Rest>
struct WidenedTree {
  static constexpr bool is_widened = true;
  Narrow& narrow;
  Rest rest;

  const Narrow& underlying() const { return narrow; }
  template <std::size_t I>
  decltype(auto) child() {
    return detail::widened<Format>(detail::child<I>(narrow), detail::child<I>(rest));
  }
  template <std::size_t I>
  decltype(auto) child() const {
    return detail::widened<Format>(detail::child<I>(std::as_const(narrow)),
                                   detail::child<I>(std::as_const(rest)));
  }
  template <class Where>
  decltype(auto) child(const Where& where) {
    return detail::widened<Format>(detail::child(narrow, where), detail::child(rest, where));
  }
  template <class Where>
  decltype(auto) child(const Where& where) const {
    return detail::widened<Format>(detail::child(std::as_const(narrow), where),
                                   detail::child(std::as_const(rest), where));
  }
};

// `narrow` seen together with its rest, as wide numbers. Leaves that are wide already are what they are.
template <class Format, class Narrow, class Rest>
decltype(auto) widened(Narrow& narrow, Rest&& rest) {
  if constexpr (SixteenBitLeaf<Narrow>) {
    return WidenedLeaf<Format, Narrow, Rest>{narrow, std::forward<Rest>(rest)};
  } else if constexpr (Leaf<Narrow>) {
    return (narrow);
  } else {
    return WidenedTree<Format, Narrow, Rest>{narrow, std::forward<Rest>(rest)};
  }
}

// Calls `f` with the parameters seen together with their rests; of those that a route lets be seen only
// these.
template <class Format, class P, class Rest, class F>
void with_widened(P& params, Rest&& rest, const F& f) {
  if constexpr (is_subset<P>) {
    detail::with_widened<Format>(params.tree, std::forward<Rest>(rest), [&](auto& tree) {
      Subset<std::remove_reference_t<decltype(tree)>> part{tree, params.choice, params.wanted};
      f(part);
    });
  } else {
    auto&& tree = detail::widened<Format>(params, std::forward<Rest>(rest));
    f(tree);
  }
}

}  // namespace detail
}  // namespace GRADUS_NAMESPACE
