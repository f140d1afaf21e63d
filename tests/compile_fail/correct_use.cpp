// expect-success
// SPDX-License-Identifier: MIT
#include <gradus/gradus.hpp>

void test(Eigen::MatrixXd& params, const Eigen::MatrixXf& gradient) {
  const auto optimizer = gradus::route(gradus::is_matrix, gradus::Muon{}, gradus::AdamW{});
  auto state = optimizer.init(params);
  optimizer.step(params, gradus::clip_by_value(gradient, 1.0), state);
}
