// expect-only: gradus: this is an expression of Eigen: evaluate it first, as in (2 * m).eval()
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/adam.hpp>

auto test(const Eigen::MatrixXd& params) { return gradus::Adam{}.init(2 * params); }
