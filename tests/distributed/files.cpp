// SPDX-License-Identifier: MIT
//
// A run whose file one job leaves and another takes up. The first argument says what this one does:
//
//     write FILE     takes three steps, and saves
//     killed FILE    the same, and saves again after two more; then rank 1 is killed while it writes
//     continue FILE  saves what it has loaded, goes on to step seven, and compares with a run of one process
//     alone FILE     goes on without MPI, and compares
#include <csignal>
#include <gradus/distributed/checkpoint.hpp>
#include <gradus/distributed/mpi.hpp>
#include <gradus/gradus.hpp>
#include <iostream>

#include "problem.hpp"

namespace {

namespace fs = std::filesystem;
using namespace gradus;
using namespace gradus_test;

int writes_until_killed = -1;

// The first and the last leaf are AdamW's.
Tree<float> model() { return make_tree<float>({{40, 12}, {24, 12}, {13, 17}, {150, 1}}); }
const auto hidden = [](const LeafInfo& leaf) { return leaf.name == "1" || leaf.name == "2"; };
const Muon muon{.learning_rate = 0.02, .weight_decay = 0};
const AdamW adamw{.learning_rate = 0.02};

auto alone() { return route(hidden, muon, adamw); }
auto shared_by(mpi::Communicator& ranks) {
  return route(hidden, mpi::sharded(muon, ranks), mpi::sharded(adamw, ranks));
}

void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

// A run that has been loaded goes on as one that nobody has disturbed.
template <class O, class State>
void go_on(const O& optimizer, Tree<float>& params, State& state, const io::Loaded& found) {
  require(found.steps == 3, "the file is not of the third step");
  run(optimizer, params, state, 4, 7);
  auto expected = model();
  auto its = alone().init(expected);
  run(alone(), expected, its, 1, 7);
  require(same_bits(params, expected), "the bits are not those of the undisturbed run");
}

// Beside the file: the temporary one of a job that has ended in the midst of it.
int others_beside(const fs::path& file) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(file.parent_path())) {
    const std::string name = entry.path().filename().string();
    count += name.starts_with(file.filename().string()) && entry.path() != file;
  }
  return count;
}

void write(mpi::Communicator& ranks, const fs::path& file, bool killed) {
  if (ranks.rank() == 0) create_directories(file.parent_path());
  ranks.barrier();
  auto params = model();
  const auto optimizer = shared_by(ranks);
  auto state = optimizer.init(params);
  run(optimizer, params, state, 1, 3);
  mpi::save(ranks, file, params, optimizer, state, {{"note", "of three steps"}});
  if (!killed) return;
  run(optimizer, params, state, 4, 5);
  if (ranks.rank() == 1) writes_until_killed = 2;
  mpi::save(ranks, file, params, optimizer, state);
}

void continue_together(mpi::Communicator& ranks, const fs::path& file) {
  auto params = zeros_like(model());
  const auto optimizer = shared_by(ranks);
  auto state = optimizer.init(params);
  const io::Loaded found = mpi::load(ranks, file, params, optimizer, state);
  require(others_beside(file) == 1, "nobody was killed in the midst of it");
  ranks.barrier();
  mpi::save(ranks, file, params, optimizer, state, found.metadata);
  require(others_beside(file) == 0, "what the killed job has left is still there");
  go_on(optimizer, params, state, found);
}

void continue_alone(const fs::path& file) {
  auto params = zeros_like(model());
  auto state = alone().init(params);
  const io::Loaded found = io::load(file, params, alone(), state);
  go_on(alone(), params, state, found);
}

}  // namespace

// Takes the place of MPI's.
extern "C" int MPI_File_write_at(MPI_File file, MPI_Offset at, const void* bytes, int count,
                                 MPI_Datatype type, MPI_Status* status) {
  if (--writes_until_killed == 0) std::raise(SIGKILL);
  return PMPI_File_write_at(file, at, bytes, count, type, status);
}

int main(int argc, char** argv) {
  const std::string what = argc == 3 ? argv[1] : "";
  const fs::path file = argc == 3 ? argv[2] : "";
  try {
    if (what == "alone") return continue_alone(file), 0;
  } catch (const std::exception& error) {
    return std::cerr << error.what() << '\n', 1;
  }
  return mpi::run(argc, argv, [&](mpi::Communicator& ranks) {
    require(what == "write" || what == "killed" || what == "continue", "write|killed|continue|alone FILE");
    what == "continue" ? continue_together(ranks, file) : write(ranks, file, what == "killed");
    return 0;
  });
}
