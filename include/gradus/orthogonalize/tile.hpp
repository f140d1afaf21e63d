// SPDX-License-Identifier: MIT
//
// The innermost part of a matrix product: a tile of the result that fits into the registers.
#pragma once

#include <Eigen/Core>
#include <gradus/core/numerics.hpp>

// g++ keeps arrays of registers in registers only where the loops over them are unrolled.
#if defined(__GNUC__) && !defined(__clang__)
#define GRADUS_UNROLL _Pragma("GCC unroll 16")
#else
#define GRADUS_UNROLL
#endif

namespace gradus::detail {

using Eigen::Index;

// A tile is `packets` SIMD packets high and `columns` wide: its sums, one packet of the left factor and one
// coefficient of the right one fill 16 registers, or 32.
template <class Scalar>
struct Tile {
  using Packet = typename Eigen::internal::packet_traits<Scalar>::type;
  static constexpr Index lanes = Eigen::internal::unpacket_traits<Packet>::size;
  static constexpr Index packets = 3;
  static constexpr Index rows = packets * lanes;
  static constexpr Index columns = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 8 : 4;
};

// What becomes of a finished tile: to = scale · tile + keep · from. `from` is not read where keep is 0.
template <class Scalar>
struct Finish {
  Scalar scale, keep;
  const Scalar* from;
  Index from_stride;
  Scalar* to;
  Index to_stride;

  Finish at(Index row, Index column) const {
    return {scale,
            keep,
            keep == Scalar(0) ? from : from + row + column * from_stride,
            from_stride,
            to + row + column * to_stride,
            to_stride};
  }
};

GRADUS_PACKETS_BEGIN

// One tile, `height` packets high: the sum over `depth` of packed `left` times packed `right`, whose first
// `rows` x `columns` are stored. The sum has the same order, hence the same bits, wherever the tile lies.
template <Index height, class Scalar>
void run_tile(Index depth, const Scalar* left, const Scalar* right, const Finish<Scalar>& finish, Index rows,
              Index columns) {
  using namespace Eigen::internal;
  using T = Tile<Scalar>;
  using Packet = typename T::Packet;
  // What the tile is stored in, and added to, arrives from memory meanwhile.
  const bool reads_other = finish.keep != Scalar(0) && finish.from != finish.to;
  for (Index j = 0; j < columns; ++j) {
    GRADUS_UNROLL for (Index i = 0; i < height; ++i) {
      prefetch(finish.to + j * finish.to_stride + i * T::lanes);
      if (reads_other) prefetch(finish.from + j * finish.from_stride + i * T::lanes);
    }
  }
  Packet sum[T::columns][height];
  GRADUS_UNROLL for (Index j = 0; j < T::columns; ++j) {
    GRADUS_UNROLL for (Index i = 0; i < height; ++i) sum[j][i] = pset1<Packet>(Scalar(0));
  }
  for (Index k = 0; k < depth; ++k) {
    GRADUS_UNROLL for (Index j = 0; j < T::columns; ++j) {
      const Packet factor = pset1<Packet>(right[j]);
      GRADUS_UNROLL for (Index i = 0; i < height; ++i) {
        sum[j][i] = pmadd(pload<Packet>(left + i * T::lanes), factor, sum[j][i]);
      }
    }
    left += T::rows;
    right += T::columns;
  }

  if (rows == height * T::lanes && columns == T::columns) {
    const Packet scale = pset1<Packet>(finish.scale), keep = pset1<Packet>(finish.keep);
    GRADUS_UNROLL for (Index j = 0; j < T::columns; ++j) {
      GRADUS_UNROLL for (Index i = 0; i < height; ++i) {
        Packet value = pmul(scale, sum[j][i]);
        if (finish.keep != Scalar(0)) {
          const Scalar* const from = finish.from + j * finish.from_stride + i * T::lanes;
          value = pmadd(keep, ploadu<Packet>(from), value);
        }
        pstoreu(finish.to + j * finish.to_stride + i * T::lanes, value);
      }
    }
  } else {
    EIGEN_ALIGN_MAX Scalar tile[T::columns][T::rows];
    GRADUS_UNROLL for (Index j = 0; j < T::columns; ++j) {
      GRADUS_UNROLL for (Index i = 0; i < height; ++i) pstore(&tile[j][i * T::lanes], sum[j][i]);
    }
    for (Index j = 0; j < columns; ++j) {
      for (Index i = 0; i < rows; ++i) {
        Scalar value = finish.scale * tile[j][i];
        if (finish.keep != Scalar(0)) value += finish.keep * finish.from[j * finish.from_stride + i];
        finish.to[j * finish.to_stride + i] = value;
      }
    }
  }
}

GRADUS_PACKETS_END

}  // namespace gradus::detail
