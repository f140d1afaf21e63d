// expect: gradus: parameters must be an Eigen Matrix, Array, Map, Ref or Block
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/sgd.hpp>
#include <vector>

void test(std::vector<double>& params, gradus::SGD::State<Eigen::VectorXd>& state) {
  gradus::SGD{}.step(params, params, state);
}
