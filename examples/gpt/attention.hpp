// SPDX-License-Identifier: MIT
//
// Causal attention of several heads: where characters look at those before them.
#pragma once

#include <gradus/linalg/product.hpp>

#include "scratch.hpp"

namespace gpt {

/// For each head of each sequence, with queries Q, keys K and values V, a column for every character:
///
///     L = KᵀQ/√rows                     the logits: how well key i answers query j
///     W = softmax of L's columns        only over i ≤ j: nobody sees the future
///     attended = V W                    every character gets a mean of values
///
/// and x += projection · attended, where qkv · input has Q, K and V.
template <class Scalar>
struct Attention {
  Index heads, length;
  Matrix<Scalar> qkv;             // queries above keys above values: 3 width x tokens
  Matrix<Scalar> weights;         // W of all heads of all sequences, side by side
  Matrix<Scalar> attended;        // width x tokens
  Vector<Scalar> largest_logits;  // the largest coefficient of L that each head has had since it was reset

  Attention(const Configuration& sizes, Index sequences, Index sequence_length)
      : heads(sizes.heads),
        length(sequence_length),
        qkv(3 * sizes.width, sequences * length),
        weights(length, length * heads * sequences),
        attended(sizes.width, qkv.cols()),
        largest_logits(heads) {
    reset_largest_logits();
  }

  void reset_largest_logits() { largest_logits.setConstant(-std::numeric_limits<Scalar>::infinity()); }

  void forward(const Block<Scalar>& block, const Matrix<Scalar>& input, Matrix<Scalar>& x,
               Scratch<Scalar>& scratch) {
    auto& workspace = scratch.workspace;
    gradus::multiply(qkv, block.qkv, input, workspace);
    for_each_head([&](Index head, auto part, auto w) {
      gradus::multiply_add(w, 0, 1 / root_of_rows(), part(qkv, 1).transpose(), part(qkv, 0), workspace);
      for (Index j = 0; j < length; ++j) {
        const Scalar largest = w.col(j).head(j + 1).maxCoeff();
        largest_logits[head] = std::max(largest_logits[head], largest);
        // Of the whole column, which is faster than of a part that is no multiple of the vectors.
        w.col(j).array() = (w.col(j).array() - largest).min(Scalar(0)).exp();
        w.col(j).tail(length - 1 - j).setZero();
        w.col(j) /= w.col(j).sum();
      }
      gradus::multiply(part(attended, 0), part(qkv, 2), w, workspace);
    });
    gradus::multiply_add(x, 1, 1, block.projection, attended, workspace);
  }

  /// Writes the derivative by the input and adds those by the weights, given the derivative by x:
  ///
  ///     d_V = d_attended Wᵀ,   d_W = Vᵀ d_attended
  ///     d_L = W ⊙ (d_W − the sum of each column of W ⊙ d_W)
  ///     d_Q = K d_L/√rows,     d_K = Q d_Lᵀ/√rows
  void backward(const Block<Scalar>& block, const Matrix<Scalar>& input, const Matrix<Scalar>& d_x,
                Matrix<Scalar>& d_input, Block<Scalar>& gradient, Scratch<Scalar>& scratch) {
    auto& workspace = scratch.workspace;
    auto &d_qkv = scratch.d_qkv, &d_attended = scratch.d_attended, &d_weights = scratch.d_weights;
    gradus::multiply_add(gradient.projection, 1, 1, d_x, attended.transpose(), workspace);
    gradus::multiply(d_attended, block.projection.transpose(), d_x, workspace);
    for_each_head([&](Index, auto part, auto w) {
      gradus::multiply(part(d_qkv, 2), part(d_attended, 0), w.transpose(), workspace);
      gradus::multiply(d_weights, part(qkv, 2).transpose(), part(d_attended, 0), workspace);
      for (Index j = 0; j < length; ++j) {
        auto d = d_weights.col(j).array();
        d = w.col(j).array() * (d - w.col(j).dot(d_weights.col(j)));
      }
      const double scale = 1 / root_of_rows();
      gradus::multiply_add(part(d_qkv, 0), 0, scale, part(qkv, 1), d_weights, workspace);
      gradus::multiply_add(part(d_qkv, 1), 0, scale, part(qkv, 0), d_weights.transpose(), workspace);
    });
    gradus::multiply_add(gradient.qkv, 1, 1, d_qkv, input.transpose(), workspace);
    gradus::multiply(d_input, block.qkv.transpose(), d_qkv, workspace);
  }

 private:
  Index rows() const { return attended.rows() / heads; }
  double root_of_rows() const { return std::sqrt(static_cast<double>(rows())); }

  // f(head, part, w) for each head of each sequence: part(m, k) is what belongs to both of the k-th width
  // rows of m, and w are the attention weights, a column for each query.
  template <class F>
  void for_each_head(const F& f) {
    for (Index i = 0; i < weights.cols() / length; ++i) {
      const Index sequence = i / heads, head = i % heads;
      const auto part = [&](auto& m, Index k) {
        return m.block(k * attended.rows() + head * rows(), sequence * length, rows(), length);
      };
      f(head, part, weights.middleCols(i * length, length));
    }
  }
};

}  // namespace gpt
