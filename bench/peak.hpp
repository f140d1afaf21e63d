// SPDX-License-Identifier: MIT
//
// The speed of arithmetic: multiply-adds on registers alone.
#pragma once

#include <type_traits>

#include "support.hpp"

#ifdef __AVX512BF16__
#include <immintrin.h>
#endif

namespace bench {

/// sum ← sum · a + a, for a packet of float.
struct FloatMultiplyAdd {
  using Packet = Eigen::internal::packet_traits<float>::type;
  static constexpr int operations = 2 * Eigen::internal::packet_traits<float>::size;

  Packet a = Eigen::internal::pset1<Packet>(0.5F);
  void operator()(Packet& sum) const { sum = Eigen::internal::pmadd(sum, a, a); }
};

#ifdef __AVX512BF16__
/// sum ← sum + a · a + b · b, for a packet of pairs (a, b) of bfloat16 and sums in float.
struct Bfloat16MultiplyAdd {
  using Packet = __m512;
  static constexpr int operations = 2 * 32;

  __m512bh pairs = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5F), _mm512_set1_ps(0.5F));
  void operator()(Packet& sum) const { sum = _mm512_dpbf16_ps(sum, pairs, pairs); }
};
#endif

/// The multiply-adds that one thread measures: many, on as many sums as three quarters of the registers hold,
/// because one multiply-add has to wait for the one before it on the same sum.
template <class MultiplyAdd>
struct RegisterLoop {
  static constexpr int rounds = 1 << 18, sums = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS * 3 / 4;
  static constexpr double operations = double{rounds} * sums * MultiplyAdd::operations;

  static void run() { run(std::make_integer_sequence<int, sums>()); }

 private:
  // One statement a sum: a loop over an array would keep it in memory.
  template <int... Index>
  static void run(std::integer_sequence<int, Index...>) {
    MultiplyAdd step;
    benchmark::DoNotOptimize(step);
    // Sums that the compiler could see to be equal would be one sum.
    float start = 1;
    benchmark::DoNotOptimize(start);
    typename MultiplyAdd::Packet sum[sums] = {
        Eigen::internal::pset1<typename MultiplyAdd::Packet>(start + static_cast<float>(Index))...};
    for (int i = 0; i < rounds; ++i) (step(sum[Index]), ...);
    benchmark::DoNotOptimize(sum);
  }
};

/// The operations a second of `threads` threads.
template <class MultiplyAdd>
double measured_peak(int threads) {
  using Loop = RegisterLoop<MultiplyAdd>;
  const double seconds = run(1, [&] {
#ifdef _OPENMP
#pragma omp parallel num_threads(threads) if (threads > 1)
#endif
    Loop::run();
  });
  return threads * Loop::operations / seconds;
}

/// The same for products of `Scalar`, measured once for each number of threads; 0 where it is not known.
template <class Scalar>
double peak(int threads) {
  static std::map<int, double> measured;
  const auto [entry, is_new] = measured.try_emplace(threads, 0);
  if (is_new) {
    if constexpr (std::is_same_v<Scalar, float>) entry->second = measured_peak<FloatMultiplyAdd>(threads);
#ifdef __AVX512BF16__
    if constexpr (std::is_same_v<Scalar, Eigen::bfloat16>) {
      entry->second = measured_peak<Bfloat16MultiplyAdd>(threads);
    }
#endif
  }
  return entry->second;
}

}  // namespace bench
