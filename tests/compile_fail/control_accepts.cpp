// expect-success
// SPDX-License-Identifier: MIT
// If this does not compile, the other files here fail for the wrong reason.
#include <gradus/optimizers/adam.hpp>

int main() {
  Eigen::Vector2d x{1.0, 2.0};
  const gradus::Adam adam{.learning_rate = 0.1};
  auto state = adam.init(x);
  adam.step(x, Eigen::Vector2d{2.0 * x}, state);
}
