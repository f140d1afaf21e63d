// SPDX-License-Identifier: MIT
//
// The order in which a tile of a product wants its factors, and copies that transpose.
#pragma once

#include <algorithm>
#include <gradus/orthogonalize/tile.hpp>
#include <type_traits>

namespace gradus::detail {

// A factor of a product, seen so that its rows go into the result and `depth` is summed over.
template <class Scalar>
struct Factor {
  const Scalar* data;
  Index row_stride, depth_stride;

  const Scalar* at(Index row, Index depth) const { return data + row * row_stride + depth * depth_stride; }
};

GRADUS_PACKETS_BEGIN

// A packet of which a whole number makes a panel. Half ones are transposed as fast as whole ones, and g++ 12
// does not warn of them in Eigen's code.
template <class Scalar>
struct Square {
  using Half = typename Eigen::internal::unpacket_traits<typename Tile<Scalar>::Packet>::half;
  static constexpr bool fits = Tile<Scalar>::columns % Eigen::internal::unpacket_traits<Half>::size == 0;
  using Packet = std::conditional_t<fits, Half, Scalar>;
  static constexpr Index side = Eigen::internal::unpacket_traits<Packet>::size;
};

// Copies a square, transposed.
template <class Scalar>
void transpose_square(Scalar* to, Index to_stride, const Scalar* from, Index from_stride) {
  using namespace Eigen::internal;
  using Packet = typename Square<Scalar>::Packet;
  constexpr Index side = Square<Scalar>::side;
  PacketBlock<Packet, side> square;
  GRADUS_UNROLL for (Index j = 0; j < side; ++j) square.packet[j] = ploadu<Packet>(from + j * from_stride);
  ptranspose(square);
  GRADUS_UNROLL for (Index j = 0; j < side; ++j) pstoreu(to + j * to_stride, square.packet[j]);
}

// Copies rows [row, row + count) of a factor over [depth, depth + length) so that tiles read it in order:
// panels of `width` rows, one panel after the other. What is missing up to a multiple of `unit` becomes
// zeros.
template <Index width, Index unit, class Scalar>
void pack(Scalar* to, const Factor<Scalar>& factor, Index row, Index count, Index depth, Index length) {
  using namespace Eigen::internal;
  using Packet = typename Square<Scalar>::Packet;
  constexpr Index side = Square<Scalar>::side;
  const auto copy_square = [&](Index r, Index k) {
    Scalar* const square = to + (r / width * length + k) * width + r % width;
    const Scalar* const from = factor.at(row + r, depth + k);
    if (r + side > count || k + side > length) {
      for (Index j = 0; j < std::min(side, length - k); ++j) {
        for (Index i = 0; i < side; ++i) {
          square[j * width + i] =
              r + i < count ? from[i * factor.row_stride + j * factor.depth_stride] : Scalar(0);
        }
      }
    } else if (factor.row_stride == 1) {
      GRADUS_UNROLL for (Index j = 0; j < side; ++j) {
        pstoreu(square + j * width, ploadu<Packet>(from + j * factor.depth_stride));
      }
    } else {
      transpose_square(square, width, from, factor.row_stride);
    }
  };
  // Along the columns of the matrix in memory, so that no cache line is fetched twice.
  const Index rows = (count + unit - 1) / unit * unit;
  if (factor.row_stride == 1) {
    for (Index k = 0; k < length; k += side) {
      for (Index r = 0; r < rows; r += side) copy_square(r, k);
    }
  } else {
    for (Index r = 0; r < rows; r += side) {
      for (Index k = 0; k < length; k += side) copy_square(r, k);
    }
  }
}

// Copies the lower triangle of a square matrix into the upper one, square by square: one thread's share.
template <class Scalar>
void mirror(Scalar* matrix, Index stride, Index size, int thread, int threads) {
  constexpr Index side = Square<Scalar>::side;
  for (Index row = thread * side; row < size; row += threads * side) {
    const Index rest = std::min(side, size - row);
    for (Index column = 0; column <= row; column += side) {
      const Scalar* const from = matrix + row + column * stride;
      Scalar* const to = matrix + column + row * stride;
      if (rest == side && column < row) {
        transpose_square(to, stride, from, stride);
      } else {
        for (Index j = 0; j < rest; ++j) {
          const Index above = std::min(side, row + j - column);
          for (Index i = 0; i < above; ++i) to[i + j * stride] = from[j + i * stride];
        }
      }
    }
  }
}

// to ← fromᵀ, where `from` may be an expression: in squares of whole cache lines, so that none is fetched for
// one coefficient.
template <class To, class From>
void assign_transposed(To& to, const From& from) {
  constexpr Index side = 16;
  for (Index j = 0; j < from.cols(); j += side) {
    for (Index i = 0; i < from.rows(); i += side) {
      const Index rows = std::min(side, from.rows() - i), cols = std::min(side, from.cols() - j);
      if (rows == side && cols == side) {
        to.template block<side, side>(j, i) = from.template block<side, side>(i, j).eval().transpose();
      } else {
        to.block(j, i, cols, rows) = from.block(i, j, rows, cols).transpose();
      }
    }
  }
}

GRADUS_PACKETS_END

}  // namespace gradus::detail
