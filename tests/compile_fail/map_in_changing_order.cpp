// expect-only: gradus: of maps only those with unique strings as keys
// SPDX-License-Identifier: MIT
#include <functional>
#include <gradus/optimizers/adam.hpp>
#include <map>
#include <string>

using Order = std::function<bool(const std::string&, const std::string&)>;

auto test(const std::map<std::string, Eigen::MatrixXd, Order>& params) { return gradus::Adam{}.init(params); }
