// SPDX-License-Identifier: MIT
//
// The threads: cutting a range of coefficients into segments and running them side by side.
#pragma once

#include <algorithm>
#include <gradus/core/tree.hpp>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace GRADUS_NAMESPACE::detail {

// Below this many coefficients starting threads costs more than it saves.
inline constexpr Index parallel_threshold = Index{1} << 16;

inline int thread_count() {
#ifdef _OPENMP
  return omp_in_parallel() ? 1 : omp_get_max_threads();
#else
  return 1;
#endif
}

// Runs `f(segment, begin, end)` for `segments` equal parts of [0, total), on as many threads as there are.
template <class F>
void for_each_segment(Index total, int segments, const F& f) {
  const auto run = [&](int s) { f(s, total * s / segments, total * (s + 1) / segments); };
#ifdef _OPENMP
  if (segments > 1 && thread_count() > 1) {
    // Cut by hand: LLVM's runtime takes memory from the heap for every worksharing loop.
#pragma omp parallel num_threads(std::min(segments, thread_count()))
    {
      const int thread = omp_get_thread_num(), threads = omp_get_num_threads();
      for (int s = segments * thread / threads; s < segments * (thread + 1) / threads; ++s) run(s);
    }
    return;
  }
#endif
  for (int s = 0; s < segments; ++s) run(s);
}

}  // namespace GRADUS_NAMESPACE::detail
