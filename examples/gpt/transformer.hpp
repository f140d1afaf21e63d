// SPDX-License-Identifier: MIT
//
// The whole network: from characters to the loss, and back to the gradient.
#pragma once

#include <gradus/linalg/product.hpp>
#include <span>

#include "attention.hpp"
#include "feed_forward.hpp"
#include "layer_norm.hpp"
#include "model.hpp"

namespace gpt {

/// Characters by their numbers; of several sequences, one after the other.
using Tokens = std::span<const int>;

/// Room for everything that a forward pass leaves behind for the backward pass: made once, for so many
/// sequences of one length. All activations are width x tokens, the sequences one after the other.
template <class Scalar>
class Transformer {
 public:
  Transformer(const Configuration& sizes, Index sequences, Index length)
      : logits(sizes.characters, sequences * length),
        length_(length),
        x_(sizes.width, logits.cols()),
        d_x_(sizes.width, logits.cols()),
        d_input_(sizes.width, logits.cols()),
        norm_(sizes.width, logits.cols()),
        scratch_(sizes, sequences, length) {
    for (Index i = 0; i < sizes.layers; ++i) layers.emplace_back(sizes, sequences, length);
  }

  struct Layer {
    LayerNorm<Scalar> norm1, norm2;
    Attention<Scalar> attention;
    FeedForward<Scalar> feed_forward;

    Layer(const Configuration& sizes, Index sequences, Index length)
        : norm1(sizes.width, sequences * length),
          norm2(norm1),
          attention(sizes, sequences, length),
          feed_forward(sizes.width, sequences * length) {}
  };

  std::vector<Layer> layers;
  Matrix<Scalar> logits;  // the logarithms of the odds of each character to be the next

  /// Computes the logits.
  void forward(const Model<Scalar>& model, Tokens tokens) {
    for (Index i = 0; i < x_.cols(); ++i) {
      x_.col(i) = model.token_embedding.col(tokens[at(i)]) + model.position_embedding.col(i % length_);
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const Block<Scalar>& block = model.blocks[i];
      Layer& layer = layers[i];
      layer.norm1.forward(block.norm1, x_);
      layer.attention.forward(block, layer.norm1.output, x_, scratch_);
      layer.norm2.forward(block.norm2, x_);
      layer.feed_forward.forward(block, layer.norm2.output, x_, scratch_);
    }
    norm_.forward(model.norm, x_);
    gradus::multiply(logits, model.token_embedding.transpose(), norm_.output, scratch_.workspace);
  }

  /// The sum of the cross-entropy over all tokens, after `forward`. Replaces the logits by the derivative of
  /// `weight` times this sum.
  double loss(Tokens targets, double weight) {
    double total = 0;
    for (Index i = 0; i < logits.cols(); ++i) {
      auto column = logits.col(i).array();
      column -= column.maxCoeff();  // so that exp cannot overflow
      const Scalar of_target = column[targets[at(i)]];
      column = column.exp();
      const Scalar sum = column.sum();
      total += std::log(static_cast<double>(sum)) - static_cast<double>(of_target);
      column *= static_cast<Scalar>(weight) / sum;
      column[targets[at(i)]] -= static_cast<Scalar>(weight);
    }
    return total;
  }

  /// Adds the derivatives by all parameters to the gradient, after `loss`.
  void backward(const Model<Scalar>& model, Tokens tokens, Model<Scalar>& gradient) {
    gradus::multiply_add(gradient.token_embedding, 1, 1, norm_.output, logits.transpose(),
                         scratch_.workspace);
    gradus::multiply(d_input_, model.token_embedding, logits, scratch_.workspace);
    d_x_.setZero();
    norm_.backward(model.norm, d_input_, d_x_, gradient.norm);
    for (std::size_t i = layers.size(); i-- > 0;) {
      const Block<Scalar>& block = model.blocks[i];
      Block<Scalar>& to = gradient.blocks[i];
      Layer& layer = layers[i];
      layer.feed_forward.backward(block, layer.norm2.output, d_x_, d_input_, to, scratch_);
      layer.norm2.backward(block.norm2, d_input_, d_x_, to.norm2);
      layer.attention.backward(block, layer.norm1.output, d_x_, d_input_, to, scratch_);
      layer.norm1.backward(block.norm1, d_input_, d_x_, to.norm1);
    }
    for (Index i = 0; i < d_x_.cols(); ++i) {
      gradient.token_embedding.col(tokens[at(i)]) += d_x_.col(i);
      gradient.position_embedding.col(i % length_) += d_x_.col(i);
    }
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  Index length_;
  Matrix<Scalar> x_, d_x_, d_input_;
  LayerNorm<Scalar> norm_;
  Scratch<Scalar> scratch_;
};

/// The number of a character drawn with the probabilities that a column of logits stands for.
template <class Column>
int draw_character(const Column& logits, double temperature, gradus::PortableRandom& random) {
  const Eigen::ArrayXd odds =
      ((logits.template cast<double>().array() - static_cast<double>(logits.maxCoeff())) / temperature).exp();
  double left = (random.uniform() + 1) / 2 * odds.sum();
  Index i = 0;
  while (i + 1 < odds.size() && left >= odds[i]) left -= odds[i++];
  return static_cast<int>(i);
}

}  // namespace gpt
