// SPDX-License-Identifier: MIT
//
// The two forms of Newton–Schulz, and what they cost.
#pragma once

#include <algorithm>
#include <gradus/core/node.hpp>
#include <gradus/orthogonalize/coefficients.hpp>

namespace GRADUS_NAMESPACE {

/// Which of its two forms Newton–Schulz takes.
enum class NewtonSchulzForm {
  cheaper,  ///< the one of fewer `flops`: `gram` from an aspect ratio of about 1.5 on
  plain,    ///< X in every step
  gram      ///< the small matrix XXᵀ in every step, X at the ends
};

namespace detail {

// Whether the Gram form makes R = XXᵀ anew before this step. Where singular values of X are tiny or zero,
// rounding leaves eigenvalues of about ±ε in R, ε being the machine epsilon, and a step multiplies them by
// a². Once large, they pass for singular values, and negative ones explode. A quintic that maps [0, u] into
// itself has |a| ≤ 5, so that in three steps they stay below 25²ε = 7e-5 in float, in six below 25⁵ε = 2e-9
// in double. The first step, whose a is up to twice as large, is one of two or five.
template <class Scalar>
bool restarts_before(int step) {
  constexpr int every = sizeof(Scalar) < sizeof(double) ? 3 : 6;
  return step % every == every - 1;
}

// The floating-point operations of one form on a matrix, symmetric results counted once.
template <class Scalar>
double newton_schulz_flops(const Coefficients& coefficients, int steps, Index rows, Index cols, bool gram) {
  const auto m = static_cast<double>(std::min(rows, cols)), n = static_cast<double>(std::max(rows, cols));
  const double gram_product = m * m * n, commuting = m * m * m, apply = 2 * m * m * n;
  double total = gram ? gram_product + apply : 0;
  for (int k = 0; k < steps; ++k) {
    const bool restart = restarts_before<Scalar>(k);
    if (coefficients[k].c != 0) total += commuting;
    if (!gram || restart) total += gram_product + apply;
    if (!gram) continue;
    if (k > 0 && !restart) total += commuting;
    if (k + 1 < steps && !restarts_before<Scalar>(k + 1)) total += 2 * commuting;
  }
  return total;
}

}  // namespace detail
}  // namespace GRADUS_NAMESPACE
