// expect: gradus: gradients must be Eigen objects in memory (evaluate expressions first)
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/sgd.hpp>

void test(Eigen::MatrixXd& params, gradus::SGD::State<Eigen::MatrixXd>& state) {
  gradus::SGD{}.step(params, 2 * params, state);
}
