// expect: gradus: this is an expression of Eigen: evaluate it first
// SPDX-License-Identifier: MIT
#include <gradus/gradients/clip.hpp>

auto test(const Eigen::MatrixXd& gradient) { return gradus::clip_by_global_norm(2 * gradient, 1.0); }
