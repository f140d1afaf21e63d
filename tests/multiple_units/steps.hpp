// SPDX-License-Identifier: MIT
//
// What both units do, with whatever their flags make of the library.
#pragma once

#include <Eigen/Core>
#include <vector>

namespace multiple_units {

/// Where some steps of Muon and of AdamW lead, and how many threads ran them.
struct Result {
  std::vector<Eigen::MatrixXf> weights;
  int threads = 0;
};

Result threaded();  ///< with OpenMP
Result serial();    ///< without

}  // namespace multiple_units
