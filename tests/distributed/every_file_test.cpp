// SPDX-License-Identifier: MIT
//
// The file of every optimizer is that of one process, whatever its state keeps for a leaf.
#include <gradus/distributed/checkpoint.hpp>

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

// A file that all ranks see, and that goes with the test.
struct SharedPath {
  std::filesystem::path path;

  SharedPath() {
    std::random_device random;
    const auto name = "gradus-" + std::to_string(random()) + std::to_string(random());
    path = ranks().broadcast((std::filesystem::temp_directory_path() / name).string(), 0);
  }
  ~SharedPath() {
    ranks().barrier();
    std::error_code ignored;
    if (ranks().rank() == 0) remove(path, ignored);
  }
};

std::string bytes_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A state has been made, all ranks have saved it, and go on with what they read.
template <class Shared, class Alone>
void check_file(const Shared& shared, const Alone& alone) {
  auto params = make_tree<float>(several_shapes), expected = params;
  auto state = shared.init(params);
  auto state_alone = alone.init(expected);
  run(shared, params, state, 1, 2);
  run(alone, expected, state_alone, 1, 2);
  const SharedPath file;
  if (ranks().rank() == 0) gradus::io::save(file.path, expected, alone, state_alone);
  ranks().barrier();
  const std::string of_one = bytes_of_file(file.path);
  ranks().barrier();
  mpi::save(ranks(), file.path, params, shared, state);
  CHECK(bytes_of_file(file.path) == of_one);
  auto again = make_tree<float>(several_shapes);
  auto its = shared.init(again);
  mpi::load(ranks(), file.path, again, shared, its);
  run(shared, again, its, 3, 4);
  run(alone, expected, state_alone, 3, 4);
  CHECK(same_bits(again, expected));
}
template <Scope S>
void check_file(const AnyOptimizer& any) {
  check_file(mpi::sharded(Declared<S>{any}, ranks()), any);
}

}  // namespace

TEST_CASE("the file of every optimizer, which need not have a name, is that of one process") {
  for_each_optimizer([](const Entry& entry) {
    if (entry.scope == Scope::coefficient) check_file<Scope::coefficient>(entry.usual);
    if (entry.scope == Scope::leaf) check_file<Scope::leaf>(entry.usual);
  });
}

TEST_CASE("a state that is a number for every leaf, also those that are empty or of others") {
  const auto alone = gradus::hyperball(gradus::Adam{}, 0.01);
  check_file(mpi::sharded(alone, ranks()), alone);
}

TEST_CASE("a part is not saved as if it were the whole") {
  const Eigen::MatrixXf params = Eigen::MatrixXf::Ones(64, 10);
  const auto optimizer = mpi::sharded(gradus::Adam{}, ranks());
  const auto state = optimizer.init(params);
  const std::size_t owned = state.owners.own().size();
  if (owned > 0) {
    CHECK_THROWS_WITH(
        gradus::io::save("nowhere", params, optimizer, state),
        "nowhere: the state is divided among ranks: gradus::mpi::save and gradus::mpi::load are "
        "for it");
  }
  CHECK_THROWS_WITH(mpi::Sharded<gradus::Adam>{}.init(params),
                    "gradus::mpi: an optimizer without ranks: make it by sharded(optimizer, ranks)");
}
