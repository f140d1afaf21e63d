// SPDX-License-Identifier: MIT
#include <gradus/distributed/mpi.hpp>
#include <gradus/optimizers/adam.hpp>

// One process needs no mpirun.
int main(int argc, char** argv) {
  return gradus::mpi::run(argc, argv, [](gradus::mpi::Communicator& ranks) {
    Eigen::MatrixXf w = Eigen::MatrixXf::Ones(8, 5);
    const auto optimizer = gradus::mpi::sharded(gradus::Adam{}, ranks);
    auto state = optimizer.init(w);
    gradus::mpi::GradientAverage average(ranks, w);
    average.add(w);
    optimizer.step(w, average.wait(), state);
    return w(0, 0) < 1 ? 0 : 1;
  });
}
