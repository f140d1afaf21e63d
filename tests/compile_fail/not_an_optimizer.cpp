// expect: gradus::minimize: the optimizer needs init(params) and step(params, grads, state)
// SPDX-License-Identifier: MIT
#include <gradus/minimize/minimize.hpp>
#include <gradus/objectives/bowls.hpp>
#include <gradus/schedules/constant.hpp>

void test() { gradus::minimize(gradus::Sphere{}, Eigen::Vector2d{1, 2}, gradus::Constant{}); }
