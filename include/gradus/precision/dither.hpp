// SPDX-License-Identifier: MIT
//
// The random bits of stochastic rounding: each coefficient's own, whatever thread comes to it.
#pragma once

#include <cstdint>
#include <gradus/core/keyed_tree.hpp>

namespace GRADUS_NAMESPACE::detail {

// 32 bits for each k = 0, 1, ... and number to be rounded. They follow from the number, too, so that a second
// rounding of a parameter in one step, to which lookahead comes, is independent of the first, unless it is of
// the same number. Over all keys they are uniform for each number.
struct DitherBits {
  std::uint32_t first, step;

  // A finalizer of two multiplications; its constants were found by search for the least bias (C. Wellons'
  // hash-prospector).
  std::uint32_t operator()(int k, std::uint32_t number) const {
    std::uint32_t x = first + static_cast<std::uint32_t>(k) * step + number;
    x = (x ^ (x >> 16)) * 0x7feb352d;
    x = (x ^ (x >> 15)) * 0x846ca68b;
    return x ^ (x >> 16);
  }
};

// They follow from the key of the leaf, the row and the column.
struct DitherStrip {
  std::uint64_t key;
  Eigen::Index row, col;
  bool down;  // runs along a column, else along a row

  bool is_contiguous(Eigen::Index) const {
    return false;
  }  // a run of coefficients stays in its column or row
  bool is_dense() const { return true; }
  DitherStrip along_outer() const { return {key, row, col, !down}; }
  DitherStrip from(Eigen::Index i, Eigen::Index j) const {
    return {key, row + (down ? i : j), col + (down ? j : i), down};
  }
  DitherStrip first(Eigen::Index) const { return *this; }

  DitherBits bits(Eigen::Index i) const {
    constexpr std::uint32_t by_row = 0x9e3779b1, by_col = 0x85ebca77;  // odd: no two in a column are equal
    const DitherStrip at = from(i, 0);
    return {static_cast<std::uint32_t>(key >> 32) + static_cast<std::uint32_t>(at.row) * by_row +
                static_cast<std::uint32_t>(at.col) * by_col,
            down ? by_row : by_col};
  }
};

inline DitherBits place(const DitherStrip& strip, Eigen::Index i) { return strip.bits(i); }

using DitherTree = KeyedTree<DitherStrip>;

}  // namespace GRADUS_NAMESPACE::detail
