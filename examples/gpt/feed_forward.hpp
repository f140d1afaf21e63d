// SPDX-License-Identifier: MIT
//
// The feed-forward network: two layers with GELU between them, for every character alone.
#pragma once

#include <gradus/core/for_each_block.hpp>
#include <gradus/linalg/product.hpp>

#include "scratch.hpp"

namespace gpt {

/// x += contract · gelu(expand · input), with GELU in its tanh form (arXiv:1606.08415):
///
///     gelu(h) = h (1 + t)/2 with t = tanh(c (h + 0.044715 h³)), c = √(2/π)
///     gelu'(h) = (1 + t)/2 + h (1 − t²)/2 · c (1 + 3 · 0.044715 h²)
template <class Scalar>
struct FeedForward {
  Matrix<Scalar> slope;      // h = expand · input, and then gelu'(h)
  Matrix<Scalar> activated;  // gelu(h)

  FeedForward(Index width, Index tokens) : slope(4 * width, tokens), activated(4 * width, tokens) {}

  void forward(const Block<Scalar>& block, const Matrix<Scalar>& input, Matrix<Scalar>& x,
               Scratch<Scalar>& scratch) {
    gradus::multiply(slope, block.expand, input, scratch.workspace);
    const auto gelu = [](auto& h, auto& output) {
      constexpr auto c = static_cast<Scalar>(0.79788456080286536), cubic = static_cast<Scalar>(0.044715);
      const auto square = h.square().eval();
      const auto t = (c * h * (1 + cubic * square)).tanh().eval();
      output = h * (1 + t) / 2;
      h = (1 + t) / 2 + h * (1 - t.square()) / 2 * (c + 3 * c * cubic * square);
    };
    gradus::for_each_block(gelu, slope, activated);
    gradus::multiply_add(x, 1, 1, block.contract, activated, scratch.workspace);
  }

  /// Writes the derivative by the input and adds those by the weights, given the derivative by x.
  void backward(const Block<Scalar>& block, const Matrix<Scalar>& input, const Matrix<Scalar>& d_x,
                Matrix<Scalar>& d_input, Block<Scalar>& gradient, Scratch<Scalar>& scratch) const {
    auto& d_hidden = scratch.d_hidden;
    gradus::multiply_add(gradient.contract, 1, 1, d_x, activated.transpose(), scratch.workspace);
    gradus::multiply(d_hidden, block.contract.transpose(), d_x, scratch.workspace);
    d_hidden.array() *= slope.array();
    gradus::multiply_add(gradient.expand, 1, 1, d_hidden, input.transpose(), scratch.workspace);
    gradus::multiply(d_input, block.expand.transpose(), d_hidden, scratch.workspace);
  }
};

}  // namespace gpt
