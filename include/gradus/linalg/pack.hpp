// SPDX-License-Identifier: MIT
//
// The order in which a tile of a product wants its factors, and copies that transpose.
#pragma once

#include <algorithm>
#include <gradus/core/workspace.hpp>
#include <gradus/linalg/tile.hpp>
#include <type_traits>

namespace GRADUS_NAMESPACE::detail {

// A factor of a product, seen so that its rows go into the result and `depth` is summed over.
template <class Scalar>
struct Factor {
  const Scalar* data;
  Index row_stride, depth_stride;

  bool operator==(const Factor&) const = default;
  const Scalar* at(Index row, Index depth) const { return data + row * row_stride + depth * depth_stride; }
};

GRADUS_PACKETS_BEGIN

// Packets that are transposed in squares. Half ones are transposed as fast as whole ones, and g++ 12 does not
// warn of them in Eigen's code.
template <class Scalar>
struct Square {
  using Whole = typename Eigen::internal::packet_traits<Scalar>::type;
  using Packet = typename Eigen::internal::unpacket_traits<Whole>::half;
  static constexpr Index side = Eigen::internal::unpacket_traits<Packet>::size;
};

// Copies a square, transposed. What is read may be pairs of smaller numbers.
template <class Scalar, class From>
void transpose_square(Scalar* to, Index to_stride, const From* from, Index from_stride) {
  using namespace Eigen::internal;
  using Packet = typename Square<Scalar>::Packet;
  constexpr Index side = Square<Scalar>::side;
  PacketBlock<Packet, side> square;
  GRADUS_UNROLL for (Index j = 0; j < side; ++j) {
    square.packet[j] = ploadu<Packet>(reinterpret_cast<const Scalar*>(from + j * from_stride));
  }
  ptranspose(square);
  GRADUS_UNROLL for (Index j = 0; j < side; ++j) pstoreu(to + j * to_stride, square.packet[j]);
}

// A packed number of one coefficient, or of two that follow each other in depth.
template <class Scalar>
EIGEN_ALWAYS_INLINE typename Tile<Scalar>::Sum packed_number(const Scalar& x,
                                                             [[maybe_unused]] const Scalar& next) {
  if constexpr (Tile<Scalar>::group == 1) {
    return converted<typename Tile<Scalar>::Sum>(x);
  } else {
    const std::uint32_t low = Eigen::numext::bit_cast<std::uint16_t>(x);
    const std::uint32_t high = Eigen::numext::bit_cast<std::uint16_t>(next);
    return Eigen::numext::bit_cast<float>(low | high << 16);
  }
}

// Packs the rows of a panel at one depth.
template <class Scalar>
EIGEN_ALWAYS_INLINE void pack_rows(typename Tile<Scalar>::Sum* to, const Scalar* x, const Scalar* next) {
  using T = Tile<Scalar>;
  if constexpr (std::is_same_v<Scalar, typename T::Sum>) {
    for (Index i = 0; i < T::width; i += T::lanes) Eigen::internal::pstoreu(to + i, T::load(x + i));
  } else {
    for (Index i = 0; i < T::width; ++i) to[i] = packed_number(x[i], next[i]);
  }
}

// Packs rows [begin, end) of a factor over [depth, depth + length). What is missing up to whole panels and
// pairs becomes zeros.
template <class Scalar>
void pack(const Packed<Scalar>& to, const Factor<Scalar>& factor, Index begin, Index end, Index depth,
          Index length) {
  using T = Tile<Scalar>;
  using Sum = typename T::Sum;
  constexpr Index side = Square<Sum>::side, width = T::width, group = T::group;
  const auto coefficient = [&](Index row, Index k) {
    return row < end && k < length ? *factor.at(row, depth + k) : Scalar(0);
  };
  // The rows of a panel, `side` numbers deep.
  const auto copy = [&](Index row, Index k) {
    Sum* const panel = to.at(row) + k * width;
    const Scalar* const from = factor.at(row, depth + k * group);
    const bool whole = row + width <= end && (k + side) * group <= length;
    if (whole && factor.row_stride == 1) {
      for (Index j = 0; j < side; ++j) {
        const Scalar* const column = from + j * group * factor.depth_stride;
        pack_rows(panel + j * width, column, column + (group - 1) * factor.depth_stride);
      }
    } else if (whole && sizeof(Sum) == group * sizeof(Scalar)) {
      for (Index i = 0; i < width; i += side) {
        transpose_square(panel + i, width, from + i * factor.row_stride, factor.row_stride);
      }
    } else {
      for (Index j = 0; j < std::min(side, to.depth - k); ++j) {
        for (Index i = 0; i < width; ++i) {
          const Index at = (k + j) * group;
          panel[j * width + i] = packed_number(coefficient(row + i, at), coefficient(row + i, at + 1));
        }
      }
    }
  };
  // Along the columns of the matrix in memory, so that no cache line is fetched twice.
  if (factor.row_stride == 1) {
    for (Index k = 0; k < to.depth; k += side) {
      for (Index row = begin; row < end; row += width) copy(row, k);
    }
  } else {
    for (Index row = begin; row < end; row += width) {
      for (Index k = 0; k < to.depth; k += side) copy(row, k);
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

// to ← f(from)ᵀ, coefficient by coefficient: in squares of whole cache lines, so that none is fetched for one
// coefficient. A loop, not an expression of Eigen's, which would take several times as long to compile.
template <class To, class From, class F>
void assign_transposed(MatrixMap<To> to, MatrixMap<From> from, const F& f) {
  constexpr Index side = 16;
  const Index stride = to.outerStride();
  for (Index column = 0; column < from.cols(); column += side) {
    for (Index row = 0; row < from.rows(); row += side) {
      const Index rows = std::min(side, from.rows() - row), columns = std::min(side, from.cols() - column);
      for (Index j = column; j < column + columns; ++j) {
        const From* const source = &from(row, j);
        To* const target = &to(j, row);
        for (Index i = 0; i < rows; ++i) target[i * stride] = f(source[i]);
      }
    }
  }
}

GRADUS_PACKETS_END

}  // namespace GRADUS_NAMESPACE::detail
