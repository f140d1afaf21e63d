// SPDX-License-Identifier: MIT
//
// How noisy is the gradient of a batch?
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/sum_blocks.hpp>
#include <limits>

namespace GRADUS_NAMESPACE {

/// Signal and noise of the gradients ∇f_i of single samples: what decides how large a batch is worth its
/// cost. `gradient_noise` measures it, `estimate_gradient_noise` estimates it from batches.
struct GradientNoise {
  double squared_norm = 0;  ///< ‖∇f‖² of the mean gradient
  double variance = 0;      ///< σ² = tr Σ: the mean of ‖∇f_i − ∇f‖²

  /// Variance of the mean of `batch` gradients that are drawn independently, with replacement: σ²/b.
  double batch_variance(double batch) const { return variance / batch; }

  /// Same for `batch` different ones out of `samples`: (σ²/b) (n − b)/(n − 1).
  double batch_variance(double batch, double samples) const {
    return samples == batch ? 0 : variance / batch * (samples - batch) / (samples - 1);
  }

  /// The batch whose noise is as large as its signal, B = tr Σ/‖∇f‖² (the simple noise scale of McCandlish et
  /// al., arXiv:1812.06162). The best step on a batch of size b makes 1/(1 + B/b) of the progress of the best
  /// step on the whole, where the curvature is alike in all directions.
  double critical_batch_size() const { return variance / squared_norm; }
};

/// The noise at `x` of a finite sum, from the gradient of every sample.
template <class F, Parameters X>
GradientNoise gradient_noise(const F& f, const X& x) {
  static_assert(FiniteSum<F, like<X>>, "gradus: gradient_noise needs f.size() and f(x, gradient, batch)");
  like<X> mean = gradus::zeros_like(x), single = gradus::zeros_like(x);
  f(x, mean);
  const double norm_of_mean = gradus::norm(mean);
  GradientNoise noise{norm_of_mean * norm_of_mean, 0};
  const Index n = f.size();
  for (Index i = 0; i < n; ++i) {
    f(x, single, std::span<const Index>(&i, 1));
    const auto squared_distance = [](const auto& a, const auto& b) {
      return (a.template cast<double>() - b.template cast<double>()).square();
    };
    noise.variance += gradus::sum_blocks(squared_distance, single, mean) / static_cast<double>(n);
  }
  return noise;
}

/// The noise estimated from the squared norms of the gradients g and G of a small and a large batch (b and B
/// samples; McCandlish et al., arXiv:1812.06162, appendix A):
///
///     ‖∇f‖² ≈ (B‖G‖² − b‖g‖²) / (B − b),    tr Σ ≈ (‖g‖² − ‖G‖²) / (1/b − 1/B)
///
/// Both are unbiased for independent samples, but their quotient is not: give it the means of ‖g‖² and ‖G‖²
/// over many batches. Either may come out negative. Throws `std::invalid_argument` unless 0 < b < B.
inline GradientNoise estimate_gradient_noise(double small_batch, double small_squared_norm,
                                             double large_batch, double large_squared_norm) {
  require_field(small_batch > 0, "estimate_gradient_noise", "small_batch", small_batch, "be positive");
  require_field(large_batch > small_batch, "estimate_gradient_noise", "large_batch", large_batch,
                "be larger than small_batch");
  return {(large_batch * large_squared_norm - small_batch * small_squared_norm) / (large_batch - small_batch),
          (small_squared_norm - large_squared_norm) / (1 / small_batch - 1 / large_batch)};
}

}  // namespace GRADUS_NAMESPACE
