// expect-only: gradus: a number is not a leaf: use an Eigen vector, or an Eigen::Map of the numbers
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/adam.hpp>
#include <vector>

auto test(const std::vector<double>& params) { return gradus::Adam{}.init(params); }
