// SPDX-License-Identifier: MIT
#include "fused_adamw.hpp"

#include <cmath>

void bench::fused_adamw(const AdamWConstants& constants, std::ptrdiff_t n, float* p, const float* g, float* m,
                        float* v) {
  const auto [beta1, beta2, epsilon, keep, rate, correction] = constants;
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    m[i] += (1 - beta1) * (g[i] - m[i]);
    v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
    p[i] = keep * p[i] - rate * m[i] / (correction * std::sqrt(v[i]) + epsilon);
  }
}
