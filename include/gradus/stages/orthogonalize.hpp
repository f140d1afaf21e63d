// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <gradus/orthogonalize/orthogonalize.hpp>
#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

// Refuses a leaf that does not divide into blocks.
inline void require_blocks(const Path& path, Index rows, Index cols, int row_blocks, int column_blocks) {
  if (rows % row_blocks != 0 || cols % column_blocks != 0) {
    path.fail("is " + detail::shape_text(rows, cols) + ", which does not divide into " +
              detail::shape_text(row_blocks, column_blocks) + " blocks");
  }
}

}  // namespace detail

namespace stages {

/// The polar factor of a matrix, by a method of orthogonalization:
///
///     u ← orthogonalize(u)
///
/// u may be cut into `row_blocks` x `column_blocks` equal matrices, each orthogonalized by itself: 3 x 1 for
/// a fused QKV matrix, heads x 1 for the heads of one. A leaf that does not divide is refused.
template <Orthogonalizer Method = NewtonSchulz>
struct Orthogonalize {
  Method orthogonalizer{};  ///< how the polar factor is found
  int row_blocks = 1;       ///< at least 1
  int column_blocks = 1;    ///< at least 1
  GRADUS_FIELDS(Orthogonalize, orthogonalizer, row_blocks, column_blocks)

  template <class Tree>
  using State = NoState;

  /// Refuses what the method refuses, and less than one block.
  void validate(std::string_view who) const {
    require_at_least(who, "row_blocks", row_blocks, 1);
    require_at_least(who, "column_blocks", column_blocks, 1);
    orthogonalizer.validate(who);
  }

  /// Refuses a leaf that does not divide into blocks.
  template <class L>
  void check_leaf(const Path& path, const L& leaf) const {
    detail::require_blocks(path, leaf.rows(), leaf.cols(), row_blocks, column_blocks);
  }

  /// No state.
  static std::array<Shape, 0> shapes(Index, Index) { return {}; }

  /// Room for one block and for the method's own scratch.
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    rows /= row_blocks, cols /= column_blocks;
    return Workspace::bytes<Scalar>(rows, cols) + orthogonalizer.template scratch<Scalar>(rows, cols);
  }

  /// The floating-point operations of the method on all blocks.
  double flops(Index rows, Index cols) const {
    rows /= row_blocks, cols /= column_blocks;
    return static_cast<double>(row_blocks) * column_blocks * detail::polar_flops(orthogonalizer, rows, cols);
  }

  /// The polar factor in place of u.
  template <class S>
  auto begin(S&) const {
    return [this](auto& update) {
      auto& u = update.matrix;
      update.settle();
      if (row_blocks == 1 && column_blocks == 1) return orthogonalizer(u, update.workspace);
      const Index rows = u.rows() / row_blocks, cols = u.cols() / column_blocks;
      auto block =
          update.workspace.template take<typename std::remove_cvref_t<decltype(u)>::Scalar>(rows, cols);
      for (Index j = 0; j < u.cols(); j += cols) {
        for (Index i = 0; i < u.rows(); i += rows) {
          // Loops, not expressions, which would be compiled also where there is one block.
          for (Index k = 0; k < cols; ++k) std::copy_n(&u(i, j + k), rows, &block(0, k));
          orthogonalizer(block, update.workspace);
          for (Index k = 0; k < cols; ++k) std::copy_n(&block(0, k), rows, &u(i, j + k));
        }
      }
    };
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
