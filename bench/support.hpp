// SPDX-License-Identifier: MIT
//
// What the benchmarks share: threads, timing, and the speed of the memory.
#pragma once

#include <benchmark/benchmark.h>

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace bench {

using Eigen::Index;

/// True if the environment asks for what takes minutes: `GRADUS_BENCH_LARGE=1`.
inline bool large() { return std::getenv("GRADUS_BENCH_LARGE") != nullptr; }

/// The numbers of threads that are measured.
inline std::vector<std::int64_t> thread_counts() {
#ifdef _OPENMP
  return {1, 2};
#else
  return {1};
#endif
}

/// Sets the number of OpenMP threads.
inline void set_threads([[maybe_unused]] int threads) {
#ifdef _OPENMP
  omp_set_num_threads(threads);
#endif
}

/// Seconds of `calls` calls of `f()`, each.
template <class F>
double seconds_of_call(std::int64_t calls, const F& f) {
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < calls; ++i) {
    f();
    benchmark::ClobberMemory();
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return elapsed.count() / static_cast<double>(calls);
}

/// Calls `f()` once an iteration. Returns the seconds of one call in the fastest `batch` of calls, which
/// other programs on the machine disturbed least.
template <class F>
double run(benchmark::State& state, std::int64_t batch, const F& f) {
  double least = std::numeric_limits<double>::infinity();
  while (state.KeepRunningBatch(batch)) least = std::min(least, seconds_of_call(batch, f));
  return least;
}

/// The same without a benchmark, for `enough` seconds or three calls, whichever is longer.
template <class F>
double run(std::int64_t batch, const F& f, double enough = 0.3) {
  seconds_of_call(1, f);  // warms caches and pages
  double least = std::numeric_limits<double>::infinity(), total = 0;
  for (std::int64_t i = 0; i < 3 || total < enough; i += batch) {
    const double seconds = seconds_of_call(batch, f);
    least = std::min(least, seconds);
    total += seconds * static_cast<double>(batch);
  }
  return least;
}

/// How many calls to measure together, so that the clock's own time does not count, when one call passes over
/// `n` coefficients.
inline std::int64_t batch_for(Index n) { return 1 + 1'000'000 / n; }

/// Adds `Read` arrays to each of `Written` others, in one pass, in blocks that fill some registers: the
/// streams of an optimizer without its arithmetic.
template <std::size_t Read, std::size_t Written>
void stream(const std::array<float*, Read>& read, const std::array<float*, Written>& written, Index begin,
            Index end) {
  constexpr int block = 32;
  using Block = Eigen::Array<float, block, 1>;
  for (Index i = begin; i + block <= end; i += block) {
    Block added = Block::Zero();
    for (const float* const data : read) added += Eigen::Map<const Block>(data + i);
    for (float* const data : written) Eigen::Map<Block>(data + i) += added;
    if constexpr (Written == 0) benchmark::DoNotOptimize(added);
  }
}

/// The seconds of `stream` for arrays of `n` floats, measured once for each set of arguments.
template <std::size_t Read, std::size_t Written>
double stream_seconds(Index n, int threads) {
  static std::map<std::pair<Index, int>, double> measured;
  const auto [entry, is_new] = measured.try_emplace({n, threads}, 0);
  if (!is_new) return entry->second;
  Eigen::ArrayXXf arrays = Eigen::ArrayXXf::Random(n, Read + Written);
  std::array<float*, Read> read;
  std::array<float*, Written> written;
  Index next = 0;
  for (float*& data : read) data = arrays.col(next++).data();
  for (float*& data : written) data = arrays.col(next++).data();
  const auto part = [&](int t) { stream(read, written, n * t / threads, n * (t + 1) / threads); };
  entry->second = run(batch_for(n), [&] {
    if (threads == 1) return part(0);
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads) schedule(static)
#endif
    for (int t = 0; t < threads; ++t) part(t);
  });
  return entry->second;
}

/// A pass over memory: what it moves for a coefficient, and the least seconds for arrays of `n` floats.
struct Pass {
  int numbers;
  double (*seconds)(Index n, int threads);
};

/// The pass that reads `Read` arrays and changes `Written` others in place.
template <std::size_t Read, std::size_t Written>
inline constexpr Pass pass{Read + 2 * Written, stream_seconds<Read, Written>};

}  // namespace bench
