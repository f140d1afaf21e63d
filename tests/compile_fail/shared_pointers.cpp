// expect-only: gradus: a pointer is not a tree: use what it points to, or std::tie, or Eigen::Map
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/adam.hpp>
#include <memory>
#include <vector>

auto test(const std::vector<std::shared_ptr<Eigen::MatrixXd>>& params) { return gradus::Adam{}.init(params); }
