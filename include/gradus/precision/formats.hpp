// SPDX-License-Identifier: MIT
//
// What makes a float of sixteen bits and something beside them, and the reverse: loops that become packets.
#pragma once

#include <cstdint>
#include <gradus/core/numerics.hpp>
#include <type_traits>

namespace GRADUS_NAMESPACE {

/// What a float has lost in sixteen bits, in units of 2⁻¹⁶ of their last place. A scalar of matrices that are
/// stored, and not computed with.
struct Rest16 {
  using Stored = std::int16_t;  ///< What it is in a file.
  Stored units = 0;             ///< −2¹⁵ to 2¹⁵ − 1

  /// Nothing lost.
  Rest16() = default;
  /// So many units.
  explicit Rest16(int count) : units(static_cast<Stored>(count)) {}
  bool operator==(const Rest16&) const = default;  ///< Whether both are the same.
};

namespace detail {

inline std::uint32_t bits_of(float x) { return Eigen::numext::bit_cast<std::uint32_t>(x); }
inline float float_of(std::uint32_t bits) { return Eigen::numext::bit_cast<float>(bits); }
inline std::uint32_t magnitude(std::uint32_t bits) { return bits & 0x7fffffff; }
inline Eigen::bfloat16 bfloat16_of(std::uint32_t high) {
  return Eigen::numext::bit_cast<Eigen::bfloat16>(static_cast<std::uint16_t>(high));
}

// The high half of an infinity or a NaN, which stays one.
inline std::uint32_t high_of_nonfinite(std::uint32_t bits) {
  return bits >> 16 | (magnitude(bits) > 0x7f800000 ? 0x40u : 0u);
}
inline bool is_finite_bits(std::uint32_t bits) { return magnitude(bits) < 0x7f800000; }

// Beside its rounding the float itself.
struct MasterFormat {
  template <int Size, class Narrow>
  static void load(const Narrow*, const float* master, float* values) {
    for (int k = 0; k < Size; ++k) values[k] = master[k];
  }
  template <int Size, class Narrow>
  static void store(const float* values, Narrow* narrow, float* master) {
    for (int k = 0; k < Size; ++k) master[k] = values[k];
    detail::convert<Size>(values, narrow);
  }
};

// The float as sixteen bits, rounded to nearest, and what is left of it. A float is found again to the bit,
// in bfloat16 always (ties are rounded away from zero, so that the rest fits), in half where half has all its
// digits: from 2⁻¹⁴ to 65504, with smaller ones to 2⁻⁴⁰.
struct CompensatedFormat {
  template <int Size>
  static void load(const Eigen::bfloat16* narrow, const Rest16* rest, float* values) {
    for (int k = 0; k < Size; ++k) {
      const std::uint32_t high = Eigen::numext::bit_cast<std::uint16_t>(narrow[k]);
      // A zero has no rest towards zero, but one that is set by hand may find it.
      const bool passes_zero = magnitude(high << 16) == 0 && rest[k].units < 0;
      values[k] = float_of((high << 16) + (passes_zero ? 0 : static_cast<std::uint32_t>(rest[k].units)));
    }
  }
  template <int Size>
  static void store(const float* values, Eigen::bfloat16* narrow, Rest16* rest) {
    for (int k = 0; k < Size; ++k) {
      const std::uint32_t bits = bits_of(values[k]), high = (bits + 0x8000) >> 16;
      const bool finite = is_finite_bits(bits);
      narrow[k] = bfloat16_of(finite ? high : high_of_nonfinite(bits));
      rest[k].units = static_cast<std::int16_t>(finite ? bits - (high << 16) : 0);
    }
  }

  // The unit of a half's rest, as the bits of a float.
  static std::uint32_t unit(float half) {
    const std::uint32_t exponent = bits_of(half) & 0x7f800000, smallest = 113u << 23;
    return (exponent > smallest ? exponent : smallest) - (26u << 23);
  }
  template <int Size>
  static void load(const Eigen::half* narrow, const Rest16* rest, float* values) {
    for (int k = 0; k < Size; ++k) {
      const auto half = converted<float>(narrow[k]);
      values[k] = half + static_cast<float>(rest[k].units) * float_of(unit(half));
    }
  }
  template <int Size>
  static void store(const float* values, Eigen::half* narrow, Rest16* rest) {
    for (int k = 0; k < Size; ++k) {
      narrow[k] = converted<Eigen::half>(values[k]);
      const auto half = converted<float>(narrow[k]);
      const float units = (values[k] - half) * float_of((254u << 23) - unit(half));
      const float rounded = units < 0 ? units - 0.5f : units + 0.5f;
      const bool finite = is_finite_bits(bits_of(half));
      rest[k] = Rest16(finite ? static_cast<int>(rounded < 32767 ? rounded : 32767.0f) : 0);
    }
  }
};

// Nothing beside the sixteen bits: rounded up or down at random, so that the mean is the float. `random(k,
// bits of the float)` has 32 bits, of which the upper ones count.
struct DitherFormat {
  static constexpr bool rounds_at_random = true;
  template <int Size, class Narrow, class Random>
  static void load(const Narrow* narrow, const Random&, float* values) {
    detail::convert<Size>(narrow, values);
  }
  template <int Size, class Random>
  static void store(const float* values, Eigen::bfloat16* narrow, const Random& random) {
    for (int k = 0; k < Size; ++k) {
      const std::uint32_t bits = bits_of(values[k]), sum = bits + (random(k, bits) >> 16);
      narrow[k] = bfloat16_of(is_finite_bits(bits) ? sum >> 16 : high_of_nonfinite(bits));
    }
  }
  template <int Size, class Random>
  static void store(const float* values, Eigen::half* narrow, const Random& random) {
    for (int k = 0; k < Size; ++k) {
      const std::uint32_t bits = bits_of(values[k]), size = magnitude(bits), infinity = 0x7c00;
      // Below 2⁻¹⁴ half is a fixed-point number of 24 bits; above, a float has 13 bits more.
      const float clipped = float_of(size) < 0x1p-14f ? float_of(size) : 0x1p-14f;
      const auto fixed = static_cast<std::uint32_t>(static_cast<int>(clipped * 0x1p40f));
      const std::uint32_t small = (fixed + (random(k, bits) >> 16)) >> 16;
      const std::uint32_t large = ((size + (random(k, bits) >> 19)) >> 13) - (112u << 10);
      const std::uint32_t finite = size < (113u << 23) ? small : (large < infinity ? large : infinity);
      const std::uint32_t rounded = size < 0x47800000 ? finite : (size > 0x7f800000 ? 0x7e00 : infinity);
      narrow[k] =
          Eigen::numext::bit_cast<Eigen::half>(static_cast<std::uint16_t>(rounded | (bits >> 16 & 0x8000)));
    }
  }
};

}  // namespace detail
}  // namespace GRADUS_NAMESPACE

namespace Eigen {
/// `Rest16` as a scalar.
template <>
struct NumTraits<gradus::Rest16> {
  using Real = gradus::Rest16;
  using NonInteger = gradus::Rest16;
  using Nested = gradus::Rest16;
  using Literal = gradus::Rest16;
  enum {
    IsComplex = 0,
    IsInteger = 0,
    IsSigned = 1,
    RequireInitialization = 0,
    ReadCost = 1,
    AddCost = 1,
    MulCost = 1
  };
};
}  // namespace Eigen
