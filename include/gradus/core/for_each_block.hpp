// SPDX-License-Identifier: MIT
//
// The traversal for coefficient-wise mathematics: one pass over memory, in register blocks.
#pragma once

#include <gradus/core/checks.hpp>
#include <gradus/core/numerics.hpp>
#include <gradus/core/segments.hpp>
#include <gradus/core/staged.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

GRADUS_PACKETS_BEGIN

// Runs the kernel on `blocks` whole blocks; of the last one only `last` coefficients count. Not inlined:
// every size, tail and split goes through this one compilation, so that a coefficient's new value depends on
// its own inputs alone, never on where it stands. The kernel comes by value, so that its constants stay in
// registers.
template <class C, class Kernel, class... Strips>
EIGEN_DONT_INLINE void run_blocks(Kernel kernel, Index blocks, Index last, Strips... strips) {
  for (Index b = 0; b < blocks; ++b) {
    [&](auto... values) {
      kernel(b + 1 < blocks ? Index{block_size<C>} : last, values...);
      (strips.template store<C>(b * block_size<C>, values), ...);
    }(strips.template load<C>(b * block_size<C>)...);
  }
}

GRADUS_PACKETS_END

// The first `count` coefficients along strips: dense whole blocks in place, the rest through a staging
// buffer.
template <class C, class Kernel, CoefficientStrip<C>... Strips>
EIGEN_DONT_INLINE void run_strips(const Kernel& kernel, Index count, const Strips&... strips) {
  constexpr Index n = block_size<C>;
  Index begin = 0;
  if ((strips.is_dense() && ...) && count >= n) {
    const Index blocks = count / n;
    detail::run_blocks<C>(kernel, blocks, n, strips...);
    begin = blocks * n;
  }
  for (; begin < count; begin += n) {
    const PartOfBlock<C> part{count - begin < n ? count - begin : n};
    [&](auto... staged) {
      detail::run_blocks<C>(kernel, 1, part.count, staged.stage(strips.from(begin, 0), part)...);
      (staged.put_back(strips.from(begin, 0), part), ...);
    }(Staged<PartOfBlock<C>, Strips>{}...);
  }
}

// The coefficients [begin, end) of a leaf, in the order in which the parameter is stored.
template <class C, class Kernel, class... Strips>
void run_range(const Kernel& kernel, Index begin, Index end, Index inner_size, const Strips&... strips) {
  if constexpr ((is_chunked<Strips> || ...)) {
    [&](auto... staged) {
      for (Chunk chunk{begin, 0, inner_size}; chunk.begin < end; chunk.begin += chunk_size) {
        chunk.count = end - chunk.begin < chunk_size ? end - chunk.begin : chunk_size;
        detail::run_range<C>(kernel, chunk.begin, chunk.begin + chunk.count, inner_size,
                             staged.stage(strips, chunk)...);
        (staged.put_back(strips, chunk), ...);
      }
    }(Staged<Chunk, Strips>{}...);
  } else if (inner_size == 1) {  // a row of a column-major matrix: run along it
    detail::run_strips<C>(kernel, end - begin, strips.along_outer().from(begin, 0)...);
  } else if ((strips.is_contiguous(inner_size) && ...)) {
    detail::run_strips<C>(kernel, end - begin, strips.from(begin, 0)...);
  } else {
    for (Index j = begin / inner_size; j * inner_size < end; ++j) {
      const Index from = begin > j * inner_size ? begin - j * inner_size : 0;
      const Index to = end - j * inner_size < inner_size ? end - j * inner_size : inner_size;
      detail::run_strips<C>(kernel, to - from, strips.from(from, j)...);
    }
  }
}

// Leaves of fixed size up to this many coefficients are one block of their own shape, without loop or call.
inline constexpr int small_leaf = 64;

template <class L>
inline constexpr bool is_small = false;
template <Leaf L>
inline constexpr bool is_small<L> =
    L::SizeAtCompileTime != Eigen::Dynamic&& L::SizeAtCompileTime > 0 && L::SizeAtCompileTime <= small_leaf;

// A leaf beside its companions, all of which are whole in registers.
template <class First, class... Rest>
inline constexpr bool all_small =
    is_small<structure_t<First>> && !(WidenedNode<First> || ... || WidenedNode<Rest>);

template <class Value, class L>
Value take(const L& leaf) {
  if constexpr (requires { leaf.template take<Value>(); }) {
    return leaf.template take<Value>();
  } else if constexpr (is_lazy<L>) {
    return std::apply([&](const auto&... inner) { return Value(leaf.f(detail::take<Value>(inner)...)); },
                      leaf.trees);
  } else {
    return leaf.array().template cast<typename Value::Scalar>();
  }
}

