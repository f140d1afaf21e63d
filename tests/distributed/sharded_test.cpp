// SPDX-License-Identifier: MIT
//
// Ranks that share the work of an optimizer get the bits of one process.
#include <random>

#include "declared.hpp"
#include "distributed/ranks.hpp"

using namespace gradus_test;
using gradus::Scope;
namespace mpi = gradus::mpi;

namespace {

// Embeddings, two layers and gains of a GPT of width 128.
const Shapes gpt{{512, 128}, {64, 128},  {384, 128}, {128, 128}, {512, 128}, {128, 512}, {128, 1},
                 {128, 1},   {384, 128}, {128, 128}, {512, 128}, {128, 512}, {128, 1},   {128, 1}};

// Steps of all ranks, each with a gradient of its own, against those of one process with all gradients.
template <class O>
void check_bits(const O& inner, const Shapes& shapes, std::size_t bucket_bytes) {
  mpi::Sharded<O> optimizer{inner, &ranks(), bucket_bytes};
  auto params = make_tree<float>(shapes), alone = params;
  auto state = optimizer.init(params);
  auto state_alone = inner.init(alone);
  mpi::GradientAverage average(ranks(), params, {.bucket_bytes = bucket_bytes});
  auto grads = gradus::zeros_like(params);
  for (int t = 1; t <= 4; ++t) {
    write_batch_gradient(params, grads, t, ranks().rank());
    average.add(grads);
    optimizer.step(params, average.wait(), state);
    inner.step(alone, mean_gradient(alone, t, ranks().size()), state_alone);
  }
  CHECK(same_bits(params, alone));
  mpi::require_equal_bits(ranks(), "after the steps", params);
}

void check_bits(const Entry& entry, const Shapes& shapes, std::size_t bucket_bytes) {
  if (entry.scope == Scope::tree) return;
  with_scope(entry.scope, entry.usual,
             [&](const auto& optimizer) { check_bits(optimizer, shapes, bucket_bytes); });
}

// Bytes of a state, but for the numbers that it has without any coefficient, such as the count of steps.
std::size_t state_bytes(const AnyOptimizer& any, const AnyState& state) {
  return state.save().size() - any.init(Tree<float>(gpt.size())).save().size();
}

// Those of this rank's part, and those of the leaves that the plan gives it, each by itself.
template <class O>
std::pair<std::size_t, std::size_t> bytes_and_prediction(const O& any, const Tree<float>& params) {
  const auto state = mpi::sharded(any, ranks()).init(params);
  std::size_t predicted = 0;
  for (const mpi::Piece& piece : state.owners.own()) {
    Tree<float> alone(params.size());
    const auto leaf = static_cast<std::size_t>(piece.leaf);
    if (O::scope == Scope::leaf) alone[leaf] = params[leaf];
    if (O::scope == Scope::coefficient) alone[leaf].setZero(piece.end - piece.begin, 1);
    predicted += state_bytes(any, any.init(alone));
  }
  return {state_bytes(any, state.inner), predicted};
}

}  // namespace

TEST_CASE("every optimizer takes the steps of one process on any number of ranks") {
  for_each_optimizer([](const Entry& entry) {
    check_bits(entry, several_shapes, 1 << 20);
    check_bits(entry, several_shapes, 300);
  });
}

TEST_CASE("more ranks than leaves, coefficients or anything") {
  for_each_optimizer([](const Entry& entry) {
    if (entry.name != "AdamW" && entry.name != "Muon" && entry.name != "LAMB") return;
    for (const Shapes& shapes : {Shapes{}, Shapes{{0, 5}}, Shapes{{1, 1}}, Shapes{{0, 5}, {2, 1}, {3, 0}},
                                 Shapes{{18, 6}}, Shapes{{70, 3}, {1, 1}}}) {
      check_bits(entry, shapes, 64);
    }
  });
}

TEST_CASE("random trees, in random buckets") {
  std::mt19937 random(2026);  // the same on all ranks
  const auto below = [&](std::uint32_t n) { return static_cast<Index>(random() % n); };
  for (int repeat = 0; repeat < 12; ++repeat) {
    Shapes shapes;
    for (Index leaves = below(13); leaves > 0; --leaves) {
      const Index kind = below(4);
      shapes.emplace_back(kind == 0 ? below(3) : below(40), kind == 1 ? 1 : below(40));
    }
    const auto bytes = static_cast<std::size_t>(64 + below(5000));
    for_each_optimizer([&](const Entry& entry) {
      if (entry.name != "AdamW" && entry.name != "Muon" && entry.name != "LAMB") return;
      INFO("repeat " << repeat);
      check_bits(entry, shapes, bytes);
    });
  }
}

TEST_CASE("the states of all ranks together are that of one, and every rank has its share") {
  const auto params = make_tree<float>(gpt);
  for_each_optimizer([&](const Entry& entry) {
    if (entry.scope == Scope::tree) return;
    const bool cut = entry.scope == Scope::coefficient;
    const std::size_t all = state_bytes(entry.usual, entry.usual.init(params));
    const auto [mine, predicted] = with_scope(entry.scope, entry.usual, [&](const auto& optimizer) {
      return bytes_and_prediction(optimizer, params);
    });
    std::size_t together = 0;
    for (const std::size_t each : ranks().gather(mine)) together += each;
    CHECK(together == all);
    CHECK(mine == predicted);
    if (cut) CHECK(mine * static_cast<std::size_t>(ranks().size()) <= all * 105 / 100);
  });
}
