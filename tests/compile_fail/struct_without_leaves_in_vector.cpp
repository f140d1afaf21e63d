// expect-only: gradus: this struct does not name its leaves: write GRADUS_LEAVES(w1, b1)
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/adam.hpp>
#include <vector>

struct Layer {
  Eigen::MatrixXd w;
  Eigen::VectorXd b;
};

auto test(const std::vector<Layer>& params) { return gradus::Adam{}.init(params); }
