// SPDX-License-Identifier: MIT
//
// Layer normalization: every column gets mean 0 and variance 1, then a gain for each row.
#pragma once

#include "model.hpp"

namespace gpt {

/// output = gain ⊙ n with n = (x − mean x)/√(variance x + 1e-5), for each column x of its own.
template <class Scalar>
struct LayerNorm {
  Matrix<Scalar> normalized, output;  // n, and the output
  Vector<Scalar> scale;               // 1/√(variance x + 1e-5) of each column

  LayerNorm(Index width, Index tokens) : normalized(width, tokens), output(width, tokens), scale(tokens) {}

  void forward(const Vector<Scalar>& gain, const Matrix<Scalar>& x) {
    for (Index t = 0; t < x.cols(); ++t) {
      auto n = normalized.col(t);
      n = x.col(t).array() - x.col(t).mean();
      scale[t] = 1 / std::sqrt(n.squaredNorm() / static_cast<Scalar>(n.size()) + Scalar(1e-5));
      n *= scale[t];
      output.col(t) = gain.cwiseProduct(n);
    }
  }

  /// Adds the derivatives by x and by the gain, given the derivative by the output. With d = gain ⊙ d_output,
  ///
  ///     d_x += scale (d − mean d − n mean(d ⊙ n))
  ///
  /// since neither a constant added to x nor a factor of x changes n.
  void backward(const Vector<Scalar>& gain, const Matrix<Scalar>& d_output, Matrix<Scalar>& d_x,
                Vector<Scalar>& d_gain) const {
    for (Index t = 0; t < d_x.cols(); ++t) {
      const auto n = normalized.col(t).array();
      const auto d = gain.array() * d_output.col(t).array();
      d_gain.array() += d_output.col(t).array() * n;
      d_x.col(t).array() += scale[t] * (d - d.mean() - n * (d * n).mean());
    }
  }
};

}  // namespace gpt
