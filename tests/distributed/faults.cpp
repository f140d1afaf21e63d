// SPDX-License-Identifier: MIT
//
// Rank 1 fails in the way that the argument names, while the others wait for its gradient: the job must end.
// With "none" nobody fails.
#include <csignal>
#include <cstdlib>
#include <gradus/distributed/mpi.hpp>
#include <gradus/optimizers/adam.hpp>
#include <string>

namespace {

namespace mpi = gradus::mpi;

int train(mpi::Communicator& ranks, const std::string& fault) {
  Eigen::MatrixXf w = Eigen::MatrixXf::Ones(300, 200);
  const auto optimizer = mpi::sharded(gradus::Adam{}, ranks);
  auto state = optimizer.init(w);
  mpi::GradientAverage average(ranks, w, {.bucket_bytes = 4096});
  for (int t = 0; t < 3; ++t) {
    if (ranks.rank() == 1 && t == 1 && fault != "none") {
      average.add(w);  // so that messages are on the way
      if (fault == "killed") std::raise(SIGKILL);
      if (fault == "left") std::exit(0);
      if (fault == "status") return 3;
      throw std::runtime_error("no more data");
    }
    average.add(w);
    optimizer.step(w, average.wait(), state);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string fault = argc > 1 ? argv[1] : "";
  if (fault != "unwinding") {
    return mpi::run(argc, argv, [&](mpi::Communicator& ranks) { return train(ranks, fault); });
  }
  // The exception passes the session, and is caught outside.
  try {
    mpi::Session session(argc, argv);
    mpi::Communicator ranks(MPI_COMM_WORLD);
    return train(ranks, fault);
  } catch (const std::exception&) {
    return 2;
  }
}
