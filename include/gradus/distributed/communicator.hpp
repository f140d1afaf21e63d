// SPDX-License-Identifier: MIT
//
// A group of processes, and the few calls of MPI that the library makes.
// not in the umbrella: it needs MPI 3.1 or later (Debian: libopenmpi-dev)
#pragma once

// Else the headers bring C++ bindings that no longer exist.
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <gradus/core/namespace.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// Training on several processes, by MPI.
namespace GRADUS_NAMESPACE::mpi {

/// The ranks that train together: a duplicate of a communicator of MPI, so that the library's messages never
/// meet the user's. All ranks make it, use it and end it together; every function is called by all of them,
/// in the same order, and by one thread of each. Neither copied nor moved, because what is made for it keeps
/// its address.
///
/// Errors of MPI are `std::runtime_error` that names the rank and the call.
class Communicator {
 public:
  /// A duplicate of `of`, which MPI_Init must have made.
  explicit Communicator(MPI_Comm of) : exceptions_(std::uncaught_exceptions()) {
    check(MPI_Comm_dup(of, &comm_), "MPI_Comm_dup");
    check(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    check(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
    check(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
  }
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  /// Frees the duplicate, together with the other ranks; while an exception flies, which they may know
  /// nothing of, it does nothing.
  ~Communicator() {
    int finalized = 0;
    MPI_Finalized(&finalized);
    if (finalized == 0 && std::uncaught_exceptions() <= exceptions_) MPI_Comm_free(&comm_);
  }

  int rank() const { return rank_; }      ///< of this process, 0, ..., size() − 1
  int size() const { return size_; }      ///< how many there are
  MPI_Comm get() const { return comm_; }  ///< the duplicate, for other calls

  /// Bytes that this rank has received from others in `start_exchange` and `start_gather`.
  std::int64_t received() const { return received_; }

  /// The largest over all ranks, place by place.
  template <std::size_t N>
  std::array<std::uint64_t, N> largest(std::array<std::uint64_t, N> values) const {
    check(MPI_Allreduce(MPI_IN_PLACE, values.data(), N, MPI_UINT64_T, MPI_MAX, comm_), "MPI_Allreduce");
    return values;
  }

  /// `text` of the rank `root`, on all.
  std::string broadcast(std::string text, int root) const {
    std::uint64_t length = text.size();
    check(MPI_Bcast(&length, 1, MPI_UINT64_T, root, comm_), "MPI_Bcast");
    text.resize(static_cast<std::size_t>(length));
    for (std::size_t at = 0; at < text.size(); at += most) {
      const int count = static_cast<int>(std::min(most, text.size() - at));
      check(MPI_Bcast(text.data() + at, count, MPI_CHAR, root, comm_), "MPI_Bcast");
    }
    return text;
  }

  /// The number of every rank, on all, in the order of ranks.
  template <class Number>
  requires(std::is_arithmetic_v<Number>) std::vector<Number> gather(Number mine)
  const {
    std::vector<Number> all(static_cast<std::size_t>(size_));
    check(MPI_Allgather(&mine, sizeof mine, MPI_BYTE, all.data(), sizeof mine, MPI_BYTE, comm_),
          "MPI_Allgather");
    return all;
  }

  /// The text of every rank, on all, in the order of ranks.
  std::vector<std::string> gather(const std::string& mine) const {
    const std::vector<std::uint64_t> sizes = gather(static_cast<std::uint64_t>(mine.size()));
    std::vector<int> counts, at{0};
    std::uint64_t total = 0;
    for (const std::uint64_t size : sizes) {
      total += size;
      if (total > most) throw std::runtime_error("gradus::mpi: the texts of all ranks are longer than 2^30");
      counts.push_back(static_cast<int>(size)), at.push_back(static_cast<int>(total));
    }
    std::string all(static_cast<std::size_t>(total), '\0');
    check(MPI_Allgatherv(mine.data(), static_cast<int>(mine.size()), MPI_CHAR, all.data(), counts.data(),
                         at.data(), MPI_CHAR, comm_),
          "MPI_Allgatherv");
    std::vector<std::string> texts;
    for (std::size_t q = 0; q < counts.size(); ++q) {
      texts.push_back(all.substr(static_cast<std::size_t>(at[q]), static_cast<std::size_t>(counts[q])));
    }
    return texts;
  }

  /// Sends bytes to one rank, which must ask for as many by `receive_from`.
  void send_to(int rank, const char* bytes, std::size_t size) const {
    for (; size > 0; bytes += std::min(size, most), size -= std::min(size, most)) {
      check(MPI_Send(bytes, static_cast<int>(std::min(size, most)), MPI_BYTE, rank, 0, comm_), "MPI_Send");
    }
  }
  /// The counterpart.
  void receive_from(int rank, char* bytes, std::size_t size) const {
    for (; size > 0; bytes += std::min(size, most), size -= std::min(size, most)) {
      check(MPI_Recv(bytes, static_cast<int>(std::min(size, most)), MPI_BYTE, rank, 0, comm_,
                     MPI_STATUS_IGNORE),
            "MPI_Recv");
    }
  }

  /// Begins to send rank q the bytes [at[q], at[q + 1]) of `send`, and to receive from each rank a run as
  /// long as this rank's own, one after the other in the order of ranks. Until `wait` the buffers and `at`
  /// must stay, and `lengths`, which MPI reads.
  MPI_Request start_exchange(const std::byte* send, const std::vector<int>& at, std::byte* receive,
                             std::vector<int>& lengths) {
    const auto p = static_cast<std::size_t>(size_), me = static_cast<std::size_t>(rank_);
    const int mine = at[me + 1] - at[me];
    lengths.resize(3 * p);
    int* const sent = lengths.data();
    int* const received = sent + p;
    int* const received_at = received + p;
    for (std::size_t q = 0; q < p; ++q) {
      sent[q] = at[q + 1] - at[q], received[q] = mine, received_at[q] = static_cast<int>(q) * mine;
    }
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Ialltoallv(send, sent, at.data(), MPI_BYTE, receive, received, received_at, MPI_BYTE, comm_,
                         &request),
          "MPI_Ialltoallv");
    received_ += std::int64_t{mine} * (size_ - 1);
    return request;
  }

  /// Begins to fill `bytes` with the bytes [at[q], at[q + 1]) of each rank q; those of this rank are there.
  /// What must stay until `wait`: as in `start_exchange`.
  MPI_Request start_gather(std::byte* bytes, const std::vector<int>& at, std::vector<int>& lengths) {
    const auto p = static_cast<std::size_t>(size_), me = static_cast<std::size_t>(rank_);
    lengths.resize(3 * p);
    for (std::size_t q = 0; q < p; ++q) lengths[q] = at[q + 1] - at[q];
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, bytes, lengths.data(), at.data(), MPI_BYTE,
                          comm_, &request),
          "MPI_Iallgatherv");
    received_ += at[p] - lengths[me];
    return request;
  }

  /// Ends what a `start_` has begun.
  void wait(MPI_Request& request) const { check(MPI_Wait(&request, MPI_STATUS_IGNORE), "MPI_Wait"); }

  /// Lets MPI go on with what has begun: most do nothing outside their functions.
  void progress(MPI_Request& request) const {
    int done = 0;
    check(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
  }

  /// Waits for all ranks.
  void barrier() const { check(MPI_Barrier(comm_), "MPI_Barrier"); }

  /// Throws if a call of MPI has failed.
  void check(int code, const char* call) const {
    if (code == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(code, text, &length);
    throw std::runtime_error("rank " + std::to_string(rank_) + ": " + call + ": " +
                             std::string(text, static_cast<std::size_t>(length)));
  }

 private:
  static constexpr std::size_t most = std::size_t{1} << 30;

  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1;
  std::int64_t received_ = 0;
  int exceptions_;
};

}  // namespace GRADUS_NAMESPACE::mpi
