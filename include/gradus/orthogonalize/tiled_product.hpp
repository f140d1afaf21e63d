// SPDX-License-Identifier: MIT
//
// A product of matrices that can leave out what symmetry makes superfluous, in memory that is given to it.
#pragma once

#include <gradus/core/segments.hpp>
#include <gradus/core/workspace.hpp>
#include <gradus/orthogonalize/pack.hpp>
#include <gradus/orthogonalize/tile.hpp>

namespace gradus::detail {

// The sum is cut into parts of this depth, whatever the shape and the number of threads, so that they do not
// change its bits. What a row of tiles needs of the left factor stays in the second cache meanwhile.
inline constexpr Index depth_block = 384;

// Products below this many multiplications are not worth the threads.
inline constexpr double parallel_product = 1 << 22;

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
    const Index first = panels * thread / threads * T::columns;
    const Index last = std::min(panels * (thread + 1) / threads * T::columns, columns_);
    // Once also if there is nothing to sum.
    for (Index depth = 0; depth == 0 || depth < depth_; depth += depth_block) {
      const Index length = std::min(depth_block, depth_ - depth);
      pack<T::columns, T::columns>(packed_right_ + first * length, right_, first, last - first, depth,
                                   length);
      wait_for_all(threads);
      // Dealt out to and fro: the rows of a triangle grow longer.
      for (Index r = 0; r < tile_rows(); ++r) {
        const Index round = 2 * Index{threads}, turn = r % round;
        if (std::min(turn, round - 1 - turn) == thread) run_tile_row(thread, r, depth, length);
      }
      wait_for_all(threads);
    }
    if (symmetric_) mirror(finish_.to, finish_.to_stride, rows_, thread, threads);
  }

  // Rows of tiles are 3 packets high. What is left over at the end is one of 2, or two of 2 instead of 3 and
  // 1, which would not keep the multiply units busy.
  Index packets() const { return (rows_ + T::lanes - 1) / T::lanes; }
  Index high_rows() const { return packets() % 3 == 1 && packets() > 1 ? packets() / 3 - 1 : packets() / 3; }
  Index tile_rows() const { return high_rows() + (packets() - 3 * high_rows() + 1) / 2; }

  // One row of tiles over one part of the depth.
  void run_tile_row(int thread, Index r, Index depth, Index length) {
    const Index high = high_rows(), packet = r < high ? 3 * r : 3 * high + 2 * (r - high);
    const Index height = r < high ? 3 : std::min(Index{2}, packets() - packet);
    const Index row = packet * T::lanes, rows = std::min(height * T::lanes, rows_ - row);
    Scalar* const left = packed_left_ + thread * left_size;
    pack<T::rows, T::lanes>(left, left_, row, rows, depth, length);
    Finish<Scalar> finish = finish_;
    if (depth > 0) finish.keep = 1, finish.from = finish.to, finish.from_stride = finish.to_stride;
    const Index end = symmetric_ ? row + rows : columns_;
    for (Index column = 0; column < end; column += T::columns) {
      // Packets that lie above the diagonal are left out.
      const Index above = symmetric_ && column > row ? (column - row) / T::lanes : 0, skip = above * T::lanes;
      const Scalar* const right = packed_right_ + column * length;
      const Finish<Scalar> at = finish.at(row + skip, column);
      const Index columns = std::min(T::columns, columns_ - column);
      switch (height - above) {
        case 3:
          run_tile<3>(length, left + skip, right, at, rows - skip, columns);
          break;
        case 2:
          run_tile<2>(length, left + skip, right, at, rows - skip, columns);
          break;
        default:
          run_tile<1>(length, left + skip, right, at, rows - skip, columns);
      }
    }
  }

  bool symmetric_;
  Index depth_, rows_, columns_;
  Factor<Scalar> left_, right_;
  Finish<Scalar> finish_;
  Scalar *packed_left_ = nullptr, *packed_right_ = nullptr;
};

}  // namespace gradus::detail
