// SPDX-License-Identifier: MIT
//
// Law 3: after `init`, `step` takes no memory from the heap, counted at malloc itself.
#include <array>
#include <gradus/objectives/objectives.hpp>
#include <map>

#include <gradus/gradus.hpp>

#include "allocation/counter.hpp"
#include "optimizers.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

// Of the first step to the eleventh, in which every method with a period refreshes what it keeps; and of as
// many with a copy of the state.
template <class O, class P, class G, class State>
std::array<long, 2> allocations_of_steps(const O& optimizer, P& params, const G& grads, State state) {
  State copy = state;
  const auto count = [&](State& of) {
    const long before = allocations;
    for (int t = 1; t <= 11; ++t) optimizer.step(params, grads, of);
    return allocations - before;
  };
  return {count(state), count(copy)};
}

template <class O, class P>
std::array<long, 2> allocations_of_steps(const O& optimizer, P params) {
  auto grads = params;
  write_gradient(params, grads, 1);
  return allocations_of_steps(optimizer, params, clip_by_value(grads, 0.5), optimizer.init(params));
}

// An erased optimizer is called as it was compiled, since views take memory.
template <class Scalar>
std::array<long, 2> allocations_of_erased(const AnyOptimizer& optimizer, const Shapes& shapes) {
  struct Direct {
    const AnyOptimizer& optimizer;
    void step(Views<Scalar>& params, const Scaled<Scalar>& grads, AnyState& state) const {
      std::get<OnViews<Scalar>>(optimizer.functions->typed).step(optimizer.optimizer, params, grads, state);
    }
  };
  auto params = make_tree<Scalar>(shapes), grads = params;
  write_gradient(params, grads, 1);
  auto views = views_of<Scalar>(params);
  const auto gradient_views = const_views_of<Scalar>(grads);
  return allocations_of_steps(Direct{optimizer}, views, scale(gradient_views, 1), optimizer.init(params));
}

constexpr std::array<long, 2> none{0, 0};

}  // namespace

TEST_CASE("the counter sees allocations") {
  CHECK(allocations_in([] { Eigen::VectorXd(100).setZero(); }) == 1);
  CHECK(allocations_in([] { Workspace().reset(100); }) == 1);
}

TEMPLATE_TEST_CASE("no step allocates, with a copied state neither", "", float, double) {
  [[maybe_unused]] const auto warm = allocations_in([] {  // OpenMP starts its threads once
    Eigen::VectorXd x = Eigen::VectorXd::Ones(100000), g = x;
    auto state = SGD{}.init(x);
    SGD{}.step(x, g, state);
  });
  for_each_optimizer([](const Entry& entry) {
    for (const auto& [variant, optimizer] : entry.variants) {
      INFO(variant);
      CHECK(allocations_of_erased<TestType>(optimizer, {{17, 9}, {9, 17}, {33, 1}, {64, 64}, {1, 1}}) ==
            none);
    }
    CHECK(allocations_of_erased<TestType>(entry.usual, {{130, 101}}) == none);
    // On two threads where there are two.
    CHECK(allocations_of_erased<TestType>(entry.usual, {{96, 90}, {90, 96}, {80, 96}, {96, 80}}) == none);
    if (entry.coefficient_wise) {
      CHECK(allocations_of_erased<TestType>(entry.usual, {{300, 301}, {70000, 1}}) == none);
    }
  });
}

TEST_CASE("a step in the plane does not allocate") {
  for_each_optimizer([](const Entry& entry) {
    Eigen::Vector2d x(1, 2), gradient(0.1, -0.2);
    auto state = entry.usual.init(x);
    CHECK(allocations_in([&] { entry.usual.step(x, gradient, state); }) == 0);
  });
}

TEST_CASE("a step of two optimizers behind a route does not allocate") {
  CHECK(allocations_of_steps(route(is_matrix, Muon{}, AdamW{}), make_tree<float>({{9, 9}, {9, 1}})) == none);
}

TEST_CASE("a map with long keys is stepped without allocation") {
  std::map<std::string, Eigen::VectorXd> params{
      {"a key that is longer than any small string", Eigen::VectorXd::Ones(3)}};
  CHECK(allocations_of_steps(Adam{}, params) == none);
}

TEST_CASE("orthogonalize with a workspace does not allocate") {
  const Eigen::MatrixXf m = make_tree<float>({{60, 40}})[0];
  Workspace workspace;
  CHECK(allocations_in([&] { orthogonalize(m, NewtonSchulz{}, workspace); }) == 0);
}

TEST_CASE("the oracle of a norm with a workspace does not allocate") {
  const Eigen::MatrixXf m = make_tree<float>({{260, 140}})[0];
  const auto check = [&](const auto& norm) {
    Workspace workspace;
    CHECK(allocations_in([&] { lmo(norm, m, workspace); }) == 0);
  };
  check(FrobeniusNorm{});
  check(MaxNorm{});
  check(OneToTwoNorm{});
  check(TwoToMaxNorm{});
  check(SpectralNorm<>{});
  check(NuclearNorm{});
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
