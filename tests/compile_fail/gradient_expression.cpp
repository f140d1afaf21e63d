// expect-only: gradus: this is an expression of Eigen: evaluate it first, as in (2 * m).eval()
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/sgd.hpp>

void test(Eigen::MatrixXd& params, gradus::SGD::State<Eigen::MatrixXd>& state) {
  gradus::SGD{}.step(params, 2 * params, state);
}
