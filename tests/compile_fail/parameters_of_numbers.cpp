// expect-only: gradus: a number is not a leaf
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/sgd.hpp>
#include <vector>

void test(std::vector<double>& params, gradus::SGD::State<Eigen::VectorXd>& state) {
  gradus::SGD{}.step(params, params, state);
}
