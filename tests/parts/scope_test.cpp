// SPDX-License-Identifier: MIT
//
// What optimizers say of their scope is true: stepped part by part, they give the bits of one step.
#include <gradus/distributed/part.hpp>

#include "declared.hpp"
#include "optimizers/erase.hpp"

using namespace gradus_test;
using gradus::Scope;
namespace mpi = gradus::mpi;

namespace {

// Empty leaves at both ends, and runs of coefficients that end inside of matrices.
const Shapes shapes{{0, 5}, {30, 20}, {16, 16}, {1, 70}, {20, 1}, {7, 3}, {0, 4}, {12, 33}, {5, 0}};

// Parameters after some steps of `ranks` parts, each with a state of its own.
template <class O>
Tree<float> in_parts(const O& optimizer, int ranks) {
  auto params = make_tree<float>(shapes);
  const auto plan = mpi::make_plan(optimizer, params, ranks);
  std::vector<Tree<float>> parts;
  std::vector<AnyState> states;
  for (const auto& own : plan) {
    parts.push_back(mpi::make_part<Tree<float>>(own, params));
    mpi::take_part(own, params, params, parts.back());
    states.push_back(optimizer.init(parts.back()));
  }
  auto grads = gradus::zeros_like(params);
  for (int t = 1; t <= 6; ++t) {
    write_gradient(params, grads, t);
    for (std::size_t r = 0; r < plan.size(); ++r) {
      auto gradient = mpi::make_part<Tree<float>>(plan[r], params);
      mpi::take_part(plan[r], params, grads, gradient);
      optimizer.step(parts[r], gradient, states[r]);
    }
    for (std::size_t r = 0; r < plan.size(); ++r) mpi::put_part(plan[r], params, parts[r]);
  }
  return params;
}

Tree<float> in_parts(const AnyOptimizer& optimizer, Scope scope, int ranks) {
  return with_scope(scope, optimizer, [&](const auto& declared) { return in_parts(declared, ranks); });
}

const AnyOptimizer& named(const std::string& name) {
  for (const Entry& entry : optimizers()) {
    if (entry.name == name) return entry.usual;
  }
  throw std::invalid_argument(name);
}

}  // namespace

TEST_CASE("stepped in parts that suit its scope, every optimizer gives the bits of the whole") {
  for_each_optimizer([](const Entry& entry) {
    if (entry.scope == Scope::tree) return;
    const auto whole = after<float>(entry.usual, 6, shapes);
    for (const int ranks : {1, 2, 3, 8, 13}) {
      INFO(ranks << " parts");
      CHECK(same_bits(in_parts(entry.usual, entry.scope, ranks), whole));
    }
  });
}

TEST_CASE("an optimizer that says too little of its scope gives other bits") {
  for (const auto* name : {"LAMB", "Adafactor", "Muon"}) {
    INFO(name);
    CHECK(!same_bits(in_parts(named(name), Scope::coefficient, 3), after<float>(named(name), 6, shapes)));
  }
  CHECK(!same_bits(in_parts(named("Prodigy"), Scope::leaf, 3), after<float>(named("Prodigy"), 6, shapes)));
}

TEST_CASE("a wrapper's scope is the widest of its own and its inner optimizer's") {
  using namespace gradus;
  STATIC_REQUIRE(decltype(lookahead(Adam{}))::scope == Scope::coefficient);
  STATIC_REQUIRE(decltype(accumulate(lookahead(LAMB{}), 2))::scope == Scope::leaf);
  STATIC_REQUIRE(decltype(cautious(Adam{}))::scope == Scope::leaf);
  STATIC_REQUIRE(decltype(polyak_average(Prodigy{}))::scope == Scope::tree);
  STATIC_REQUIRE(decltype(skip_nonfinite(Adam{}))::scope == Scope::tree);
  STATIC_REQUIRE(decltype(master_weights(Adam{}))::scope == Scope::coefficient);
  STATIC_REQUIRE(decltype(stochastic_rounding(Adam{}))::scope == Scope::leaf);
  STATIC_REQUIRE(decltype(eight_bit_state(Adam{}))::scope == Scope::leaf);
  STATIC_REQUIRE(decltype(small_state(Adam{}))::scope == Scope::coefficient);
  STATIC_REQUIRE(decltype(route(is_matrix, Muon{}, Adam{}))::scope == Scope::tree);
}

