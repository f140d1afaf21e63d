// SPDX-License-Identifier: MIT
//
// A training step of the language model of examples/gpt takes no memory from the heap after the first.
#include "../../examples/gpt/training.hpp"

#include <gradus/gradus.hpp>

#include "catch.hpp"
#include "counter.hpp"

using namespace gpt;

TEST_CASE("no step of a language model but the first allocates") {
  std::string words;
  for (int i = 0; i < 2000; ++i) words += static_cast<char>('a' + i * i % 26);
  const Text text(words, "words", 64);
  Settings settings{.accumulate = 2, .steps = 100, .qk_clip = 0.01, .threads = GENERATE(1, 2)};
  settings.sizes.layers = 2;
  settings.sizes.characters = static_cast<Index>(text.alphabet.size());
  Training<float> training(settings, text);
  const auto optimizer = gradus::route(is_hidden_matrix, gradus::Muon{}, gradus::AdamW{});
  TypedOptimizer<decltype(optimizer), Model<float>> typed(optimizer, training.params);
  training.step(typed, 1);
  CHECK(gradus_test::allocations_in([&] {
          for (std::int64_t t = 2; t < 5; ++t) training.step(typed, t);
        }) == 0);
}
