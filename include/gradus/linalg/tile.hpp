// SPDX-License-Identifier: MIT
//
// The innermost part of a matrix product: a tile of the result that fits into the registers.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <gradus/core/numerics.hpp>
#include <type_traits>

#if defined(__AVX512BF16__) && defined(EIGEN_VECTORIZE_AVX512)
#define GRADUS_BFLOAT16_PAIRS
#include <immintrin.h>
#endif

// g++ keeps arrays of registers in registers only where the loops over them are unrolled.
#if defined(__GNUC__) && !defined(__clang__)
#define GRADUS_UNROLL _Pragma("GCC unroll 16")
#else
#define GRADUS_UNROLL
#endif

namespace GRADUS_NAMESPACE::detail {

using Eigen::Index;

GRADUS_PACKETS_BEGIN

// A tile is 3 SIMD packets high and `columns` wide: its sums, one packet of the left factor and one number of
// the right one fill 16 registers, or 32. Scalars of two bytes are summed in float.
template <class Scalar>
struct GeneralTile {
  using Sum = std::conditional_t<sizeof(Scalar) == 2, float, Scalar>;
  using Packet = typename Eigen::internal::packet_traits<Sum>::type;
  static constexpr Index lanes = Eigen::internal::unpacket_traits<Packet>::size;
  static constexpr Index columns = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 8 : 4;
  // A factor is packed in panels of so many rows; one number holds `group` coefficients, neighbours in depth.
  static constexpr Index width = std::max(lanes, columns);
  static constexpr Index group = 1;

  static Packet multiply_add(const Packet& left, const Packet& right, const Packet& sum) {
    return Eigen::internal::pmadd(left, right, sum);
  }
  static Packet load(const Scalar* from) {
    if constexpr (std::is_same_v<Scalar, Sum>) {
      return Eigen::internal::ploadu<Packet>(from);
    } else {
      Sum values[lanes];
      convert<lanes>(from, values);
      return Eigen::internal::ploadu<Packet>(values);
    }
  }
  static void store(Scalar* to, const Packet& sum) {
    if constexpr (std::is_same_v<Scalar, Sum>) {
      Eigen::internal::pstoreu(to, sum);
    } else {
      Sum values[lanes];
      Eigen::internal::pstoreu(values, sum);
      convert<lanes>(values, to);
    }
  }
};

template <class Scalar>
struct Tile : GeneralTile<Scalar> {};

#ifdef GRADUS_BFLOAT16_PAIRS
// The processor multiplies pairs of bfloat16 and adds both products to a sum in float, at twice the speed.
// (Denormal numbers count as zero.) A pair is packed as the float of the same bits.
template <>
struct Tile<Eigen::bfloat16> : GeneralTile<Eigen::bfloat16> {
  static constexpr Index group = 2;

  static __m512 multiply_add(const __m512& left, const __m512& right, const __m512& sum) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(left), reinterpret_cast<__m512bh>(right));
  }
  static __m512 load(const Eigen::bfloat16* from) {
    const __m256i upper = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(upper), 16));
  }
  static void store(Eigen::bfloat16* to, const __m512& sum) {
    const __m256bh rounded = _mm512_cvtneps_pbh(sum);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(rounded));
  }
};
#endif

// A packed factor: panels of `width` rows, each by depth.
template <class Scalar>
struct Packed {
  using Sum = typename Tile<Scalar>::Sum;
  static constexpr Index width = Tile<Scalar>::width;
  Sum* data;
  Index depth;  // in packed numbers

  Sum* at(Index row) const { return data + row / width * width * depth + row % width; }
};

// What becomes of a finished tile: to = scale · tile + keep · from. `from` is not read where keep is 0.
template <class Scalar>
struct Finish {
  typename Tile<Scalar>::Sum scale, keep;
  const Scalar* from;
  Index from_stride;
  Scalar* to;
  Index to_stride;

  Finish at(Index row, Index column) const {
    return {scale,
            keep,
            keep == 0 ? from : from + row + column * from_stride,
            from_stride,
            to + row + column * to_stride,
            to_stride};
  }
};

// One tile, `height` packets high: the sum over the depth of the rows of `left` from `row` on times those of
// `right` from `column` on. The first `rows` x `columns` of it are stored. The sum has the same order, hence
// the same bits, wherever the tile lies.
template <Index height, class Scalar>
void run_tile(const Packed<Scalar>& left, Index row, const Packed<Scalar>& right, Index column,
              const Finish<Scalar>& all, Index rows, Index columns) {
  using namespace Eigen::internal;
  using T = Tile<Scalar>;
  using Sum = typename T::Sum;
  using Packet = typename T::Packet;
  const Finish<Scalar> finish = all.at(row, column);
  // What the tile is stored in, and added to, arrives from memory meanwhile.
  const bool reads_other = finish.keep != 0 && finish.from != finish.to;
  for (Index j = 0; j < columns; ++j) {
    GRADUS_UNROLL for (Index i = 0; i < height; ++i) {
      prefetch(finish.to + j * finish.to_stride + i * T::lanes);
      if (reads_other) prefetch(finish.from + j * finish.from_stride + i * T::lanes);
    }
  }
  Packet sum[T::columns][height];
  GRADUS_UNROLL for (Index j = 0; j < T::columns; ++j) {
    GRADUS_UNROLL for (Index i = 0; i < height; ++i) sum[j][i] = pset1<Packet>(Sum(0));
  }
  const Sum *of_left[height], *of_right = right.at(column);
  GRADUS_UNROLL for (Index i = 0; i < height; ++i) of_left[i] = left.at(row + i * T::lanes);
  for (Index k = 0; k < left.depth * T::width; k += T::width) {
    GRADUS_UNROLL for (Index j = 0; j < T::columns; ++j) {
      const Packet factor = pset1<Packet>(of_right[k + j]);
      GRADUS_UNROLL for (Index i = 0; i < height; ++i) {
        sum[j][i] = T::multiply_add(pload<Packet>(of_left[i] + k), factor, sum[j][i]);
      }
    }
  }

  if (rows == height * T::lanes && columns == T::columns) {
    const Packet scale = pset1<Packet>(finish.scale), keep = pset1<Packet>(finish.keep);
    GRADUS_UNROLL for (Index j = 0; j < T::columns; ++j) {
      GRADUS_UNROLL for (Index i = 0; i < height; ++i) {
        Packet value = pmul(scale, sum[j][i]);
        if (finish.keep != 0) {
          value = pmadd(keep, T::load(finish.from + j * finish.from_stride + i * T::lanes), value);
        }
        T::store(finish.to + j * finish.to_stride + i * T::lanes, value);
      }
    }
  } else {
    EIGEN_ALIGN_MAX Sum tile[T::columns][height * T::lanes];
    GRADUS_UNROLL for (Index j = 0; j < T::columns; ++j) {
      GRADUS_UNROLL for (Index i = 0; i < height; ++i) pstoreu(&tile[j][i * T::lanes], sum[j][i]);
    }
    for (Index j = 0; j < columns; ++j) {
      for (Index i = 0; i < rows; ++i) {
        Sum value = finish.scale * tile[j][i];
        if (finish.keep != 0) value += finish.keep * converted<Sum>(finish.from[j * finish.from_stride + i]);
        finish.to[j * finish.to_stride + i] = converted<Scalar>(value);
      }
    }
  }
}

GRADUS_PACKETS_END

}  // namespace GRADUS_NAMESPACE::detail
