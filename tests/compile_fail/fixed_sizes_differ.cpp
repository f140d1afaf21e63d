// expect: gradus: a parameter and its gradient (or its state) have different fixed sizes
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/sgd.hpp>

void test(Eigen::Vector2d& params, Eigen::Vector3d& gradient, gradus::SGD::State<Eigen::Vector2d>& state) {
  gradus::SGD{}.step(params, gradient, state);
}