TEST_CASE("a plan gives every coefficient one owner, and equal shares") {
  std::vector<mpi::LeafShare> leaves;
  gradus::Index total = 0, leaf = 0;
  for (const gradus::Index size : {0, 1, 700, 3, 0, 4096, 63, 64, 65, 5000, 0}) {
    leaves.push_back({leaf++, size, static_cast<double>(size * size)});
    total += size;
  }
  for (const int ranks : {1, 2, 3, 5, 8, 64, 1000}) {
    INFO(ranks << " ranks");
    for (const mpi::Plan& plan : {mpi::cut_evenly(leaves, ranks), mpi::deal_whole(leaves, ranks)}) {
      REQUIRE(plan.size() == static_cast<std::size_t>(ranks));
      std::vector<gradus::Index> covered(leaves.size(), 0);
      for (const auto& own : plan) {
        for (std::size_t i = 0; i < own.size(); ++i) {
          CHECK((i == 0 || own[i - 1].leaf < own[i].leaf));
          CHECK(own[i].begin <= own[i].end);
          covered[static_cast<std::size_t>(own[i].leaf)] += own[i].end - own[i].begin;
        }
      }
      for (std::size_t i = 0; i < leaves.size(); ++i) CHECK(covered[i] == leaves[i].size);
    }
    for (const auto& own : mpi::cut_evenly(leaves, ranks)) {
      gradus::Index share = 0;
      for (const auto& piece : own) share += piece.end - piece.begin;
      CHECK(share <= total / ranks + 64);
    }
  }
}

TEST_CASE("matrices are dealt within 4/3 of the best, and equal ones in order") {
  const std::vector<mpi::LeafShare> equal{{0, 9, 5.0}, {1, 9, 5.0}, {2, 9, 5.0}, {3, 9, 5.0}};
  const mpi::Plan plan = mpi::deal_whole(equal, 3);
  CHECK(plan == mpi::Plan{{{0, 0, 9}, {3, 0, 9}}, {{1, 0, 9}}, {{2, 0, 9}}});
  // Eleven jobs that three ranks can do in 20 each.
  std::vector<mpi::LeafShare> jobs;
  for (const double cost : {9.0, 9.0, 8.0, 8.0, 7.0, 5.0, 5.0, 3.0, 3.0, 2.0, 1.0}) {
    jobs.push_back({static_cast<gradus::Index>(jobs.size()), 1, cost});
  }
  for (const auto& own : mpi::deal_whole(jobs, 3)) {
    double load = 0;
    for (const auto& piece : own) load += jobs[static_cast<std::size_t>(piece.leaf)].cost;
    CHECK(load <= 4.0 / 3 * 20);
  }
}

TEST_CASE("a plan for 7e10 coefficients on ten thousand ranks overflows nowhere") {
  std::vector<mpi::LeafShare> leaves;
  const auto add = [&](gradus::Index rows, gradus::Index cols) {
    leaves.push_back({static_cast<gradus::Index>(leaves.size()), rows * cols,
                      static_cast<double>(rows) * static_cast<double>(cols) * 8192});
  };
  add(128256, 8192);
  for (int layer = 0; layer < 80; ++layer) {
    for (const auto& [rows, cols] : Shapes{{8192, 8192},
                                           {1024, 8192},
                                           {1024, 8192},
                                           {8192, 8192},
                                           {28672, 8192},
                                           {28672, 8192},
                                           {8192, 28672},
                                           {8192, 1}}) {
      add(rows, cols);
    }
  }
  add(128256, 8192);
  const gradus::Index total = 70'553'042'944;
  const mpi::Plan plan = mpi::cut_evenly(leaves, 10000);
  gradus::Index covered = 0, most = 0;
  for (const auto& own : plan) {
    gradus::Index share = 0;
    for (const auto& piece : own) share += piece.end - piece.begin;
    covered += share, most = std::max(most, share);
  }
  CHECK(covered == total);
  CHECK(most <= total / 10000 + 64);
}
