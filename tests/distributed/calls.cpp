// SPDX-License-Identifier: MIT
#include "distributed/calls.hpp"

#include <gradus/distributed/communicator.hpp>
#include <numeric>

#include "allocation/counter.hpp"

namespace gradus_test {

std::int64_t received = 0, gathers = 0;
bool counting = false;

}  // namespace gradus_test

namespace {

using namespace gradus_test;

// Leaves out what MPI takes from the heap.
struct OfMpi {
  long before = allocations;
  OfMpi() = default;
  OfMpi(const OfMpi&) = delete;
  OfMpi& operator=(const OfMpi&) = delete;
  ~OfMpi() { allocations = before; }
};

struct Group {
  int rank = 0, size = 1;
  explicit Group(MPI_Comm comm) { MPI_Comm_rank(comm, &rank), MPI_Comm_size(comm, &size); }
};

void count(std::int64_t numbers, MPI_Datatype type) {
  int bytes = 0;
  PMPI_Type_size(type, &bytes);
  if (counting) received += numbers * bytes;
}

// All runs but this rank's own.
void count_runs(const int* counts, MPI_Datatype type, MPI_Comm comm) {
  const Group group(comm);
  count(std::accumulate(counts, counts + group.size, std::int64_t{0}) - counts[group.rank], type);
}

}  // namespace

extern "C" {

int MPI_Ialltoallv(const void* from, const int* sent, const int* sent_at, MPI_Datatype sent_type, void* to,
                   const int* counts, const int* at, MPI_Datatype type, MPI_Comm comm, MPI_Request* request) {
  const OfMpi of_mpi;
  count_runs(counts, type, comm);
  return PMPI_Ialltoallv(from, sent, sent_at, sent_type, to, counts, at, type, comm, request);
}

int MPI_Iallgatherv(const void* from, int sent, MPI_Datatype sent_type, void* to, const int* counts,
                    const int* at, MPI_Datatype type, MPI_Comm comm, MPI_Request* request) {
  const OfMpi of_mpi;
  count_runs(counts, type, comm);
  if (counting) ++gathers;
  return PMPI_Iallgatherv(from, sent, sent_type, to, counts, at, type, comm, request);
}

int MPI_Allgatherv(const void* from, int sent, MPI_Datatype sent_type, void* to, const int* counts,
                   const int* at, MPI_Datatype type, MPI_Comm comm) {
  count_runs(counts, type, comm);
  return PMPI_Allgatherv(from, sent, sent_type, to, counts, at, type, comm);
}

int MPI_Allgather(const void* from, int sent, MPI_Datatype sent_type, void* to, int each, MPI_Datatype type,
                  MPI_Comm comm) {
  count(std::int64_t{each} * (Group(comm).size - 1), type);
  return PMPI_Allgather(from, sent, sent_type, to, each, type, comm);
}

int MPI_Allreduce(const void* from, void* to, int numbers, MPI_Datatype type, MPI_Op operation,
                  MPI_Comm comm) {
  const OfMpi of_mpi;
  if (Group(comm).size > 1) count(numbers, type);
  return PMPI_Allreduce(from, to, numbers, type, operation, comm);
}

int MPI_Bcast(void* buffer, int numbers, MPI_Datatype type, int root, MPI_Comm comm) {
  if (Group(comm).rank != root) count(numbers, type);
  return PMPI_Bcast(buffer, numbers, type, root, comm);
}

int MPI_Recv(void* to, int numbers, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Status* status) {
  count(numbers, type);
  return PMPI_Recv(to, numbers, type, from, tag, comm, status);
}

int MPI_Wait(MPI_Request* request, MPI_Status* status) {
  const OfMpi of_mpi;
  return PMPI_Wait(request, status);
}

int MPI_Test(MPI_Request* request, int* done, MPI_Status* status) {
  const OfMpi of_mpi;
  return PMPI_Test(request, done, status);
}

}  // extern "C"
