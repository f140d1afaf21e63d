// SPDX-License-Identifier: MIT
//
// Law 3 on several ranks: once a loop has run, nothing takes memory from the heap, but MPI inside its own
// functions, which calls.cpp leaves out.
#include "allocation/counter.hpp"

#include "distributed/ranks.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

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

TEST_CASE("what is taken outside of MPI is counted") {
  CHECK(allocations_in([] { Eigen::VectorXd(100).setZero(); }) == 1);
}
