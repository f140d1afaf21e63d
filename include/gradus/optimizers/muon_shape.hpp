// SPDX-License-Identifier: MIT
//
// How Muon's step depends on the shape of the matrix.
#pragma once

#include <algorithm>
#include <cmath>
#include <gradus/core/layout.hpp>
#include <gradus/core/tree.hpp>

namespace GRADUS_NAMESPACE {

/// The factor that Muon gives a matrix between `in` inputs and `out` outputs.
enum class MuonScale {
  original,         ///< √max(1, out/in): Keller Jordan, PyTorch's default, optax
  match_rms_adamw,  ///< 0.2 √max(out, in): Moonlight; updates as large as AdamW's
  spectral,         ///< √(out/in): dion
  none              ///< 1
};

/// What the rows and columns of a matrix are, for Muon's scale.
using MuonLayout = Layout;

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

}  // namespace GRADUS_NAMESPACE
