// SPDX-License-Identifier: MIT
//
// Law 3 on several ranks: after `init` and a first step nothing takes memory from the heap, but MPI inside
// its own functions. Those that a step calls are replaced here, to leave them out; allocation/counter.cpp
// counts.
#include "allocation/counter.hpp"

#include "distributed/ranks.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

struct OfMpi {
  long before = allocations;
  OfMpi() = default;
  OfMpi(const OfMpi&) = delete;
  OfMpi& operator=(const OfMpi&) = delete;
  ~OfMpi() { allocations = before; }
};

struct Model {
  Eigen::MatrixXf w1;
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> w2;
  Eigen::VectorXf with_a_name_of_many_letters;
  GRADUS_LEAVES(w1, w2, with_a_name_of_many_letters)
};

Model model() {
  Model made;
  made.w1.resize(24, 12), made.w2.resize(13, 17), made.with_a_name_of_many_letters.resize(300);
  fill(made, [](double, double l, double i, double j) { return start(l, i, j); });
  return made;
}

}  // namespace

extern "C" {
int MPI_Allreduce(const void* from, void* to, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
  const OfMpi of_mpi;
  return PMPI_Allreduce(from, to, count, type, op, comm);
}
int MPI_Ialltoallv(const void* from, const int* counts, const int* at, MPI_Datatype type, void* to,
                   const int* to_counts, const int* to_at, MPI_Datatype to_type, MPI_Comm comm,
                   MPI_Request* request) {
  const OfMpi of_mpi;
  return PMPI_Ialltoallv(from, counts, at, type, to, to_counts, to_at, to_type, comm, request);
}
int MPI_Iallgatherv(const void* from, int count, MPI_Datatype type, void* to, const int* to_counts,
                    const int* to_at, MPI_Datatype to_type, MPI_Comm comm, MPI_Request* request) {
  const OfMpi of_mpi;
  return PMPI_Iallgatherv(from, count, type, to, to_counts, to_at, to_type, comm, request);
}
int MPI_Wait(MPI_Request* request, MPI_Status* status) {
  const OfMpi of_mpi;
  return PMPI_Wait(request, status);
}
int MPI_Test(MPI_Request* request, int* done, MPI_Status* status) {
  const OfMpi of_mpi;
  return PMPI_Test(request, done, status);
}
}

TEST_CASE("the mean of gradients takes no memory, whole or leaf by leaf") {
  const Model grads = model();
  for (const int each : {1, 2}) {
    mpi::GradientAverage average(ranks(), grads, {.micro_batches = each, .bucket_bytes = 500});
    CHECK(allocations_in([&] {
            for (int k = 0; k < each; ++k) average.add(scale(grads, 2));
            average.wait();
            for (int k = 0; k < each; ++k) {
              average.ready("w2", grads.w2);
              average.ready("with_a_name_of_many_letters", grads.with_a_name_of_many_letters);
              average.ready("w1", grads.w1);
            }
            average.wait();
          }) == 0);
  }
}

TEST_CASE("a shared step takes no memory, in a route, with clipping by the norm of all") {
  Model params = model();
  const Model grads = model();
  const auto hidden = [](const LeafInfo& leaf) { return leaf.name == "w1" || leaf.name == "w2"; };
  const auto optimizer = route(hidden, mpi::sharded(Muon{}, ranks()), mpi::sharded(AdamW{}, ranks()));
  auto state = optimizer.init(params);
  mpi::GradientAverage average(ranks(), params);
  CHECK(allocations_in([&] {
          for (int t = 1; t <= 3; ++t) {
            average.add(grads);
            optimizer.step(params, clip_by_global_norm(average.wait(), 0.5), state);
          }
        }) == 0);
}

TEST_CASE("a step with the mean of all takes no memory") {
  Model params = model();
  const Model grads = model();
  const auto optimizer = mpi::data_parallel(SGD{}, ranks());
  auto state = optimizer.init(params);
  CHECK(allocations_in([&] {
          for (int t = 1; t <= 3; ++t) optimizer.step(params, grads, state);
        }) == 0);
}

TEST_CASE("what is left out is what MPI takes") {
  CHECK(allocations_in([] { Eigen::VectorXd(100).setZero(); }) == 1);
}
