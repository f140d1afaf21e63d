// SPDX-License-Identifier: MIT
//
// Arithmetic that Eigen's packets do not get right on their own.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <gradus/core/namespace.hpp>
#include <limits>
#include <type_traits>

// g++ 12 takes the undefined registers in its own AVX-512 header for uninitialized variables (its bug
// 105593), and would report that in the user's build wherever Eigen's packets are inlined into our code. Nor
// does it like a register as a template's argument, whose alignment the name does not carry.
#if defined(__GNUC__) && !defined(__clang__)
#define GRADUS_PACKETS_BEGIN                                                           \
  _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wuninitialized\"") \
      _Pragma("GCC diagnostic ignored \"-Wmaybe-uninitialized\"")                      \
          _Pragma("GCC diagnostic ignored \"-Wignored-attributes\"")
#define GRADUS_PACKETS_END _Pragma("GCC diagnostic pop")
#else
#define GRADUS_PACKETS_BEGIN
#define GRADUS_PACKETS_END
#endif

namespace GRADUS_NAMESPACE {

namespace detail {

// What a scalar is computed in: itself, but float for the sixteen-bit ones, which are formats to store.
template <class Scalar>
using Compute =
    std::conditional_t<std::is_same_v<Scalar, Eigen::half> || std::is_same_v<Scalar, Eigen::bfloat16>, float,
                       Scalar>;

GRADUS_PACKETS_BEGIN

// The processor's own square root. Eigen 3.4 approximates it in float (and with AVX-512 in double), makes NaN
// of infinity, which would carry a second moment that overflowed into the parameter, and 0 of a denormal; it
// is not faster where divisions stand beside it.
template <class Packet>
EIGEN_ALWAYS_INLINE Packet packet_root(const Packet& x) {
  return Eigen::internal::psqrt(x);
}
#ifdef EIGEN_VECTORIZE_SSE
EIGEN_ALWAYS_INLINE __m128 packet_root(const __m128& x) { return _mm_sqrt_ps(x); }
EIGEN_ALWAYS_INLINE __m128d packet_root(const __m128d& x) { return _mm_sqrt_pd(x); }
#endif
#ifdef EIGEN_VECTORIZE_AVX
EIGEN_ALWAYS_INLINE __m256 packet_root(const __m256& x) { return _mm256_sqrt_ps(x); }
EIGEN_ALWAYS_INLINE __m256d packet_root(const __m256d& x) { return _mm256_sqrt_pd(x); }
#endif
#ifdef EIGEN_VECTORIZE_AVX512
EIGEN_ALWAYS_INLINE __m512 packet_root(const __m512& x) { return _mm512_sqrt_ps(x); }
EIGEN_ALWAYS_INLINE __m512d packet_root(const __m512d& x) { return _mm512_sqrt_pd(x); }
#endif

GRADUS_PACKETS_END

// Conversions of half, rounded to nearest, ties to even. The numbers below 2⁻¹⁴ get their digits from a sum.
EIGEN_ALWAYS_INLINE float from_half(std::uint32_t half) {
  using Eigen::numext::bit_cast;
  const std::uint32_t size = half & 0x7fff, shifted = size << 13, bias = 112u << 23;
  const float small = bit_cast<float>(shifted + bias + (1u << 23)) - bit_cast<float>(bias + (1u << 23));
  const std::uint32_t large = shifted + bias + (size >= 0x7c00 ? bias : 0);
  return bit_cast<float>((size < 0x400 ? bit_cast<std::uint32_t>(small) : large) | (half & 0x8000) << 16);
}
EIGEN_ALWAYS_INLINE std::uint32_t to_half(float x) {
  using Eigen::numext::bit_cast;
  const auto bits = bit_cast<std::uint32_t>(x);
  const std::uint32_t size = bits & 0x7fffffff, infinity = 0x7c00;
  const std::uint32_t small =
      bit_cast<std::uint32_t>(bit_cast<float>(size) + 0.5f) - bit_cast<std::uint32_t>(0.5f);
  const std::uint32_t large = (size - (112u << 23) + 0xfff + (size >> 13 & 1)) >> 13;
  const std::uint32_t finite = size < (113u << 23) ? small : (large < infinity ? large : infinity);
  const std::uint32_t other = size > 0x7f800000 ? 0x7e00 | (size >> 13 & 0x3ff) : infinity;
  return (size < 0x47800000 ? finite : other) | (bits >> 16 & 0x8000);
}

// Eigen's conversions of sixteen-bit numbers, bit for bit, but without branches: loops over these become
// packets.
template <class To, class From>
EIGEN_ALWAYS_INLINE To converted(const From& x) {
  if constexpr (std::is_same_v<To, float> && std::is_same_v<From, Eigen::bfloat16>) {
    return Eigen::numext::bit_cast<float>(std::uint32_t{Eigen::numext::bit_cast<std::uint16_t>(x)} << 16);
  } else if constexpr (std::is_same_v<To, Eigen::bfloat16> && std::is_same_v<From, float>) {
    const auto bits = Eigen::numext::bit_cast<std::uint32_t>(x);
    const std::uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;  // to nearest, ties to even
    const std::uint32_t nan = (bits >> 16 & 0x8000) | 0x7fc0;
    const bool is_nan = (bits & 0x7fffffff) > 0x7f800000;
    return Eigen::numext::bit_cast<Eigen::bfloat16>(static_cast<std::uint16_t>(is_nan ? nan : rounded));
  } else if constexpr (std::is_same_v<To, float> && std::is_same_v<From, Eigen::half>) {
    return from_half(Eigen::numext::bit_cast<std::uint16_t>(x));
  } else if constexpr (std::is_same_v<To, Eigen::half> && std::is_same_v<From, float>) {
    return Eigen::numext::bit_cast<Eigen::half>(static_cast<std::uint16_t>(to_half(x)));
  } else {
    return static_cast<To>(x);
  }
}

// Converts the numbers of a block. Unlike Eigen's `cast`, this loop becomes packets.
template <int Size, class From, class To>
EIGEN_ALWAYS_INLINE void convert(const From* from, To* to) {
  static_assert(Size > 0, "a block has a fixed size");
  for (int i = 0; i < Size; ++i) to[i] = converted<To>(from[i]);
}

template <class Scalar>
struct Root {
  Scalar operator()(const Scalar& x) const { return Eigen::numext::sqrt(x); }
  template <class Packet>
  EIGEN_ALWAYS_INLINE Packet packetOp(const Packet& x) const {
    return packet_root(x);
  }
};

}  // namespace detail

/// √x of a block, correctly rounded where the processor has the instruction, with √∞ = ∞.
template <class Values>
EIGEN_ALWAYS_INLINE auto root(const Values& x) {
  using Scalar = typename Values::Scalar;
  return x.unaryExpr(detail::Root<Scalar>{});
}

/// −1, 0 or 1 for each coefficient of a block; NaN stays NaN, of which Eigen's `sign()` makes 0.
template <class Values>
EIGEN_ALWAYS_INLINE auto sign_of(const Values& x) {
  using Scalar = typename Values::Scalar;
  return x.unaryExpr([](Scalar value) {
    const Scalar one = value > 0 ? Scalar(1) : value;
    return value < 0 ? Scalar(-1) : one;
  });
}

/// The coefficients of a block, clamped to [−limit, limit]; NaN stays NaN, as with Eigen's `max` it may not.
template <class Values>
EIGEN_ALWAYS_INLINE auto clamped(const Values& x, double limit) {
  using Scalar = typename Values::Scalar;
  return x.unaryExpr([bound = static_cast<Scalar>(limit)](Scalar value) {
    return value > bound ? bound : (value < -bound ? -bound : value);
  });
}

GRADUS_PACKETS_BEGIN

/// A block in `double`, to be summed.
template <class Values>
EIGEN_ALWAYS_INLINE auto wide(const Values& x) {
  using Plain = typename Values::PlainObject;
  const Plain& values = x;
  Eigen::Array<double, Plain::RowsAtCompileTime, Plain::ColsAtCompileTime, Plain::Options> result;
  detail::convert<Plain::SizeAtCompileTime>(values.data(), result.data());
  return result;
}

/// The squares of a block in `double`, to be summed without overflow.
template <class Values>
EIGEN_ALWAYS_INLINE auto wide_square(const Values& x) {
  return wide(x).square().eval();
}

GRADUS_PACKETS_END

/// a ← a + share (b − a); with a share of 1 exactly b, whatever a was.
template <class Values, class Others>
EIGEN_ALWAYS_INLINE void approach(Values& a, const Others& b, double share) {
  if (share == 1) {
    a = b;
  } else {
    a += share * (b - a);
  }
}

/// Multiplies `power` by β and returns 1 − `power`: Adam's bias correction 1 − βᵗ where β is the same in
/// every step, and the right one where a schedule changes it.
inline double advance(double& power, double beta) {
  power = std::max(power * beta, 1e-300);  // processors are slow with the denormal numbers below
  return 1 - power;
}

/// `epsilon` in the scalar of a block, kept from vanishing there: it is 0 only if it was given as 0.
template <class Values>
EIGEN_ALWAYS_INLINE auto representable(double epsilon, const Values&) {
  using Scalar = typename Values::Scalar;
  constexpr Scalar smallest = std::numeric_limits<Scalar>::min();
  return epsilon > 0 && epsilon < static_cast<double>(smallest) ? smallest : static_cast<Scalar>(epsilon);
}

}  // namespace GRADUS_NAMESPACE

namespace Eigen::internal {
template <class Scalar>
struct functor_traits<gradus::detail::Root<Scalar>> {
  enum { Cost = functor_traits<scalar_sqrt_op<Scalar>>::Cost, PacketAccess = packet_traits<Scalar>::HasSqrt };
};

}  // namespace Eigen::internal
