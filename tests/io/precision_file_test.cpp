// SPDX-License-Identifier: MIT
//
// Runs of sixteen-bit parameters and of small states are saved and resumed to the bit, rests and random
// numbers included.
#include <gradus/io/checkpoint.hpp>

#include "catch.hpp"
#include "precision.hpp"
#include "resume.hpp"
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

TEST_CASE("a run with a small state goes on from its file") {
  const TemporaryFolder folder;
  const auto check = [&](const auto& optimizer) {
    INFO(optimizer.name());
    const auto path = folder.path / "run.safetensors";
    const Shapes shapes{{70, 61}, {8, 1}, {5000, 1}};
    auto params = make_tree<float>(shapes), loaded = params;
    auto state = optimizer.init(params), loaded_state = optimizer.init(loaded);
    run(optimizer, params, state, 1, 7);
    io::save(path, params, optimizer, state);
    CHECK(io::load(path, loaded, optimizer, loaded_state).changed.empty());
    CHECK(loaded == params);
    run(optimizer, params, state, 8, 20);
    run(optimizer, loaded, loaded_state, 8, 20);
    CHECK(loaded == params);
    CHECK(bytes_of(loaded, loaded_state) == bytes_of(params, state));
  };
  check(small_state(AdamW{}));
  check(eight_bit_state(AdamW{}));
  check(eight_bit_state(lookahead(cautious(Adam{}), 2)));
  check(route(is_matrix, eight_bit_state(Lion{}), small_state(RMSProp{})));
}

TEST_CASE("a file of an eight-bit state fits parameters of the same storage order alone") {
  const TemporaryFolder folder;
  const auto path = folder.path / "run.safetensors";
  const auto optimizer = eight_bit_state(AdamW{});
  Eigen::MatrixXf x = Eigen::MatrixXf::Ones(64, 64);
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> y = x;
  io::save(path, x, optimizer, optimizer.init(x));
  auto state = optimizer.init(y);
  CHECK_THROWS_WITH(io::load(path, y, optimizer, state), contains("state.inner.m.scale_by_row"));
  CHECK_THROWS_WITH(io::load(path, x, small_state(AdamW{}), state), contains("EightBitState(AdamW)"));
}
