// expect-only: gradus: of maps only those with unique strings as keys
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/adam.hpp>
#include <string>
#include <unordered_map>

auto test(const std::unordered_map<std::string, Eigen::MatrixXd>& params) {
  return gradus::Adam{}.init(params);
}
