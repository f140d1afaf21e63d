// SPDX-License-Identifier: MIT
//
// Law 3: after `init`, `step` takes no memory from the heap, counted at malloc itself.
#include <map>

#include "allocation/counter.hpp"
#include "optimizers.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

template <class O, class P>
long allocations_of_step(const O& optimizer, P params) {
  auto grads = params;
  write_gradient(params, grads, 1);
  auto state = optimizer.init(params);
  return allocations_in([&] { optimizer.step(params, clipped(grads, 1.0, 0.5), state); });
}

}  // namespace

TEST_CASE("the counter sees allocations") {
  CHECK(allocations_in([] { Eigen::VectorXd(100).setZero(); }) == 1);
  CHECK(allocations_in([] { Workspace().reset(100); }) == 1);
}

TEMPLATE_TEST_CASE("no step allocates", "", float, double) {
  for_each_optimizer([](const Entry& entry) {
    for (const auto& [variant, optimizer] : entry.variants) {
      INFO(variant);
      CHECK(allocations_of_step(optimizer,
                                make_tree<TestType>({{17, 9}, {9, 17}, {33, 1}, {64, 64}, {1, 1}})) == 0);
    }
    CHECK(allocations_of_step(entry.usual, Vector2<TestType>(1, 2)) == 0);
    CHECK(allocations_of_step(route(is_matrix, entry.usual, entry.usual),
                              make_tree<TestType>({{9, 9}, {9, 1}})) == 0);
    CHECK(allocations_of_step(entry.usual, make_tree<TestType>({{300, 201}})) == 0);
    if (entry.coefficient_wise) {
      CHECK(allocations_of_step(entry.usual, make_tree<TestType>({{300, 301}, {70000, 1}})) == 0);
    }
  });
}

TEST_CASE("a step of two optimizers behind a route does not allocate") {
  CHECK(allocations_of_step(route(is_matrix, Muon{}, AdamW{}), make_tree<float>({{9, 9}, {9, 1}})) == 0);
}

TEST_CASE("a map with long keys is stepped without allocation") {
  std::map<std::string, Eigen::VectorXd> params{
      {"a key that is longer than any small string", Eigen::VectorXd::Ones(3)}};
  CHECK(allocations_of_step(Adam{}, params) == 0);
}

TEST_CASE("orthogonalize with a workspace does not allocate") {
  const Eigen::MatrixXf m = make_tree<float>({{60, 40}})[0];
  Workspace workspace;
  CHECK(allocations_in([&] { orthogonalize(m, NewtonSchulz{}, workspace); }) == 0);
}

TEST_CASE("a minimisation in fixed dimension does not allocate") {
  CHECK(allocations_in([] {
          minimize(StyblinskiTang{}, Eigen::Vector2d{4.1, 4.5}, Adam{.learning_rate = 0.1});
        }) == 0);
}

TEST_CASE("batches are shuffled without allocation") {
  Batches batches(100, 7, 1);
  CHECK(allocations_in([&] {
          for (int k = 0; k < 40; ++k) batches.next();
        }) == 0);
}
