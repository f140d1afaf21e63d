// SPDX-License-Identifier: MIT
//
// The mean over ranks of what is averaged now and then: a number, or a gradient in a loop without hurry.
// not in the umbrella: it needs MPI 3.1 or later (Debian: libopenmpi-dev)
#pragma once

#include <gradus/distributed/gradient_average.hpp>

namespace GRADUS_NAMESPACE::mpi {

/// The mean of one gradient of each rank, as a tree of its own: for a loop that is not in a hurry. See
/// `GradientAverage`, which keeps its memory.
template <class G>
auto average(Communicator& ranks, const G& grads) {
  GradientAverage all(ranks, gradus::detail::structure(grads));
  all.add(grads);
  return all.wait();
}

/// The mean of a number of each rank, such as the loss; the same bits on all.
inline double average(Communicator& ranks, double number) {
  const std::vector<double> all = ranks.gather(number);
  double mean = 0;
  mpi::pairwise_mean(all.data(), 1, ranks.size(), ranks.size(), &mean);
  return mean;
}

}  // namespace GRADUS_NAMESPACE::mpi
