// expect-only: gradus: leaves hold real floating-point numbers, not integers or complex numbers
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/adam.hpp>

auto test(const Eigen::MatrixXcd& params) { return gradus::Adam{}.init(params); }
