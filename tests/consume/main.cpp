// SPDX-License-Identifier: MIT
// The program that every way of using the library builds and runs.
#include <gradus/gradus.hpp>

int main() {
  // Built without OpenMP and, in one of the projects, with warnings as errors: instantiate the threaded
  // traversals.
  Eigen::MatrixXf w = Eigen::MatrixXf::Ones(3, 2);
  const Eigen::MatrixXf gradient_of_w = w;
  const gradus::Muon muon;
  auto muon_state = muon.init(w);
  muon.step(w, gradus::clip_by_global_norm(gradient_of_w, 1.0), muon_state);

  Eigen::Vector2d x{3.0, -2.0};
  const gradus::Adam adam{.learning_rate = 0.1};
  auto state = adam.init(x);
  for (int i = 0; i < 500; ++i) {
    const Eigen::Vector2d gradient = 2.0 * x;
    adam.step(x, gradient, state);
  }
  return x.norm() < 1e-3 ? 0 : 1;
}
