// SPDX-License-Identifier: MIT
//
// The traversal for algorithms that see a whole matrix.
#pragma once

#include <atomic>
#include <exception>
#include <gradus/core/segments.hpp>
#include <gradus/core/tree.hpp>
#include <mutex>

namespace gradus {

/// Calls `f(thread, leaf, leaves...)` for every leaf of `params` and its companions. Several leaves are
/// spread over OpenMP threads, one leaf a thread, the largest first; `thread` is less than `max_threads` and
/// tells which scratch memory to use. A single leaf is left to the caller's thread, so that the products
/// inside `f` may use all of them.
template <class F, class P, class... Trees>
void for_each_leaf(int max_threads, const F& f, P& params, Trees&... trees) {
  Index leaves = 0, largest = 0, total = 0;
  walk(
      "gradus",
      [&](const Path&, const auto& leaf) {
        ++leaves, largest = std::max(largest, leaf.size()), total += leaf.size();
      },
      params);

  // Every thread walks the whole tree, in rounds of leaves at most half as large as in the round before, and
  // does those whose number in this order it has drawn. So nothing is sorted and nothing is stored.
  std::atomic<Index> next{0};
  std::exception_ptr failure;
  std::mutex failure_guard;
  const auto work = [&](int thread) {
    Index mine = next++, number = 0;
    for (Index most = largest; most > 0; most /= 2) {
      walk(
          "gradus",
          [&](const Path&, auto& leaf, auto&... others) {
            if (leaf.size() > most || leaf.size() <= most / 2 || number++ != mine) return;
            try {
              f(thread, leaf, others...);
            } catch (...) {
              const std::lock_guard lock(failure_guard);
              failure = std::current_exception();
            }
            mine = next++;
          },
          params, trees...);
    }
  };
  const Index available = total < detail::parallel_threshold / 2 ? 1 : detail::thread_count();
  [[maybe_unused]] const int threads = static_cast<int>(std::min({available, Index{max_threads}, leaves}));
#ifdef _OPENMP
  if (threads > 1) {
#pragma omp parallel num_threads(threads)
    work(omp_get_thread_num());
  } else {
    work(0);
  }
#else
  work(0);
#endif
  if (failure) std::rethrow_exception(failure);
}

}  // namespace gradus
