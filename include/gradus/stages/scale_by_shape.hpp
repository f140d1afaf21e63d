// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/layout.hpp>
#include <gradus/stages/orthogonalize.hpp>
#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

/// The factor that Muon gives a matrix between `in` inputs and `out` outputs.
enum class MuonScale {
  original,         ///< √max(1, out/in): Keller Jordan, PyTorch's default, optax
  match_rms_adamw,  ///< 0.2 √max(out, in): Moonlight; updates as large as AdamW's
  spectral,         ///< √(out/in): dion
  none              ///< 1
};

/// The factor of `scale` for a matrix of this shape.
inline double shape_factor(MuonScale scale, Layout layout, Index rows, Index cols) {
  if (layout == Layout::inputs_by_outputs) std::swap(rows, cols);
  const double out = static_cast<double>(rows), in = static_cast<double>(cols);
  switch (scale) {
    case MuonScale::original:
      return std::sqrt(std::max(1.0, out / in));
    case MuonScale::match_rms_adamw:
      return 0.2 * std::sqrt(std::max(out, in));
    case MuonScale::spectral:
      return std::sqrt(out / in);
    case MuonScale::none:
      break;
  }
  return 1;
}

namespace stages {

/// A learning rate for the shape of a matrix, or of the blocks that `Orthogonalize` cuts it into:
///
///     η ← scale(rows, cols) η
struct ScaleByShape {
  MuonScale scale = MuonScale::original;      ///< which factor
  Layout layout = Layout::outputs_by_inputs;  ///< what rows and columns are
  int row_blocks = 1;                         ///< at least 1
  int column_blocks = 1;                      ///< at least 1
  GRADUS_FIELDS(ScaleByShape, scale, layout, row_blocks, column_blocks)

  template <class Tree>
  using State = NoState;

  /// Refuses less than one block.
  void validate(std::string_view who) const {
    require_at_least(who, "row_blocks", row_blocks, 1);
    require_at_least(who, "column_blocks", column_blocks, 1);
  }

  /// No state.
  static std::array<Shape, 0> shapes(Index, Index) { return {}; }

  /// The factor, into the update's rate.
  template <class S>
  auto begin(S&) const {
    return [*this](auto& update) {
      update.rate *= gradus::shape_factor(scale, layout, update.matrix.rows() / row_blocks,
                                          update.matrix.cols() / column_blocks);
    };
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
