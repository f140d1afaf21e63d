// SPDX-License-Identifier: MIT
//
// A product of matrices that can leave out what symmetry makes superfluous, in memory that is given to it.
#pragma once

#include <atomic>
#include <gradus/core/segments.hpp>
#include <gradus/core/workspace.hpp>
#include <gradus/linalg/pack.hpp>
#include <gradus/linalg/tile.hpp>

namespace GRADUS_NAMESPACE::detail {

// A sum is cut into parts of at most this depth, whatever the number of threads, so that they do not change
// its bits.
inline constexpr Index depth_block = 512;

// All rows of tiles pass so many bytes of the right factor, which stay in the second cache beside what a row
// of tiles needs of the left one.
inline constexpr Index right_block = 1 << 18;

// Products below this many multiplications are not worth the threads.
inline constexpr double parallel_product = 1 << 22;

// result ← scale · left · rightᵀ + keep · addend. Of a symmetric result only the lower triangle is computed
// and then mirrored.
template <class Scalar>
class TiledProduct {
 public:
  using T = Tile<Scalar>;
  using Sum = typename T::Sum;

  // Bytes of scratch memory for a result of `rows` x `columns`, of at most this depth.
  static std::size_t scratch(Index rows, Index depth, Index columns) {
    const Index numbers = packed_depth(is_cut ? std::min(depth, depth_block) : depth);
    return Workspace::bytes<Sum>(numbers, whole_panels(rows)) +
           Workspace::bytes<Sum>(numbers, whole_panels(columns));
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
    const Index numbers = packed_depth(part_of(depth_));
    packed_left_ = workspace.take<Sum>(numbers, whole_panels(rows_)).data();
    // A Gram matrix, or the square of a symmetric one, has one factor.
    const bool is_square = left_ == right_ && rows_ == columns_;
    packed_right_ = is_square ? packed_left_ : workspace.take<Sum>(numbers, whole_panels(columns_)).data();
    const double size =
        static_cast<double>(rows_) * static_cast<double>(columns_) * static_cast<double>(depth_);
    [[maybe_unused]] const int threads = size < parallel_product ? 1 : thread_count();
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
  static constexpr Index divide_up(Index n, Index by) { return (n + by - 1) / by; }
  static constexpr Index whole_panels(Index rows) { return divide_up(rows, T::width) * T::width; }
  static constexpr Index packed_depth(Index length) { return divide_up(length, T::group); }

  // A sum in a wider scalar than the result's is not cut: it is to be rounded once.
  static constexpr bool is_cut = std::is_same_v<Scalar, Sum>;
  static Index part_of(Index depth) {
    return is_cut && depth > depth_block ? divide_up(depth, divide_up(depth, depth_block)) : depth;
  }

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
    const auto pack_share = [&](Sum* to, const Factor<Scalar>& factor, Index rows, Index depth,
                                Index length) {
      const Index panels = divide_up(rows, T::width);
      const Index begin = panels * thread / threads * T::width;
      const Index end = std::min(panels * (thread + 1) / threads * T::width, rows);
      pack<Scalar>({to, packed_depth(length)}, factor, begin, end, depth, length);
    };
    const Index part = std::max(part_of(depth_), Index{1});
    const Index row_bytes = packed_depth(part) * static_cast<Index>(sizeof(Sum));
    const Index block = std::max(right_block / row_bytes / T::width, Index{1}) * T::width;
    const Index blocks = divide_up(columns_, block);
    // Once also if there is nothing to sum.
    for (Index depth = 0; depth == 0 || depth < depth_; depth += part) {
      const Index length = std::min(part, depth_ - depth);
      pack_share(packed_left_, left_, rows_, depth, length);
      if (packed_right_ != packed_left_) pack_share(packed_right_, right_, columns_, depth, length);
      if (thread == 0) next_ = 0;
      wait_for_all(threads);
      // Who is free takes the next row of tiles, of a triangle the longest first.
      for (Index task = next_++; task < blocks * tile_rows(); task = next_++) {
        const Index begin = task / tile_rows() * block, r = tile_rows() - 1 - task % tile_rows();
        run_tile_row(r, begin, begin + block, depth, length);
      }
      wait_for_all(threads);
    }
    if (symmetric_) mirror(finish_.to, finish_.to_stride, rows_, thread, threads);
  }

  // Rows of tiles are 3 packets high. What is left over at the end is one of 2, or two of 2 instead of 3 and
  // 1, which would not keep the multiply units busy.
  Index packets() const { return divide_up(rows_, T::lanes); }
  Index high_rows() const { return packets() % 3 == 1 && packets() > 1 ? packets() / 3 - 1 : packets() / 3; }
  Index tile_rows() const { return high_rows() + (packets() - 3 * high_rows() + 1) / 2; }

  // One row of tiles, its columns [begin, end), over one part of the depth.
  void run_tile_row(Index r, Index begin, Index end, Index depth, Index length) {
    const Index high = high_rows(), packet = r < high ? 3 * r : 3 * high + 2 * (r - high);
    const Index height = r < high ? 3 : std::min(Index{2}, packets() - packet);
    const Index first = packet * T::lanes, last = std::min(first + height * T::lanes, rows_);
    const Packed<Scalar> left{packed_left_, packed_depth(length)}, right{packed_right_, packed_depth(length)};
    Finish<Scalar> finish = finish_;
    if (depth > 0) finish.keep = 1, finish.from = finish.to, finish.from_stride = finish.to_stride;
    end = std::min(end, symmetric_ ? last : columns_);
    for (Index column = begin; column < end; column += T::columns) {
      // Packets that lie above the diagonal are left out.
      const Index above = symmetric_ && column > first ? (column - first) / T::lanes : 0;
      const Index row = first + above * T::lanes;
      const Index rows = last - row, columns = std::min(T::columns, columns_ - column);
      switch (height - above) {
        case 3:
          run_tile<3>(left, row, right, column, finish, rows, columns);
          break;
        case 2:
          run_tile<2>(left, row, right, column, finish, rows, columns);
          break;
        default:
          run_tile<1>(left, row, right, column, finish, rows, columns);
      }
    }
  }

  bool symmetric_;
  Index depth_, rows_, columns_;
  Factor<Scalar> left_, right_;
  Finish<Scalar> finish_;
  Sum *packed_left_ = nullptr, *packed_right_ = nullptr;
  std::atomic<Index> next_ = 0;
};

}  // namespace GRADUS_NAMESPACE::detail
