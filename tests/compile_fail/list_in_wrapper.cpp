// expect-only: gradus: a container without index is not a tree: use std::vector or std::deque
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/adam.hpp>
#include <gradus/wrappers/lookahead.hpp>
#include <list>

auto test(const std::list<Eigen::MatrixXd>& params) { return gradus::lookahead(gradus::Adam{}).init(params); }
