// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/SVD>
#include <gradus/core/workspace.hpp>
#include <limits>
#include <string_view>

namespace GRADUS_NAMESPACE {

/// The exact polar factor UVᵀ by singular value decomposition: the oracle for `NewtonSchulz`, and a
/// replacement for it where matrices are small. Singular values below max(m, n) · machine epsilon of the
/// largest count as zero and stay zero. Infinity or NaN anywhere gives NaN everywhere. Allocates inside the
/// decomposition.
struct ExactPolar {
  /// There is nothing to refuse.
  void validate(std::string_view) const {}

  /// It brings its own scratch memory.
  template <class Scalar>
  static std::size_t scratch(Eigen::Index, Eigen::Index) {
    return 0;
  }

  /// Replaces `x` by its polar factor.
  template <class Scalar>
  void operator()(MatrixMap<Scalar> x, Workspace&) const {
    if (x.size() == 0) return;
    if (!x.allFinite()) {
      x.setConstant(std::numeric_limits<Scalar>::quiet_NaN());
      return;
    }
    const Scalar largest = x.cwiseAbs().maxCoeff();
    if (largest == Scalar(0)) return;
    using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
    const Eigen::JacobiSVD<Matrix> svd(x / largest, Eigen::ComputeThinU | Eigen::ComputeThinV);
    const auto& sigma = svd.singularValues();
    const Scalar tiny =
        sigma(0) * static_cast<Scalar>(std::max(x.rows(), x.cols())) * std::numeric_limits<Scalar>::epsilon();
    const Eigen::Index rank = (sigma.array() > tiny).count();
    x.noalias() = svd.matrixU().leftCols(rank) * svd.matrixV().leftCols(rank).transpose();
  }
};

}  // namespace GRADUS_NAMESPACE
