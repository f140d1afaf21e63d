// expect-only: gradus::minimize: the objective takes the gradient by value or const, so it cannot write it
// SPDX-License-Identifier: MIT
#include <gradus/minimize/minimize.hpp>
#include <gradus/optimizers/sgd.hpp>

void test() {
  const auto objective = [](const Eigen::VectorXd& x, const Eigen::VectorXd&) { return x.squaredNorm(); };
  gradus::minimize(objective, Eigen::VectorXd::Zero(3), gradus::SGD{});
}
