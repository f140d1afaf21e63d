// SPDX-License-Identifier: MIT
//
// Counts allocations at malloc itself, for the program of the one file that includes this.
#pragma once

#include <Eigen/Core>
#include <atomic>
#include <cerrno>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace gradus_test {

inline std::atomic<long> allocations{0};

/// The allocations of the second call of `f`: in the first, OpenMP starts its threads.
template <class F>
long allocations_in(const F& f) {
  f();
  const long before = allocations;
  f();
  return allocations - before;
}

}  // namespace gradus_test

extern "C" {
void* malloc(std::size_t size) { return ++gradus_test::allocations, __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) {
  return ++gradus_test::allocations, __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) { return ++gradus_test::allocations, __libc_realloc(old, size); }
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return ++gradus_test::allocations, __libc_memalign(alignment, size);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  ++gradus_test::allocations;
  *out = __libc_memalign(alignment, size);
  return *out == nullptr ? ENOMEM : 0;
}
}
