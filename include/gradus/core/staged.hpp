// SPDX-License-Identifier: MIT
//
// What stands for a strip while a part of it is worked on, where blocks cannot be loaded from it in place.
#pragma once

#include <array>
#include <gradus/core/strip.hpp>

namespace GRADUS_NAMESPACE::detail {

// Less than a block, or a block with gaps: copied to where it is dense and whole. A strip that is not in
// memory shortens itself.
template <class C>
struct PartOfBlock {
  Index count;

  template <class S>
  S of(const S& strip) const {
    return strip.first(count);
  }
};

// The coefficients [begin, begin + count) of a leaf, in the order of its storage. A strip that is
// `is_chunked`, such as that of a quantized leaf, is unpacked by the chunk; all others stay what they are.
// Only the last chunk of a leaf is shorter than `chunk_size`.
struct Chunk {
  Index begin, count, inner_size;

  template <class S>
  const S& of(const S& strip) const {
    return strip;
  }
};

inline constexpr int chunk_size = 256;

template <class S>
inline constexpr bool is_chunked = false;
template <class F, class... Strips>
inline constexpr bool is_chunked<LazyStrip<F, Strips...>> = (is_chunked<Strips> || ...);

// A chunk in memory, as the strip of the leaf whose numbers from `begin` on are at `data`.
template <class Scalar>
struct ChunkStrip {
  Scalar* data;
  Index begin, inner_size;

  bool is_contiguous(Index) const { return true; }
  ChunkStrip along_outer() const { return *this; }  // of a leaf that is one row
  MemoryStrip<Scalar> from(Index i, Index j) const {
    return {data + (i + j * inner_size - begin), 1, inner_size};
  }
};

// `stage` returns what stands for the part, and `put_back` copies what was changed.
template <class Part, class S>
struct Staged {
  S stage(const S& strip, const Part& part) const { return part.of(strip); }
  void put_back(const S&, const Part&) const {}
};

template <class C, class Scalar, bool Repeated>
struct Staged<PartOfBlock<C>, MemoryStrip<Scalar, Repeated>> {
  std::array<std::remove_const_t<Scalar>, block_size<C>> buffer;

  MemoryStrip<Scalar, Repeated> stage(const MemoryStrip<Scalar, Repeated>& strip, PartOfBlock<C> part) {
    // What is missing is filled with a real coefficient, so that no lane computes with garbage.
    for (Index k = 0; k < block_size<C>; ++k) {
      buffer[static_cast<std::size_t>(k)] = strip.data[(k < part.count ? k : 0) * strip.inner];
    }
    return {buffer.data(), 1, 1};
  }
  void put_back(const MemoryStrip<Scalar, Repeated>& strip, PartOfBlock<C> part) const {
    if constexpr (!std::is_const_v<Scalar>) {
      for (Index k = 0; k < part.count; ++k) {
        strip.data[k * strip.inner] = buffer[static_cast<std::size_t>(k)];
      }
    }
  }
};

template <class Part, class F, class... Strips>
struct Staged<Part, LazyStrip<F, Strips...>> {
  std::tuple<Staged<Part, Strips>...> buffers;

  auto stage(const LazyStrip<F, Strips...>& lazy, const Part& part) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      using Result = LazyStrip<F, decltype(std::get<I>(buffers).stage(std::get<I>(lazy.strips), part))...>;
      return Result{lazy.f, {std::get<I>(buffers).stage(std::get<I>(lazy.strips), part)...}};
    }
    (std::index_sequence_for<Strips...>{});
  }
  void put_back(const LazyStrip<F, Strips...>&, const Part&) const {}
};

}  // namespace GRADUS_NAMESPACE::detail
