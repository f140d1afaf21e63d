// SPDX-License-Identifier: MIT
//
// The file of every optimizer is that of one process, whatever its state keeps for a leaf.
#include <gradus/distributed/checkpoint.hpp>

#include "declared.hpp"
#include "distributed/shared_folder.hpp"

using namespace gradus_test;
using gradus::Scope;
namespace mpi = gradus::mpi;

namespace {

// A state has been made, all ranks have saved it, and go on with what they read.
template <class Shared, class Alone>
void check_file(const Shared& shared, const Alone& alone) {
  auto params = make_tree<float>(several_shapes), expected = params;
  auto state = shared.init(params);
  auto state_alone = alone.init(expected);
  run(shared, params, state, 1, 2);
  run(alone, expected, state_alone, 1, 2);
  const SharedFolder folder;
  const auto path = folder.path / "file";
  if (ranks().rank() == 0) gradus::io::save(path, expected, alone, state_alone);
  ranks().barrier();
  const std::string of_one = bytes_of_file(path);
  ranks().barrier();
  mpi::save(ranks(), path, params, shared, state);
  CHECK(bytes_of_file(path) == of_one);
  auto again = make_tree<float>(several_shapes);
  auto its = shared.init(again);
  mpi::load(ranks(), path, again, shared, its);
  run(shared, again, its, 3, 4);
  run(alone, expected, state_alone, 3, 4);
  CHECK(same_bits(again, expected));
}

}  // namespace

TEST_CASE("the file of every optimizer, which need not have a name, is that of one process") {
  for_each_optimizer([](const Entry& entry) {
    if (entry.scope == Scope::tree) return;
    with_scope(entry.scope, entry.usual,
               [&](const auto& optimizer) { check_file(mpi::sharded(optimizer, ranks()), entry.usual); });
  });
}

TEST_CASE("a state that is a number for every leaf, also those that are empty or of others") {
  const auto alone = gradus::hyperball(gradus::Adam{}, 0.01);
  check_file(mpi::sharded(alone, ranks()), alone);
}
