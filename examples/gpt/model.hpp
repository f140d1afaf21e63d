// SPDX-License-Identifier: MIT
//
// The parameters of a GPT: what there is to learn, before anything is computed.
#pragma once

#include <cmath>
#include <gradus/core/like.hpp>
#include <gradus/core/tree.hpp>
#include <gradus/tools/portable_random.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace gpt {

using Eigen::Index;
template <class Scalar>
using Matrix = Eigen::MatrixX<Scalar>;
template <class Scalar>
using Vector = Eigen::VectorX<Scalar>;

/// The sizes of a model. The defaults are nanoGPT's for a processor without a graphics card.
struct Configuration {
  Index characters = 65;  // how many different ones the text has
  Index context = 64;     // how many of them the model sees at once
  Index layers = 4, heads = 4, width = 128;

  void validate() const {
    for (const Index size : {characters, context, layers, heads, width}) {
      if (size < 1) throw std::invalid_argument("all sizes of the model must be at least 1");
    }
    if (width % heads != 0) {
      throw std::invalid_argument("the width, " + std::to_string(width) + ", is no multiple of the " +
                                  std::to_string(heads) + " heads");
    }
  }
};

/// One layer: first every character looks at those before it (attention), then each thinks for itself (the
/// feed-forward network). Weights are outputs x inputs: a layer computes w x for a column x.
template <class Scalar>
struct Block {
  Vector<Scalar> norm1;       // width
  Matrix<Scalar> qkv;         // 3 width x width: queries, keys and values of all heads
  Matrix<Scalar> projection;  // width x width
  Vector<Scalar> norm2;       // width
  Matrix<Scalar> expand;      // 4 width x width
  Matrix<Scalar> contract;    // width x 4 width
  GRADUS_LEAVES(norm1, qkv, projection, norm2, expand, contract)
};

/// The whole model, a tree of parameters. Its gradient is kept in the same type.
template <class Scalar>
struct Model {
  Matrix<Scalar> token_embedding;     // width x characters; transposed, it is the last layer as well
  Matrix<Scalar> position_embedding;  // width x context
  std::vector<Block<Scalar>> blocks;
  Vector<Scalar> norm;
  GRADUS_LEAVES(token_embedding, position_embedding, blocks, norm)
};

/// The matrices inside the blocks, for which Muon was made. Embeddings are tables: each column stands for
/// itself.
inline constexpr auto is_hidden_matrix = [](const gradus::LeafInfo& leaf) {
  return gradus::is_matrix(leaf) && leaf.name.starts_with("blocks");
};

/// GPT-2's initialization: normal with the usual deviation, and smaller for the matrices that write into the
/// residual stream, so that its variance does not grow with the number of layers.
template <class Scalar>
Model<Scalar> random_model(const Configuration& sizes, std::uint64_t seed, double usual = 0.02) {
  sizes.validate();
  gradus::PortableRandom random(seed);
  const auto normal = [&](Index rows, Index cols, double deviation) {
    Matrix<Scalar> m(rows, cols);
    for (Scalar& x : m.reshaped()) x = static_cast<Scalar>(deviation * random.normal());
    return m;
  };
  const Index width = sizes.width;
  const double residual = usual / std::sqrt(2.0 * static_cast<double>(sizes.layers));
  const Vector<Scalar> ones = Vector<Scalar>::Ones(width);
  Model<Scalar> model{normal(width, sizes.characters, usual), normal(width, sizes.context, usual), {}, ones};
  for (Index layer = 0; layer < sizes.layers; ++layer) {
    model.blocks.push_back({ones, normal(3 * width, width, usual), normal(width, width, residual), ones,
                            normal(4 * width, width, usual), normal(width, 4 * width, residual)});
  }
  return model;
}

}  // namespace gpt
