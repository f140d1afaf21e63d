// SPDX-License-Identifier: MIT
//
// Ranks that share the work of an optimizer get the bits of one process.
#include <random>

#include "distributed/ranks.hpp"
#include "optimizers.hpp"

using namespace gradus_test;
using gradus::Scope;
namespace mpi = gradus::mpi;

namespace {

template <Scope S>
struct Declared : AnyOptimizer {
  static constexpr Scope scope = S;
};

// Steps of all ranks, each with a gradient of its own, against those of one process with all gradients.
template <Scope S>
void check_bits(const AnyOptimizer& any, const Shapes& shapes, std::size_t bucket_bytes) {
  mpi::Sharded<Declared<S>> optimizer{{any}, &ranks(), bucket_bytes};
  auto params = make_tree<float>(shapes), alone = params;
  auto state = optimizer.init(params);
  auto state_alone = any.init(alone);
  mpi::GradientAverage average(ranks(), params, {.bucket_bytes = bucket_bytes});
  auto grads = gradus::zeros_like(params);
  for (int t = 1; t <= 4; ++t) {
    write_batch_gradient(params, grads, t, ranks().rank());
    average.add(grads);
    optimizer.step(params, average.wait(), state);
    any.step(alone, mean_gradient(alone, t, ranks().size()), state_alone);
  }
  CHECK(same_bits(params, alone));
  mpi::require_equal_bits(ranks(), "after the steps", params);
}

void check_bits(const Entry& entry, const Shapes& shapes, std::size_t bucket_bytes) {
  if (entry.scope == Scope::coefficient) check_bits<Scope::coefficient>(entry.usual, shapes, bucket_bytes);
  if (entry.scope == Scope::leaf) check_bits<Scope::leaf>(entry.usual, shapes, bucket_bytes);
}

std::size_t state_bytes(const AnyState& state) { return state.save().size(); }

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

TEST_CASE("the states of all ranks together are that of one") {
  for_each_optimizer([](const Entry& entry) {
    if (entry.name != "AdamW" && entry.name != "LAMB") return;
    const auto params = make_tree<float>({{64, 64}, {32, 64}, {64, 16}, {128, 1}});
    const std::size_t alone = state_bytes(entry.usual.init(params));
    const auto mine = [&] {
      if (entry.scope == Scope::coefficient) {
        return state_bytes(
            mpi::sharded(Declared<Scope::coefficient>{entry.usual}, ranks()).init(params).inner);
      }
      return state_bytes(mpi::sharded(Declared<Scope::leaf>{entry.usual}, ranks()).init(params).inner);
    }();
    std::size_t together = 0;
    const std::size_t numbers = 3 * 8;  // t and two powers, which every rank has
    for (const std::size_t each : ranks().gather(mine)) together += each - numbers;
    CHECK(together == alone - numbers);
    if (entry.scope == Scope::coefficient) {
      CHECK(mine - numbers <= (alone - numbers) / static_cast<std::size_t>(ranks().size()) + 2 * 64 * 4);
    }
  });
}
