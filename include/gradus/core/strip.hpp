// SPDX-License-Identifier: MIT
//
// The memory of one leaf, read and written in register blocks.
#pragma once

#include <concepts>
#include <gradus/core/lazy.hpp>
#include <gradus/core/numerics.hpp>
#include <gradus/core/tree.hpp>

namespace GRADUS_NAMESPACE::detail {

// Two SIMD packets of every tensor are in flight: more spill registers with SSE and AVX2, fewer leave units
// idle.
template <class Scalar>
inline constexpr int block_size = 2 * Eigen::internal::packet_traits<Scalar>::size;

template <class C>
using BlockOf = Eigen::Array<C, block_size<C>, 1>;

// What a leaf is to the traversal: its coefficients along `inner` and `outer`, loaded and stored a block at a
// time. A strip is `contiguous` where its columns of `inner_size` follow each other as one, and `dense` where
// a block can be loaded whole; `from(i, j)` begins at another place, and `along_outer()` runs across.
template <class S, class C>
concept CoefficientStrip = requires(const S& strip, Index i, const BlockOf<C>& values) {
  { strip.is_contiguous(i) } -> std::same_as<bool>;
  { strip.is_dense() } -> std::same_as<bool>;
  { strip.along_outer() } -> std::same_as<S>;
  { strip.from(i, i) } -> std::same_as<S>;
  { strip.template load<C>(i) } -> std::same_as<BlockOf<C>>;
  strip.template store<C>(i, values);
};

// The memory of one leaf, addressed as the parameter is stored: `inner` runs along its columns (or rows, if
// it is row-major), `outer` across them. `Scalar` is const for a leaf that is only read. A `Repeated` strip
// stays on its number where a stride is 0, and has no stride but 0 and 1 within a block.
template <class Scalar, bool Repeated = false>
struct MemoryStrip {
  Scalar* data;
  Index inner, outer;

  bool is_contiguous(Index inner_size) const { return outer == inner * inner_size; }
  bool is_dense() const { return Repeated || inner == 1; }
  MemoryStrip along_outer() const { return {data, outer, outer}; }
  MemoryStrip from(Index i, Index j) const { return {data + i * inner + j * outer, inner, outer}; }

  template <class C>
  BlockOf<C> load(Index i) const {
    if constexpr (Repeated) {
      if (inner == 0) return BlockOf<C>::Constant(static_cast<C>(*data));
    }
    if constexpr (std::is_same_v<std::remove_const_t<Scalar>, C>) {
      return Eigen::Map<const BlockOf<C>>(data + i);
    } else {
      BlockOf<C> values;
      detail::convert<block_size<C>>(data + i, values.data());
      return values;
    }
  }
  template <class C>
  void store(Index i, const BlockOf<C>& values) const {
    if constexpr (!std::is_const_v<Scalar>) {
      if constexpr (std::is_same_v<Scalar, C>) {
        Eigen::Map<BlockOf<C>>(data + i) = values;
      } else {
        detail::convert<block_size<C>>(values.data(), data + i);
      }
    }
  }
};

// The same for a lazy leaf: strips of what it is made of, and the function.
template <class F, class... Strips>
struct LazyStrip {
  F f;
  std::tuple<Strips...> strips;

  bool is_contiguous(Index inner_size) const {
    return std::apply([&](const auto&... s) { return (s.is_contiguous(inner_size) && ...); }, strips);
  }
  bool is_dense() const {
    return std::apply([](const auto&... s) { return (s.is_dense() && ...); }, strips);
  }
  LazyStrip along_outer() const {
    return std::apply([&](const auto&... s) { return LazyStrip{f, {s.along_outer()...}}; }, strips);
  }
  auto from(Index i, Index j) const {
    return std::apply(
        [&](const auto&... s) {
          return LazyStrip<F, decltype(s.from(i, j))...>{f, {s.from(i, j)...}};
        },
        strips);
  }
  template <class C>
  BlockOf<C> load(Index i) const {
    return std::apply([&](const auto&... s) { return BlockOf<C>(f(s.template load<C>(i)...)); }, strips);
  }
  template <class C>
  void store(Index, const BlockOf<C>&) const {}
};

// The strip of a leaf, or the one that a tree without coefficients of its own brings along.
template <bool RowMajor, class L>
auto strip(L& leaf) {
  if constexpr (requires { leaf.template strip<RowMajor>(); }) {
    return leaf.template strip<RowMajor>();
  } else if constexpr (is_lazy<std::remove_const_t<L>>) {
    return std::apply(
        [&](const auto&... inner) {
          return LazyStrip<decltype(leaf.f), decltype(detail::strip<RowMajor>(inner))...>{
              leaf.f, {detail::strip<RowMajor>(inner)...}};
        },
        leaf.trees);
  } else {
    using Scalar = std::remove_reference_t<decltype(*leaf.data())>;
    return RowMajor ? MemoryStrip<Scalar>{leaf.data(), leaf.colStride(), leaf.rowStride()}
                    : MemoryStrip<Scalar>{leaf.data(), leaf.rowStride(), leaf.colStride()};
  }
}

}  // namespace GRADUS_NAMESPACE::detail
