// expect-only: gradus: of maps only those with unique strings as keys
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/adam.hpp>
#include <map>

auto test(const std::map<int, Eigen::MatrixXd>& params) { return gradus::Adam{}.init(params); }
