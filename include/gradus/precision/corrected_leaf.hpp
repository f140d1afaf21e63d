// SPDX-License-Identifier: MIT
//
// Floats in three bytes: bfloat16 and what is left of it in eight bits.
#pragma once

#include <array>
#include <gradus/precision/formats.hpp>
#include <gradus/precision/widened.hpp>

namespace GRADUS_NAMESPACE {

/// What a float has lost in bfloat16, in units of 2⁻⁸ of its last place. A scalar to be stored, as `Rest16`.
struct Rest8 {
  using Stored = std::int8_t;  ///< What it is in a file.
  Stored units = 0;            ///< −2⁷ to 2⁷ − 1

  /// Nothing lost.
  Rest8() = default;
  /// So many units.
  explicit Rest8(int count) : units(static_cast<std::int8_t>(count)) {}
  bool operator==(const Rest8&) const = default;  ///< Whether both are the same.
};

}  // namespace GRADUS_NAMESPACE

namespace Eigen {
/// `Rest8` as a scalar.
template <>
struct NumTraits<gradus::Rest8> : NumTraits<gradus::Rest16> {
  using Real = gradus::Rest8;
  using NonInteger = gradus::Rest8;
  using Nested = gradus::Rest8;
  using Literal = gradus::Rest8;
};
}  // namespace Eigen

namespace GRADUS_NAMESPACE {

namespace detail {

// A float rounded to bfloat16, and eight bits of what is left: a relative error of 2⁻¹⁶ at most.
struct CorrectedFormat {
  // Bytes apart from wider numbers: loops over both become shorter packets, which are slow to join.
  template <int Size>
  static void load(const Eigen::bfloat16* narrow, const Rest8* rest, float* values) {
    std::array<std::int32_t, Size> units;
    for (std::size_t k = 0; k < Size; ++k) units[k] = rest[k].units;
    for (std::size_t k = 0; k < Size; ++k) {
      const std::uint32_t high = Eigen::numext::bit_cast<std::uint16_t>(narrow[k]);
      values[k] = float_of((high << 16) + static_cast<std::uint32_t>(units[k]) * 256);
    }
  }
  template <int Size>
  static void store(const float* values, Eigen::bfloat16* narrow, Rest8* rest) {
    std::array<std::int32_t, Size> units;
    for (std::size_t k = 0; k < Size; ++k) {
      const std::uint32_t bits = bits_of(values[k]), nearest = (bits + 128) >> 8;
      const std::uint32_t kept = nearest - ((nearest & 0x7fffff) == 0x7f8000 ? 1 : 0);  // not infinity
      const std::uint32_t high = (kept + 128) >> 8;
      const bool finite = is_finite_bits(bits);
      narrow[k] = bfloat16_of(finite ? high : high_of_nonfinite(bits));
      units[k] = finite ? static_cast<std::int32_t>(kept - (high << 8)) : 0;
    }
    for (std::size_t k = 0; k < Size; ++k) rest[k].units = static_cast<std::int8_t>(units[k]);
  }
};

// A leaf of a state, in this format. `Plain` is the matrix of floats that it stands for.
template <class Plain>
class CorrectedLeaf {
 public:
  static constexpr bool is_widened = true;
  using Scalar = float;

  const auto& underlying() const { return narrow_; }
  Index rows() const { return narrow_.rows(); }
  Index cols() const { return narrow_.cols(); }
  Index size() const { return narrow_.size(); }

  // Named as in Eigen, whose matrices are filled by the same code.
  // NOLINTBEGIN(readability-identifier-naming)
  void setZero() { narrow_.setZero(), rest_.setZero(); }
  void setConstant(Index rows, Index cols, float value) {
    narrow_.resize(rows, cols), rest_.resize(rows, cols);
    for (Index i = 0; i < size(); ++i) CorrectedFormat::store<1>(&value, &narrow_(i), &rest_(i));
  }
  // NOLINTEND(readability-identifier-naming)

  // What it consists of, for files and for counting bytes.
  template <class F>
  void for_each_part(const F& f) const {
    f("", narrow_), f("rest", rest_);
  }

  template <bool RowMajor>
  auto strip() {
    return WidenedLeaf<CorrectedFormat, Narrow, Rest&>{narrow_, rest_}.template strip<RowMajor>();
  }
  template <bool RowMajor>
  auto strip() const {
    return WidenedLeaf<CorrectedFormat, const Narrow, const Rest&>{narrow_, rest_}.template strip<RowMajor>();
  }

 private:
  using Narrow = typename WithScalar<Plain, Eigen::bfloat16>::type;
  using Rest = typename WithScalar<Plain, Rest8>::type;
  Narrow narrow_;
  Rest rest_;
};

}  // namespace detail
}  // namespace GRADUS_NAMESPACE
