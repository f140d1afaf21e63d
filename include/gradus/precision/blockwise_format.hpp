// SPDX-License-Identifier: MIT
//
// What makes bytes and a scale of a block of floats, and the reverse.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <gradus/core/node.hpp>
#include <gradus/core/numerics.hpp>
#include <gradus/precision/dither.hpp>
#include <gradus/precision/formats.hpp>
#include <limits>

namespace GRADUS_NAMESPACE::detail {

// Block-wise quantization (Dettmers et al., arXiv:2110.02861), with levels that are fourth powers in the
// place of its table. The largest |x| of a block is its scale s, and x becomes the code k with |x| = s (k/K)⁴
// and the sign of x. K is 127; in a block without negative numbers, as second moments are, it is 255, and the
// sign of the stored scale tells which. Between two levels x is rounded at random, so that the mean is x: an
// average that moves by less than a level in a step would not move else.
//
// - A number that is not 0 becomes no 0, but at least the first level, s/K⁴: a second moment that vanished
//   would make the step of its coefficient infinite, one that is too large makes it shorter.
// - A scale is at least 2⁻⁹⁸, so that the first level is a normal float.
// - An infinity or a NaN makes the scale NaN, and with it all numbers of the block.
// - The random bits follow from the bits of all numbers in the block: nothing has to be counted or saved.
template <int Size>
struct BlockwiseFormat {
  using Values = Eigen::Array<float, Size, 1>;
  using Integers = std::array<std::int32_t, Size>;
  using Bytes = std::array<std::uint8_t, Size>;

  static float levels(bool is_signed) { return is_signed ? 127.0f : 255.0f; }  // K

  // (k/K)⁴ with the sign of k, of `part` = k/K.
  static float level(float part) {
    const float square = part * std::abs(part);
    return square * std::abs(square);
  }

  // Not inlined: every block goes through this one compilation, whatever tree it stands in.
  static EIGEN_DONT_INLINE void load(const std::uint8_t* codes, Index count, float scale, Values& values) {
    Bytes bytes{};
    std::copy_n(codes, count, bytes.begin());
    const float step = 1 / levels(scale < 0), largest = std::abs(scale);
    const std::int32_t sign = scale < 0 ? 128 : 0;
    // Bytes apart from wider numbers: loops over both become shorter packets, which are slow to join.
    Integers units;
    for (std::size_t k = 0; k < Size; ++k) units[k] = bytes[k];
    for (std::size_t k = 0; k < Size; ++k) {
      const auto code = static_cast<float>(((units[k] + sign) & 255) - sign);
      values.data()[k] = level(code * step) * largest;
    }
  }

  // Returns the scale. Of the values only the first `count` are stored; the others become 0.
  static EIGEN_DONT_INLINE float store(Values& values, Index count, std::uint8_t* codes) {
    values.tail(Size - count).setZero();
    std::uint32_t largest = 0, any = 0, sum = 0;
    for (Index k = 0; k < Size; ++k) {
      const std::uint32_t bits = bits_of(values.data()[k]), here = magnitude(bits);
      largest = here > largest ? here : largest;
      any |= bits, sum += bits;
    }
    if (!is_finite_bits(largest)) {
      std::fill_n(codes, count, std::uint8_t{0});
      return std::numeric_limits<float>::quiet_NaN();
    }
    const bool is_signed = any >> 31 != 0;
    const float scale = std::max(float_of(largest), 0x1p-98f), inverse = 1 / scale;
    const float most = levels(is_signed), step = 1 / most;
    const Values parts = values.abs() * inverse, powers = most * gradus::root(gradus::root(parts));
    const DitherBits random{sum, 0x9e3779b1};
    Integers units;
    for (int k = 0; k < Size; ++k) {
      const auto below = static_cast<std::int32_t>(powers.data()[k]);
      const auto part = static_cast<float>(below);
      const float low = level(part * step), high = level((part + 1) * step);
      const float uniform = static_cast<float>(static_cast<std::int32_t>(random(k, 0) >> 18)) * 0x1p-14f;
      const bool up = parts.data()[k] - low > (uniform + 0x1p-15f) * (high - low);
      const std::int32_t rounded = below + (up ? 1 : 0), limit = static_cast<std::int32_t>(most);
      const std::int32_t least = values.data()[k] != 0 ? 1 : 0;
      const std::int32_t code = rounded < least ? least : (rounded > limit ? limit : rounded);
      units[static_cast<std::size_t>(k)] = values.data()[k] < 0 ? -code : code;
    }
    Bytes bytes;
    for (std::size_t k = 0; k < Size; ++k) bytes[k] = static_cast<std::uint8_t>(units[k]);
    std::copy_n(bytes.begin(), count, codes);
    return is_signed ? -scale : scale;
  }
};

}  // namespace GRADUS_NAMESPACE::detail