template <class L, class Value>
void put(L& leaf, const Value& value) {
  if constexpr (WritableLeaf<L>) leaf.array() = value.template cast<typename L::Scalar>();
}

template <class Kernel, class First, class... Rest>
EIGEN_ALWAYS_INLINE void run_small(const Kernel& kernel, First& first, Rest&... rest) {
  using Plain = typename structure_t<First>::PlainObject;
  using Value = Eigen::Array<Compute<typename Plain::Scalar>, Plain::RowsAtCompileTime,
                             Plain::ColsAtCompileTime, Plain::Options>;
  const auto update = [&](Value value, auto... values) {
    kernel(Value::SizeAtCompileTime, value, values...);
    detail::put(first, value);
    (detail::put(rest, values), ...);
  };
  update(detail::take<Value>(first), detail::take<Value>(rest)...);
}

// The part of one leaf, and of its companions, that lies in [begin, end) of its own coefficients.
template <class Kernel, class First, class... Rest>
void run_leaf(const Kernel& kernel, Index begin, Index end, First& first, Rest&... rest) {
  using L = structure_t<First>;
  if constexpr (all_small<First, Rest...>) {
    // It belongs, whole, to the segment of its first coefficient.
    if (begin <= 0 && end > 0) detail::run_small(kernel, first, rest...);
  } else {
    using C = Compute<typename L::Scalar>;
    constexpr bool row_major = L::IsRowMajor;
    [&](const auto&... strips) {
      constexpr bool chunked = (is_chunked<std::remove_cvref_t<decltype(strips)>> || ...);
      // Segments are cut at whole blocks, so that their loads are aligned as the leaf is, or at whole chunks.
      constexpr Index whole = chunked ? chunk_size : block_size<C>;
      const Index size = first.size();
      const auto cut = [&](Index at) {
        const Index rounded = (at + whole - 1) / whole * whole;
        return at <= 0 ? Index{0} : (rounded < size ? rounded : size);
      };
      if (cut(begin) >= cut(end)) return;
      const Index inner_size = row_major ? first.cols() : first.rows();
      detail::run_range<C>(kernel, cut(begin), cut(end), inner_size, strips...);
    }(detail::strip<row_major>(first), detail::strip<row_major>(rest)...);
  }
}

// Runs `kernel_of(s)` on the segments s = first, ..., last - 1 of the `segments` that all coefficients are
// cut into. The trees are walked once: a segment ends within a leaf, or goes on in the next one.
template <class KernelOf, class First, class... Rest>
void run_segments(const KernelOf& kernel_of, Index total, int segments, int first, int last, First& params,
                  Rest&... rest) {
  Index offset = 0;
  int s = first;
  gradus::walk(
      "gradus",
      [&](const Path&, auto& leaf, auto&... others) {
        const Index leaf_end = offset + leaf.size();
        for (; s < last; ++s) {
          const Index begin = detail::segment_begin(total, segments, s);
          const Index end = detail::segment_begin(total, segments, s + 1);
          detail::run_leaf(kernel_of(s), begin - offset, end - offset, leaf, others...);
          if (end > leaf_end) break;
        }
        offset = leaf_end;
      },
      params, rest...);
}

// A kernel for which the padding does not matter.
template <class Kernel>
struct WithoutCount {
  Kernel kernel;

  template <class... Values>
  EIGEN_ALWAYS_INLINE void operator()(Index, Values&... values) const {
    kernel(values...);
  }
};

}  // namespace detail

/// Calls `kernel(p, g, ...)` on small blocks of all coefficients of `params` and of the trees beside it, and
/// stores what it changed in the trees that are not const. A block is an `Eigen::Array` of fixed size in
/// registers, so the kernel is ordinary Eigen code and memory is passed over once. Storage orders, strides,
/// 16-bit scalars (converted to float), lazy trees and threads are up to the traversal, never to the
/// kernel. The trees must have passed `require_same_structure`. The kernel must treat coefficients alike
/// and independently: the last block of a leaf is padded with copies of a real coefficient. It is compiled
/// once for each type of kernel and of scalars, so return it from a function that does not depend on the type
/// of the tree.
template <class Kernel, class P, class... Trees>
void for_each_block(const Kernel& kernel, P& params, Trees&... trees) {
  const detail::WithoutCount<Kernel> whole{kernel};
  if constexpr (detail::all_small<P, Trees...>) {
    detail::run_small(whole, params, trees...);
  } else {
    const Index total = gradus::coefficient_count(params);
    const int segments = total < detail::parallel_threshold ? 1 : detail::thread_count();
    detail::for_each_segment(segments, [&](int first, int last) {
      detail::run_segments(
          [&](int) -> const auto& { return whole; }, total, segments, first, last, params, trees...);
    });
  }
}

}  // namespace GRADUS_NAMESPACE
