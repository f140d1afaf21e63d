// SPDX-License-Identifier: MIT
//
// The traversal for algorithms that see a whole matrix.
#pragma once

#include <algorithm>
#include <atomic>
#include <gradus/core/segments.hpp>
#include <gradus/core/tree.hpp>
#include <gradus/core/workspace.hpp>
#include <vector>

namespace GRADUS_NAMESPACE {

namespace detail {

// The leaves of a tree and their coefficients.
struct LeafSizes {
  Index count = 0, largest = 0, total = 0;

  LeafSizes() = default;
  template <class P>
  explicit LeafSizes(const P& params) {
    gradus::walk(
        "gradus", [&](const Path&, const auto& leaf) { add(leaf.size()); }, params);
  }

  void add(Index size) { ++count, largest = std::max(largest, size), total += size; }

  // See `leaf_threads`.
  int threads() const {
    const Index available = std::min(Index{thread_count()}, count);
    const bool little = total < parallel_threshold / 2;
    const bool uneven = largest >= parallel_threshold && largest * available > total;
    return little || uneven ? 1 : static_cast<int>(std::max(available, Index{1}));
  }
};

}  // namespace detail

/// How many threads `for_each_leaf` spreads the leaves over: all there are, but one if there is little to do,
/// or if one leaf is so large that the others would have to wait for it.
template <class P>
int leaf_threads(const P& params) {
  return detail::LeafSizes(params).threads();
}

namespace detail {

// Calls `f(thread, leaf, leaves...)` for every leaf, on this many threads, the largest leaves first.
template <class F, class P, class... Trees>
void spread_leaves(int threads, const F& f, P& params, Trees&... trees) {
  const Index largest = detail::LeafSizes(params).largest;
  // Every thread walks the whole tree, in rounds of leaves at most half as large as in the round before, and
  // does those whose number in this order it has drawn. So nothing is sorted and nothing is stored.
  std::atomic<Index> next{0};
  detail::on_threads(threads, [&](int thread, int) {
    Index mine = next++, number = 0;
    for (Index most = largest; most > 0; most /= 2) {
      gradus::walk(
          "gradus",
          [&](const Path&, auto& leaf, auto&... others) {
            if (leaf.size() > most || leaf.size() <= most / 2 || number++ != mine) return;
            f(thread, leaf, others...);
            mine = next++;
          },
          params, trees...);
    }
  });
}

}  // namespace detail

/// Calls `f(leaf, leaves...)` for every leaf of `params` and its companions. Leaves are spread over
/// `leaf_threads(params)` OpenMP threads, one leaf a thread, the largest first. With one thread the loops and
/// products inside `f` may use all of them.
template <class F, class P, class... Trees>
void for_each_leaf(const F& f, P& params, Trees&... trees) {
  detail::spread_leaves(
      gradus::leaf_threads(params), [&](int, auto&... leaves) { f(leaves...); }, params, trees...);
}

/// A workspace for each thread of `for_each_leaf`, with room for `bytes(leaf)` of any leaf.
template <class P, class Bytes>
std::vector<Workspace> make_workspaces(const P& params, const Bytes& bytes) {
  std::size_t most = 0;
  gradus::walk(
      "gradus", [&](const Path&, const auto& leaf) { most = std::max(most, bytes(leaf)); }, params);
  std::vector<Workspace> workspaces(static_cast<std::size_t>(gradus::leaf_threads(params)));
  for (auto& workspace : workspaces) workspace.reset(most);
  return workspaces;
}

/// Calls `f(scratch, leaf, leaves...)` for every leaf of `params` and its companions, where every thread has
/// one of `scratch` to itself.
template <class Scratch, class F, class P, class... Trees>
void for_each_leaf(std::vector<Scratch>& scratch, const F& f, P& params, Trees&... trees) {
  if (scratch.empty()) scratch.resize(1);
  detail::spread_leaves(
      std::min(gradus::leaf_threads(params), static_cast<int>(scratch.size())),
      [&](int thread, auto&... leaves) { f(scratch[static_cast<std::size_t>(thread)], leaves...); }, params,
      trees...);
}

}  // namespace GRADUS_NAMESPACE
