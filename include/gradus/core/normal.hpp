// SPDX-License-Identifier: MIT
//
// Normal random numbers without a generator to carry along: each follows from a key.
#pragma once

#include <cmath>
#include <cstdint>
#include <gradus/core/namespace.hpp>

namespace GRADUS_NAMESPACE::detail {

// The 64-bit number at place `n` of the stream that `key` names: SplitMix64 (Steele, Lea & Flood, OOPSLA
// 2014), entered anywhere. Hash again to go down a tree of streams: `hash(hash(seed, leaf), row)`.
constexpr std::uint64_t hash(std::uint64_t key, std::uint64_t n) {
  std::uint64_t x = key + (n + 1) * 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// The standard normal number that `key` names, by Marsaglia's polar method (SIAM Review 6, 1964); it has the
// same bits on every platform. To that end the point in the disk is judged in integers, and the rest needs
// only operations that IEEE 754 rounds correctly: no logarithm of the system, and no sum of products, which
// some compilers round once and others twice.
inline double normal(std::uint64_t key) {
  for (std::uint64_t n = 0;; ++n) {
    const std::uint64_t bits = hash(key, n);
    const std::int64_t x = static_cast<std::int32_t>(bits >> 32), y = static_cast<std::int32_t>(bits);
    const std::uint64_t square = static_cast<std::uint64_t>(x * x) + static_cast<std::uint64_t>(y * y);
    if (square == 0 || square >= std::uint64_t{1} << 62) continue;
    // log₂(square / 2⁶²) with ln m = 2 artanh s as a continued fraction, |s| < 0.18.
    const auto r2 = static_cast<double>(static_cast<std::int64_t>(square));
    int exponent = 0;
    double m = std::frexp(r2, &exponent);
    if (m < 0.70710678118654752) m *= 2, --exponent;
    const double s = (m - 1) / (m + 1), s2 = s * s;
    double fraction = 13;
    for (int k = 6; k > 0; --k) fraction = (2 * k - 1) - k * k * s2 / fraction;
    constexpr double ln2 = 0.69314718055994531;
    const double log2 = (exponent - 62) + s / fraction / (ln2 / 2);
    return static_cast<double>(x) * std::sqrt(-2 * ln2 * log2 / r2);
  }
}

}  // namespace GRADUS_NAMESPACE::detail
