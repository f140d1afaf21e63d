// SPDX-License-Identifier: MIT
//
// Sums over the rows or the columns of one leaf.
#pragma once

#include <gradus/core/for_each_block.hpp>

namespace GRADUS_NAMESPACE {

/// The sums of `f(block)`, an array of doubles, over each row of a leaf, or over each column. The leaf is
/// passed over once, as it is stored, and may be lazy; the sums take memory. The order of the additions
/// depends on the shape and the storage order alone: the results have the same bits for any number of
/// threads.
template <class F, class L>
Eigen::ArrayXd sum_units(bool of_rows, const F& f, const L& leaf) {
  using Stored = detail::structure_t<L>;
  using C = detail::Compute<typename Stored::Scalar>;
  constexpr bool row_major = Stored::IsRowMajor;
  const Index inner = row_major ? leaf.cols() : leaf.rows(), outer = row_major ? leaf.rows() : leaf.cols();
  const bool runs_within = of_rows == row_major;  // a unit is stored in one run, else one number in each
  Eigen::ArrayXd sums = Eigen::ArrayXd::Zero(runs_within ? outer : inner);
  const auto whole = detail::strip<row_major>(leaf);
  const int segments = leaf.size() < detail::parallel_threshold ? 1 : detail::thread_count();
  detail::for_each_segment(segments, [&](int first, int last) {
    const Index begin = detail::segment_begin(sums.size(), segments, first);
    const Index end = detail::segment_begin(sums.size(), segments, last);
    if (runs_within) {
      for (Index j = begin; j < end; ++j) {
        Eigen::Array<double, detail::block_size<C>, 1> lanes = decltype(lanes)::Zero();
        const auto add = [&](Index count, const auto& x) { lanes.head(count) += f(x).eval().head(count); };
        detail::run_strips<C>(add, inner, whole.from(0, j));
        for (const double lane : lanes) sums(j) += lane;
      }
    } else {
      for (Index j = 0; j < outer; ++j) {
        Index at = begin;
        const auto add = [&](Index count, const auto& x) {
          sums.segment(at, count) += f(x).eval().head(count);
          at += count;
        };
        detail::run_strips<C>(add, end - begin, whole.from(begin, j));
      }
    }
  });
  return sums;
}

}  // namespace GRADUS_NAMESPACE
