// SPDX-License-Identifier: MIT
// The program that every way of using the library builds and runs.
#include <gradus/gradus.hpp>

int main() {
  Eigen::Vector2d x{3.0, -2.0};
  const gradus::Adam adam{.learning_rate = 0.1};
  auto state = adam.init(x);
  for (int i = 0; i < 500; ++i) {
    const Eigen::Vector2d gradient = 2.0 * x;
    adam.step(x, gradient, state);
  }
  return x.norm() < 1e-3 ? 0 : 1;
}
