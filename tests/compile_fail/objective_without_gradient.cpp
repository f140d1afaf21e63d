// expect: gradus::minimize: the objective must be callable as f(x, gradient)
// SPDX-License-Identifier: MIT
#include <gradus/minimize/minimize.hpp>
#include <gradus/optimizers/sgd.hpp>

void test() {
  gradus::minimize([](const Eigen::VectorXd& x) { return x.squaredNorm(); }, Eigen::VectorXd::Zero(3),
                   gradus::SGD{});
}
