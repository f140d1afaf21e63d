// SPDX-License-Identifier: MIT
//
// Memory that all layers use in turn, so that it stays in the processor's cache.
#pragma once

#include <gradus/core/workspace.hpp>

#include "model.hpp"

namespace gpt {

/// Derivatives that no other layer needs, and what a product packs its factors into.
template <class Scalar>
struct Scratch {
  gradus::Workspace workspace;
  Matrix<Scalar> d_qkv, d_attended, d_weights, d_hidden;

  Scratch(const Configuration& sizes, Index sequences, Index length)
      : d_qkv(3 * sizes.width, sequences * length),
        d_attended(sizes.width, d_qkv.cols()),
        d_weights(length, length),
        d_hidden(4 * sizes.width, d_qkv.cols()) {}
};

}  // namespace gpt
