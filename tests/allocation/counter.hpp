// SPDX-License-Identifier: MIT
//
// Counts what is taken from the heap; counter.cpp replaces malloc in this program.
#pragma once

#include <atomic>

namespace gradus_test {

inline std::atomic<long> allocations{0};

/// How often `f` takes memory from the heap, the second time.
template <class F>
long allocations_in(const F& f) {
  f();  // OpenMP starts its threads once
  const long before = allocations;
  f();
  return allocations - before;
}

}  // namespace gradus_test
