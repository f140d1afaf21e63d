// expect-only: gradus: a container without index is not a tree: use std::vector or std::deque
// SPDX-License-Identifier: MIT
#include <gradus/gradients/clip.hpp>
#include <list>

auto test(const std::list<Eigen::MatrixXd>& gradients) { return gradus::clip_by_global_norm(gradients, 1.0); }
