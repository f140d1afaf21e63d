// expect-only: gradus: of maps only those with unique strings as keys
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/adam.hpp>
#include <map>
#include <string>

auto test(const std::multimap<std::string, Eigen::MatrixXd>& params) { return gradus::Adam{}.init(params); }
