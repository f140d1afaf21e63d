// expect: gradus: a container without index is not a tree: use std::vector or std::deque
// SPDX-License-Identifier: MIT
#include <gradus/minimize/minimize.hpp>
#include <gradus/optimizers/adam.hpp>
#include <list>

void test(const std::list<Eigen::MatrixXd>& start) {
  gradus::minimize([](const auto&, auto&) { return 0.0; }, start, gradus::Adam{});
}
