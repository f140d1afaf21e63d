// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/namespace.hpp>

namespace GRADUS_NAMESPACE {

/// Whether the rows of a matrix belong to its outputs, y = Wx, or to its inputs, y = xW.
enum class Layout {
  outputs_by_inputs,  ///< PyTorch
  inputs_by_outputs   ///< optax
};

}  // namespace GRADUS_NAMESPACE
