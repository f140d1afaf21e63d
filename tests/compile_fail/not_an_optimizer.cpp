// expect: gradus::minimize: the optimizer needs init(params) and step(params, grads, state)
// SPDX-License-Identifier: MIT
#include <gradus/gradus.hpp>
#include <gradus/objectives/bowls.hpp>

void test() { gradus::minimize(gradus::Sphere{}, Eigen::Vector2d{1, 2}, gradus::Constant{}); }
