// SPDX-License-Identifier: MIT
//
// The threads: cutting a range of coefficients into segments and running them side by side.
#pragma once

#include <algorithm>
#include <exception>
#include <gradus/core/tree.hpp>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace GRADUS_NAMESPACE::detail {

// Below this many coefficients starting threads costs more than it saves.
inline constexpr Index parallel_threshold = Index{1} << 16;

// One inside a parallel region, even of one thread: a region within it would start its threads each time.
// Before OpenMP 3, which MSVC has not, a region of one thread cannot be told from none.
inline int thread_count() {
#if defined(_OPENMP) && _OPENMP >= 200805
  return omp_get_level() > 0 ? 1 : omp_get_max_threads();
#elif defined(_OPENMP)
  return omp_in_parallel() ? 1 : omp_get_max_threads();
#else
  return 1;
#endif
}

// Calls `work(thread, threads)` on up to this many threads, and throws what one of them has thrown: an
// exception must not leave a parallel region.
template <class Work>
void on_threads([[maybe_unused]] int threads, const Work& work) {
#ifdef _OPENMP
  if (threads > 1) {
    std::exception_ptr failure;
#pragma omp parallel num_threads(threads)
    {
      try {
        work(omp_get_thread_num(), omp_get_num_threads());
      } catch (...) {
#pragma omp critical(gradus_failure)
        failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
    return;
  }
#endif
  work(0, 1);
}

// Runs `f(first, last)` for parts of the `segments` segments that [0, total) is cut into, see
// `segment_begin`, on as many threads as there are.
template <class F>
void for_each_segment(int segments, const F& f) {
  // Cut by hand: LLVM's runtime takes memory from the heap for every worksharing loop.
  detail::on_threads(std::min(segments, detail::thread_count()), [&](int thread, int threads) {
    f(segments * thread / threads, segments * (thread + 1) / threads);
  });
}

inline Index segment_begin(Index total, int segments, int s) { return total * s / segments; }

}  // namespace GRADUS_NAMESPACE::detail
