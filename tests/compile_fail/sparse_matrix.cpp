// expect-only: gradus: of Eigen's matrices only dense ones are leaves, not sparse or special ones
// SPDX-License-Identifier: MIT
#include <Eigen/SparseCore>
#include <gradus/optimizers/adam.hpp>

auto test(const Eigen::SparseMatrix<double>& params) { return gradus::Adam{}.init(params); }
