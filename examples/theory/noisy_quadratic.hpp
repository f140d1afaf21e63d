// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <gradus/tools/portable_random.hpp>

namespace theory {

/// f(θ) = ½ Σ h_i θ_i², known by gradients with independent noise: unbiased and of variance σ². The
/// parameters are a matrix whose columns are runs side by side, so that the mean over its columns estimates
/// an expectation.
struct NoisyQuadratic {
  Eigen::VectorXd curvature;  // h
  double sigma = 1;
  gradus::PortableRandom random{1};

  /// The mean of f over the runs.
  double value(const Eigen::MatrixXd& theta) const {
    return (curvature.asDiagonal() * theta.cwiseAbs2()).sum() / (2.0 * static_cast<double>(theta.cols()));
  }

  /// ∇f + noise
  void gradient(const Eigen::MatrixXd& theta, Eigen::MatrixXd& gradient) {
    // Uniform in [−1, 1) has the variance 1/3; σ² is that of all coefficients together.
    const double amplitude = sigma * std::sqrt(3.0 / static_cast<double>(theta.rows()));
    gradient = curvature.asDiagonal() * theta;
    for (Eigen::Index i = 0; i < gradient.size(); ++i) gradient(i) += amplitude * random.uniform();
  }
};

}  // namespace theory
