// SPDX-License-Identifier: MIT
//
// A product of matrices that can leave out what symmetry makes superfluous, in memory that is given to it.
#pragma once

#include <gradus/core/segments.hpp>
#include <gradus/core/workspace.hpp>
#include <gradus/orthogonalize/tile.hpp>

namespace gradus::detail {

// The sum is cut into parts of this depth, whatever the shape and the number of threads, so that they do not
// change its bits. What a row of tiles needs of the left factor stays in the first cache meanwhile.
inline constexpr Index depth_block = 160;

// Products below this many multiplications are not worth the threads.
inline constexpr double parallel_product = 1 << 22;

// Copies the lower triangle of a square matrix into the upper one, square by square: one thread's share.
template <class Scalar>
void mirror(MatrixMap<Scalar> matrix, int thread, int threads) {
  constexpr Index side = 16;
  const Index squares = (matrix.rows() + side - 1) / side;
  for (Index s = thread; s < squares; s += threads) {
    const Index row = s * side, rest = std::min(side, matrix.rows() - row);
    for (Index column = 0; column < row; column += side) {
      if (rest == side) {
        matrix.template block<side, side>(column, row) =
            matrix.template block<side, side>(row, column).transpose();
      } else {
        matrix.block(column, row, side, rest) = matrix.block(row, column, rest, side).transpose();
      }
    }
    for (Index j = 0; j < rest; ++j) {
      for (Index i = 0; i < j; ++i) matrix(row + i, row + j) = matrix(row + j, row + i);
    }
  }
}

// result ← scale · left · rightᵀ + keep · addend. Of a symmetric result only the lower triangle is computed
// and then mirrored.
template <class Scalar>
class TiledProduct {
 public:
  using T = Tile<Scalar>;

  // Bytes of scratch memory for a result of this many columns.
  static std::size_t scratch(Index columns) {
    return Workspace::bytes<Scalar>(depth_block, round_up(columns, T::columns)) +
           static_cast<std::size_t>(thread_count()) * left_bytes();
  }

  TiledProduct(bool symmetric, Index depth, const Factor<Scalar>& left, const Factor<Scalar>& right,
               const Finish<Scalar>& finish, Index rows, Index columns)
      : symmetric_(symmetric),
        depth_(depth),
        rows_(rows),
        columns_(columns),
        left_(left),
        right_(right),
        finish_(finish) {}

  void run(Workspace& workspace) {
    const std::size_t used = workspace.used();
    packed_right_ = workspace.take<Scalar>(depth_block, round_up(columns_, T::columns)).data();
    const double size =
        static_cast<double>(rows_) * static_cast<double>(columns_) * static_cast<double>(depth_);
    const int threads = size < parallel_product ? 1 : thread_count();
    packed_left_ = workspace.take<Scalar>(left_size, threads).data();
#ifdef _OPENMP
    if (threads > 1) {
#pragma omp parallel num_threads(threads)
      work(omp_get_thread_num(), omp_get_num_threads());
    } else {
      work(0, 1);
    }
#else
    work(0, 1);
#endif
    workspace.rewind(used);
  }

 private:
  static constexpr Index left_size = T::rows * depth_block;
  static std::size_t left_bytes() { return Workspace::bytes<Scalar>(left_size, 1); }
  static constexpr Index round_up(Index n, Index to) { return (n + to - 1) / to * to; }

  // One thread alone may stand in a parallel region of someone else's, whose barrier is not ours.
  static void wait_for_all([[maybe_unused]] int threads) {
#ifdef _OPENMP
    if (threads > 1) {
#pragma omp barrier
    }
#endif
  }

  // One thread's share.
  void work(int thread, int threads) {
    const Index panels = (columns_ + T::columns - 1) / T::columns;
    for (Index depth = 0; depth < depth_; depth += depth_block) {
      const Index length = std::min(depth_block, depth_ - depth);
      for (Index p = panels * thread / threads; p < panels * (thread + 1) / threads; ++p) {
        const Index column = p * T::columns;
        pack<T::columns>(packed_right_ + column * length, right_, column,
                         std::min(T::columns, columns_ - column), depth, length);
      }
      wait_for_all(threads);
      // Dealt out to and fro: the rows of a triangle grow longer.
      for (Index r = 0; r < tile_rows(); ++r) {
        const Index round = 2 * Index{threads}, turn = r % round;
        if (std::min(turn, round - 1 - turn) == thread) run_tile_row(thread, r, depth, length);
      }
      wait_for_all(threads);
    }
    if (symmetric_) mirror(MatrixMap<Scalar>(finish_.to, rows_, rows_), thread, threads);
  }

  // Rows of tiles are 3 packets high. What is left over at the end is one of 2, or two of 2 instead of 3 and
  // 1, which would not keep the multiply units busy.
  Index packets() const { return (rows_ + T::lanes - 1) / T::lanes; }
  Index high_rows() const { return packets() % 3 == 1 && packets() > 1 ? packets() / 3 - 1 : packets() / 3; }
  Index tile_rows() const { return high_rows() + (packets() - 3 * high_rows() + 1) / 2; }

  // One row of tiles over one part of the depth.
  void run_tile_row(int thread, Index r, Index depth, Index length) {
    const Index high = high_rows(), packet = r < high ? 3 * r : 3 * high + 2 * (r - high);
    const Index row = packet * T::lanes;
    if (r < high) {
      run_tiles<3>(thread, row, depth, length);
    } else if (packet + 1 < packets()) {
      run_tiles<2>(thread, row, depth, length);
    } else {
      run_tiles<1>(thread, row, depth, length);
    }
  }

  template <Index height>
  void run_tiles(int thread, Index row, Index depth, Index length) {
    constexpr Index most = height * T::lanes;
    const Index rows = std::min(most, rows_ - row);
    Scalar* const packed = packed_left_ + thread * left_size;
    pack<most>(packed, left_, row, rows, depth, length);
    Finish<Scalar> finish = finish_;
    if (depth > 0) finish.keep = 1, finish.from = finish.to, finish.from_stride = finish.to_stride;
    const Index end = symmetric_ ? row + rows : columns_;
    for (Index column = 0; column < end; column += T::columns) {
      run_tile<height>(length, packed, packed_right_ + column * length, finish.at(row, column), rows,
                       std::min(T::columns, columns_ - column));
    }
  }

  bool symmetric_;
  Index depth_, rows_, columns_;
  Factor<Scalar> left_, right_;
  Finish<Scalar> finish_;
  Scalar *packed_left_ = nullptr, *packed_right_ = nullptr;
};

}  // namespace gradus::detail
