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
#include <tuple>
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

/// Adds one array to `Written` others, in one pass, in blocks that fill some registers: the streams of an
/// optimizer without its arithmetic.
template <std::size_t Written>
void stream(const float* read, const std::array<float*, Written>& written, Index begin, Index end) {
  constexpr int block = 32;
  using Block = Eigen::Array<float, block, 1>;
  for (Index i = begin; i + block <= end; i += block) {
    const Block added = Eigen::Map<const Block>(read + i);
    for (float* const data : written) Eigen::Map<Block>(data + i) += added;
  }
}

/// The bytes that one step reads and writes: `written` arrays of `n` floats in place, and the gradient.
inline double traffic(Index n, int written) {
  return static_cast<double>(sizeof(float)) * static_cast<double>(n) * (2 * written + 1);
}

/// The bytes a second of `stream` for arrays of `n` floats.
template <std::size_t Written>
double stream_speed(Index n, int threads) {
  Eigen::ArrayXXf arrays = Eigen::ArrayXXf::Random(n, Written + 1);
  std::array<float*, Written> written;
  for (std::size_t k = 0; k < Written; ++k) written[k] = arrays.col(static_cast<Index>(k) + 1).data();
  const auto part = [&](int t) { stream(arrays.data(), written, n * t / threads, n * (t + 1) / threads); };
  const double seconds = run(batch_for(n), [&] {
    if (threads == 1) return part(0);
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads) schedule(static)
#endif
    for (int t = 0; t < threads; ++t) part(t);
  });
  return traffic(n, Written) / seconds;
}

/// The same, measured once for each set of arguments.
inline double memory_speed(Index n, int written, int threads) {
  static std::map<std::tuple<Index, int, int>, double> measured;
  const auto [entry, is_new] = measured.try_emplace({n, written, threads}, 0);
  if (is_new) {
    constexpr std::array speeds = {stream_speed<1>, stream_speed<2>, stream_speed<3>, stream_speed<4>};
    entry->second = speeds.at(static_cast<std::size_t>(written) - 1)(n, threads);
  }
  return entry->second;
}

}  // namespace bench
