// SPDX-License-Identifier: MIT
//
// The life of MPI in a program.
// not in the umbrella: it needs MPI 3.1 or later (Debian: libopenmpi-dev)
#pragma once

#include <cstdio>
#include <cstdlib>
#include <gradus/distributed/communicator.hpp>

namespace GRADUS_NAMESPACE::mpi {

/// MPI_Init and MPI_Finalize as a value; a program that calls them itself needs none. While an exception
/// flies, the destructor ends the job, of all ranks, by MPI_Abort: MPI_Finalize would wait for the others,
/// and they for this one, for ever. So does `std::exit` while it lives, which MPICH would call a success.
class Session {
 public:
  /// Starts MPI, for calls by one thread of each rank. Throws `std::runtime_error` if MPI cannot do that, or
  /// has been started before.
  Session(int& argc, char**& argv) : exceptions_(std::uncaught_exceptions()) {
    int started = 0, provided = MPI_THREAD_SINGLE;
    MPI_Initialized(&started);
    if (started != 0) throw std::runtime_error("gradus::mpi::Session: MPI has been started before");
    if (MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) {
      throw std::runtime_error("gradus::mpi::Session: MPI cannot be started");
    }
    if (provided < MPI_THREAD_FUNNELED) {
      MPI_Finalize();
      throw std::runtime_error("gradus::mpi::Session: this MPI cannot be used by a program with threads");
    }
    std::atexit([] {
      int finalized = 0;
      MPI_Finalized(&finalized);
      if (finalized == 0) MPI_Abort(MPI_COMM_WORLD, 1);
    });
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { std::uncaught_exceptions() > exceptions_ ? MPI_Abort(MPI_COMM_WORLD, 1) : MPI_Finalize(); }

 private:
  int exceptions_;
};

/// A whole program: `program(ranks)` with all processes that mpirun has started, or with this one alone, and
/// returns what that returns. An exception is printed with its rank, and ends the job of all ranks with the
/// exit status 1. A status other than 0 that `program` returns ends it with that status, because the others
/// may be waiting for this rank.
///
///     int main(int argc, char** argv) {
///       return gradus::mpi::run(argc, argv, [](gradus::mpi::Communicator& ranks) {
///         ...
///         return 0;
///       });
///     }
template <class Program>
int run(int& argc, char**& argv, const Program& program) {
  Session session(argc, argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const auto give_up = [&](const char* what) {
    std::fprintf(stderr, "rank %d gives up: %s\n", rank, what);
    std::fflush(nullptr);
    MPI_Abort(MPI_COMM_WORLD, 1);
    return 1;
  };
  try {
    Communicator ranks(MPI_COMM_WORLD);
    const int status = program(ranks);
    if (status != 0) {
      std::fflush(nullptr);  // MPI may leave without it
      MPI_Abort(MPI_COMM_WORLD, status);
    }
    return status;
  } catch (const std::exception& error) {
    return give_up(error.what());
  } catch (...) {
    return give_up("an exception that is none of std");
  }
}

}  // namespace GRADUS_NAMESPACE::mpi
