// expect: gradus: the trees differ in structure
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/sgd.hpp>

using Two = std::tuple<Eigen::VectorXd, Eigen::VectorXd>;

void test(Two& params, std::tuple<Eigen::VectorXd>& gradient, gradus::SGD::State<Two>& state) {
  gradus::SGD{}.step(params, gradient, state);
}
