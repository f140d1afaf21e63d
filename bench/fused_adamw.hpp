// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace bench {

/// The constants of one step of AdamW.
struct AdamWConstants {
  float beta1, beta2, epsilon;
  float keep;        ///< 1 - learning rate · weight decay
  float rate;        ///< learning rate / (1 - beta1^t)
  float correction;  ///< 1 / sqrt(1 - beta2^t)
};

/// AdamW as one writes it by hand, in one loop. Its file is compiled with `-fno-math-errno`, without which
/// g++ computes the square roots one by one.
void fused_adamw(const AdamWConstants& constants, std::ptrdiff_t n, float* p, const float* g, float* m,
                 float* v);

}  // namespace bench
