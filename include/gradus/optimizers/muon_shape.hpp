// SPDX-License-Identifier: MIT
//
// How Muon's step depends on the shape of the matrix.
#pragma once

#include <algorithm>
#include <cmath>
#include <gradus/core/tree.hpp>

namespace gradus {

/// The factor that Muon gives a matrix between `in` inputs and `out` outputs.
enum class MuonScale {
  original,         ///< √max(1, out/in): Keller Jordan, PyTorch's default, optax
  match_rms_adamw,  ///< 0.2 √max(out, in): Moonlight; updates as large as AdamW's
  spectral,         ///< √(out/in): dion
  none              ///< 1
};

/// Whether the rows of a matrix belong to its outputs, y = Wx, or to its inputs, y = xW.
enum class MuonLayout {
  outputs_by_inputs,  ///< PyTorch
  inputs_by_outputs   ///< optax
};

/// The factor of `scale` for a matrix of this shape.
inline double shape_factor(MuonScale scale, MuonLayout layout, Index rows, Index cols) {
  if (layout == MuonLayout::inputs_by_outputs) std::swap(rows, cols);
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

}  // namespace gradus
