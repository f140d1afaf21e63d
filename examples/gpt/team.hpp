// SPDX-License-Identifier: MIT
//
// The processes that train together.
#pragma once

#include <functional>

#include "model.hpp"

namespace gpt {

/// This process alone; `team_of` in divided.hpp is the ranks of MPI. Each draws batches of its own, and all
/// take the same step, with the mean of their gradients.
struct Team {
  int rank = 0, size = 1;
  // The mean of all processes, in place; of a number of each; the largest in each place, in place.
  std::function<void(Model<float>& gradient)> average = [](Model<float>&) {};
  std::function<double(double)> mean = [](double number) { return number; };
  std::function<void(Matrix<float>& numbers)> largest = [](Matrix<float>&) {};
};

}  // namespace gpt
