// SPDX-License-Identifier: MIT
//
// The order in which gradients are added: the same tree however they are spread over ranks.
// not in the umbrella: only gradient_average.hpp needs it
#pragma once

#include <array>
#include <gradus/core/numerics.hpp>
#include <gradus/core/segments.hpp>

namespace GRADUS_NAMESPACE::mpi {

/// The mean of `runs` gradients of `count` numbers each, which lie one after the other at `from`:
///
///     ((g₀ + g₁) + (g₂ + g₃)) + ((g₄ + g₅) + ...)
///
/// divided by `divisor`. Pairs are added as soon as both sides are there, and what is left at the end from
/// the last to the first, so the order depends on the number of gradients alone. Where a rank has 2ᵏ of them,
/// its sum is a whole branch, and the mean of all ranks has the bits that one process would get. `to` may be
/// where this rank's own run was. Numbers of 16 bits are added as `float`.
template <class From, class To>
void pairwise_mean(const From* from, Index count, Index runs, double divisor, To* to) {
  constexpr Index block = 256;
  const Index blocks = (count + block - 1) / block;
  const auto sum = [&](Index b) {
    // A branch for each bit of the number of runs so far.
    std::array<std::array<To, block>, 40> branches;
    const Index begin = b * block, size = std::min(block, count - begin);
    const auto add = [&](const auto& newer, auto& older) {
      for (Index i = 0; i < size; ++i) {
        older[static_cast<std::size_t>(i)] += newer[static_cast<std::size_t>(i)];
      }
    };
    std::size_t depth = 0;
    for (Index r = 0; r < runs; ++r) {
      const From* const run = from + r * count + begin;
      for (Index i = 0; i < size; ++i) {
        branches[depth][static_cast<std::size_t>(i)] = gradus::detail::converted<To>(run[i]);
      }
      ++depth;
      for (Index bits = r; bits % 2 == 1; bits /= 2, --depth) add(branches[depth - 1], branches[depth - 2]);
    }
    for (; depth > 1; --depth) add(branches[depth - 1], branches[depth - 2]);
    for (Index i = 0; i < size; ++i) {
      to[begin + i] = branches[0][static_cast<std::size_t>(i)] / static_cast<To>(divisor);
    }
  };
  const int segments = count < gradus::detail::parallel_threshold ? 1 : gradus::detail::thread_count();
  gradus::detail::for_each_segment(segments, [&](int first, int last) {
    const Index end = gradus::detail::segment_begin(blocks, segments, last);
    for (Index b = gradus::detail::segment_begin(blocks, segments, first); b < end; ++b) sum(b);
  });
}

}  // namespace GRADUS_NAMESPACE::mpi
