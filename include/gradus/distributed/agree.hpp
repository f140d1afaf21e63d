// SPDX-License-Identifier: MIT
//
// Errors that are errors of all ranks.
// not in the umbrella: it needs MPI 3.1 or later (Debian: libopenmpi-dev)
#pragma once

#include <concepts>
#include <gradus/distributed/communicator.hpp>

namespace GRADUS_NAMESPACE::mpi {

/// What another rank has thrown, or this one, in `agree`: "rank 3: std::bad_alloc".
struct RankError : std::runtime_error {
  int rank;  ///< the first of the ranks that have failed

  /// The error of a rank.
  RankError(int of, const std::string& what)
      : std::runtime_error("rank " + std::to_string(of) + ": " + what), rank(of) {}
};

/// All ranks learn whether one has failed: each says its `failure`, or nothing (an empty text) if all is
/// well. Throws `RankError` with the message of the first that has failed, the same on every rank. One
/// message of 8 bytes where all is well.
inline void agree(const Communicator& ranks, const std::string& failure) {
  const auto mine = static_cast<std::uint64_t>(failure.empty() ? 0 : ranks.size() - ranks.rank());
  const std::uint64_t worst = ranks.largest(std::array{mine})[0];
  if (worst == 0) return;
  const int first = ranks.size() - static_cast<int>(worst);
  throw RankError(first, ranks.broadcast(failure, first));
}

/// Calls `f()` on every rank. What it throws on one of them, all throw, as a `RankError`; nobody waits for a
/// rank that has given up.
///
///     gradus::mpi::agree(ranks, [&] { batch = read_next(file); });
template <class F>
requires(std::invocable<const F&>) void agree(const Communicator& ranks, const F& f) {
  std::string failure;
  try {
    f();
  } catch (const std::exception& error) {
    failure = error.what();
    if (failure.empty()) failure = "an exception";
  } catch (...) {
    failure = "an exception that is none of std";
  }
  mpi::agree(ranks, failure);
}

}  // namespace GRADUS_NAMESPACE::mpi
