// expect: put data_parallel around the wrapper
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/adam.hpp>
#include <gradus/wrappers/lookahead.hpp>
#include <gradus/wrappers/skip_nonfinite.hpp>

// As mpi::data_parallel, which needs MPI.
struct Averaging : gradus::Adam {
  static constexpr bool averages_gradients = true;
};

void test(const Eigen::VectorXd& x) { gradus::skip_nonfinite(gradus::lookahead(Averaging{})).init(x); }
