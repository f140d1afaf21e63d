// expect: gradus::sharpness_aware: the objective must be callable as f(x, gradient) with these parameters
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/sgd.hpp>
#include <gradus/wrappers/sharpness_aware.hpp>

void test(Eigen::VectorXd& x, const Eigen::VectorXd& gradient) {
  const auto value_alone = [](const Eigen::VectorXd& at) { return at.squaredNorm(); };
  const auto optimizer = gradus::sharpness_aware(value_alone, gradus::SGD{});
  auto state = optimizer.init(x);
  optimizer.step(x, gradient, state);
}
