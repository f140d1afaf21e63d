// SPDX-License-Identifier: MIT
//
// Runs of sixteen-bit parameters are saved and resumed to the bit, rests and random numbers included.
#include <gradus/io/checkpoint.hpp>

#include "catch.hpp"
#include "precision.hpp"
#include "temporary_folder.hpp"

using namespace gradus;
using namespace gradus_test;

TEMPLATE_TEST_CASE("a run of sixteen-bit parameters goes on from its file", "", Eigen::bfloat16,
                   Eigen::half) {
  const TemporaryFolder folder;
  const auto check = [&](const auto& optimizer) {
    INFO(optimizer.name());
    const auto path = folder.path / "run.safetensors";
    auto params = narrow_start<TestType>({{6, 5}, {8, 1}});
    auto state = optimizer.init(params);
    run(optimizer, params, state, 1, 7);
    io::save(path, params, optimizer, state);
    auto loaded = narrow_start<TestType>({{6, 5}, {8, 1}});
    auto loaded_state = optimizer.init(loaded);
    CHECK(io::load(path, loaded, optimizer, loaded_state).changed.empty());
    CHECK(same_bits(loaded, params));
    run(optimizer, params, state, 8, 20);
    run(optimizer, loaded, loaded_state, 8, 20);
    CHECK(same_bits(loaded, params));
  };
  const AdamW adamw;
  check(master_weights(adamw));
  check(compensated(adamw));
  check(stochastic_rounding(adamw, 9));
  check(loss_scaled(compensated(lookahead(adamw, 2))));
}
