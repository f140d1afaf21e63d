// expect-only: gradus: leaves hold real floating-point numbers, not integers or complex numbers
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/muon.hpp>

auto test(const Eigen::MatrixXi& params) { return gradus::Muon{}.init(params); }
