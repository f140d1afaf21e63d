// SPDX-License-Identifier: MIT
//
// A file of any number of ranks continues on any other, and is the file of one process.
#include <gradus/distributed/checkpoints.hpp>

#include "distributed/shared_folder.hpp"

#if __has_include(<sys/resource.h>)
#include <sys/resource.h>

#include <csignal>
#define GRADUS_TEST_HAS_LIMITS
#endif

using namespace gradus;
using namespace gradus_test;

namespace {

struct Model {
  Eigen::MatrixXf embedding, w1;
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> w2;
  Eigen::VectorXf bias;
  Eigen::RowVectorXf gain;
  GRADUS_LEAVES(embedding, w1, w2, bias, gain)
};

Model model() {
  Model made;
  made.embedding.resize(40, 12), made.w1.resize(24, 12), made.w2.resize(23, 17), made.bias.resize(150);
  made.gain.resize(70);
  fill(made, [](double, double l, double i, double j) { return start(l, i, j); });
  return made;
}

const auto hidden = [](const LeafInfo& leaf) { return leaf.name == "w1" || leaf.name == "w2"; };
const SOAP soap{.learning_rate = 0.02, .period = 2};
const AdamW adamw{.learning_rate = 0.02};

auto shared_by(mpi::Communicator& some) {
  return lookahead(route(hidden, mpi::sharded(soap, some), mpi::sharded(small_state(adamw), some)), 2);
}
auto alone() { return lookahead(route(hidden, soap, small_state(adamw)), 2); }

// All ranks count, when all are done with them.
int files_in(const std::filesystem::path& folder) {
  ranks().barrier();
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) count += entry.is_regular_file();
  ranks().barrier();
  return count;
}

#ifdef GRADUS_TEST_HAS_LIMITS
// While it lives, no file of this process can be longer.
struct SmallFiles {
  rlimit before{};
  explicit SmallFiles(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit now{std::min(bytes, before.rlim_max), before.rlim_max};
    std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &now);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;
  ~SmallFiles() { setrlimit(RLIMIT_FSIZE, &before); }
};
#endif

// Calls `f(some)` on the first `count` ranks.
template <class F>
void on_first(int count, const F& f) {
  MPI_Comm comm = MPI_COMM_NULL;
  MPI_Comm_split(ranks().get(), ranks().rank() < count ? 0 : MPI_UNDEFINED, ranks().rank(), &comm);
  if (comm != MPI_COMM_NULL) {
    {
      mpi::Communicator some(comm);
      f(some);
    }
    MPI_Comm_free(&comm);
  }
  ranks().barrier();
}

}  // namespace

TEST_CASE("what P ranks save, Q ranks go on with, for all pairs, and one process too") {
  const SharedFolder folder;
  const auto path_of = [&](int count) { return folder.path / (std::to_string(count) + ".safetensors"); };
  const io::Metadata note{{"note", "kept"}};

  auto params = model();
  auto state = alone().init(params);
  run(alone(), params, state, 1, 3);
  if (ranks().rank() == 0) io::save(path_of(0), params, alone(), state, note);
  run(alone(), params, state, 4, 7);

  for (const int count : {1, 2, 3, 5, 8}) {
    if (count > ranks().size()) continue;
    INFO("saved by " << count);
    on_first(count, [&](mpi::Communicator& some) {
      auto mine = model();
      const auto optimizer = shared_by(some);
      auto its = optimizer.init(mine);
      mpi::save(some, path_of(count), mine, optimizer, its);  // before the first step
      run(optimizer, mine, its, 1, 3);
      mpi::save(some, path_of(count), mine, optimizer, its, note);
    });
    CHECK(bytes_of_file(path_of(count)) == bytes_of_file(path_of(0)));
    for (const int next : {1, 2, 3, 5, 8}) {
      if (next > ranks().size()) continue;
      INFO("continued by " << next);
      on_first(next, [&](mpi::Communicator& some) {
        auto mine = zeros_like(model());
        const auto optimizer = shared_by(some);
        auto its = optimizer.init(mine);
        const auto found = mpi::load(some, path_of(count), mine, optimizer, its);
        CHECK(found.metadata == note);
        CHECK(found.steps == 3);
        CHECK(found.changed.empty());
        run(optimizer, mine, its, 4, 7);
        CHECK(same_bits(mine, params));
      });
    }
  }
}

TEST_CASE("a file knows leaves by their names, not by their order") {
  struct AB {
    Eigen::MatrixXf a, b;
    GRADUS_LEAVES(a, b)
  };
  struct BA {
    Eigen::MatrixXf b, a;
    GRADUS_LEAVES(b, a)
  };
  const SharedFolder folder;
  const auto path = folder.path / "run.safetensors";
  AB saved{Eigen::MatrixXf::Constant(9, 8, 1), Eigen::MatrixXf::Constant(9, 8, 2)};
  BA loaded{Eigen::MatrixXf::Zero(9, 8), Eigen::MatrixXf::Zero(9, 8)};
  const auto optimizer = mpi::sharded(adamw, ranks());
  auto state = optimizer.init(saved);
  run(optimizer, saved, state, 1, 2);
  mpi::save(ranks(), path, saved, optimizer, state);
  auto other = optimizer.init(loaded);
  mpi::load(ranks(), path, loaded, optimizer, other);
  CHECK(same_bits(loaded.a, saved.a));
  CHECK(same_bits(loaded.b, saved.b));
  const AB ones{Eigen::MatrixXf::Ones(9, 8), Eigen::MatrixXf::Ones(9, 8)};
  optimizer.step(saved, ones, state);
  optimizer.step(loaded, BA{ones.b, ones.a}, other);
  CHECK(same_bits(loaded.a, saved.a));
  CHECK(same_bits(loaded.b, saved.b));
}

TEST_CASE("a file that cannot be read or written is an error on all ranks, and changes nothing") {
  const SharedFolder folder;
  const auto path = folder.path / "run.safetensors";
  auto params = model();
  const auto optimizer = mpi::sharded(adamw, ranks());
  auto state = optimizer.init(params);
  CHECK_THROWS_WITH(mpi::load(ranks(), path, params, optimizer, state), contains("there is no such file"));
  mpi::save(ranks(), path, params, optimizer, state);
  auto other = model();
  other.bias.setOnes(149);  // a hash of it is compared over ranks
  const auto before = other;
  auto its = optimizer.init(other);
  CHECK_THROWS_WITH(mpi::load(ranks(), path, other, optimizer, its),
                    contains("'bias' is F32 [150], expected F32 [149]"));
  CHECK(same_bits(other, before));
  const auto lion = mpi::sharded(Lion{}, ranks());
  auto of_lion = lion.init(params);
  CHECK_THROWS_WITH(mpi::load(ranks(), path, params, lion, of_lion),
                    contains("was saved with the optimizer AdamW"));
  CHECK_THROWS_WITH(mpi::save(ranks(), folder.path / "none" / "run.safetensors", params, optimizer, state),
                    contains("rank 0: ") && contains("there is no folder"));
  CHECK(files_in(folder.path) == 1);
}

TEST_CASE("one rank alone cannot save or load what it has a part of") {
  const SharedFolder folder;
  const auto path = folder.path / (std::to_string(ranks().rank()) + ".safetensors");
  std::vector<Eigen::MatrixXf> params{Eigen::MatrixXf::Ones(1, 1)};  // some have no part at all
  const auto optimizer = mpi::sharded(adamw, ranks());
  auto state = optimizer.init(params);
  if (ranks().size() == 1) {
    io::save(path, params, optimizer, state);
    io::load(path, params, optimizer, state);
    CHECK(files_in(folder.path) == 1);
  } else {
    CHECK_THROWS_WITH(io::save(path, params, optimizer, state), contains("divided among processes"));
    CHECK(files_in(folder.path) == 0);
    mpi::save(ranks(), folder.path / "all.safetensors", params, optimizer, state);
    CHECK_THROWS_WITH(io::load(folder.path / "all.safetensors", params, optimizer, state),
                      contains("divided among processes"));
  }
}

TEST_CASE("ranks that want to save different things are told which") {
  if (ranks().size() == 1) return;
  const SharedFolder folder;
  const bool mine = ranks().rank() == 1;
  const auto params = model();
  const auto optimizer = mpi::sharded(adamw, ranks());
  const auto state = optimizer.init(params);
  const auto save_to = [&](const char* name, const char* note) {
    mpi::save(ranks(), folder.path / name, params, optimizer, state, {{"note", note}});
  };
  CHECK_THROWS_WITH(save_to(mine ? "b" : "a", "same"),
                    contains("rank 1: gradus::mpi::save: the path is") && contains("but on rank 0 it is"));
  CHECK_THROWS_WITH(save_to("a", mine ? "longer" : "same"),
                    "rank 1: gradus::mpi::save: 'note' of the metadata is longer, but on rank 0 it is same");
  CHECK(files_in(folder.path) == 0);
}

TEST_CASE("a rank that does not see the folder keeps nobody waiting") {
  if (ranks().size() == 1) return;
  const SharedFolder folder;
  const auto before = std::filesystem::current_path();
  const auto elsewhere = folder.path / "elsewhere";
  if (ranks().rank() == 0) create_directory(elsewhere);
  ranks().barrier();
  current_path(ranks().rank() == ranks().size() - 1 ? elsewhere : folder.path);
  const auto params = model();
  const auto optimizer = mpi::sharded(adamw, ranks());
  CHECK_THROWS_WITH(mpi::save(ranks(), "run.safetensors", params, optimizer, optimizer.init(params)),
                    contains("rank " + std::to_string(ranks().size() - 1)) && contains("run.safetensors: ") &&
                        contains("is the folder one that all ranks see?"));
  CHECK(files_in(folder.path) == 0);
  current_path(before);
}

#ifdef GRADUS_TEST_HAS_LIMITS
TEST_CASE("a disk that is full for one rank is an error on all, and changes nothing") {
  const SharedFolder folder;
  const auto path = folder.path / "run.safetensors";
  auto params = model();
  const auto optimizer = mpi::sharded(adamw, ranks());
  auto state = optimizer.init(params);
  mpi::save(ranks(), path, params, optimizer, state);
  const std::string old = bytes_of_file(path);
  run(optimizer, params, state, 1, 1);
  const int last = ranks().size() - 1;
  {
    const SmallFiles limit(ranks().rank() == last ? 4000 : RLIM_INFINITY);
    CHECK_THROWS_WITH(mpi::save(ranks(), path, params, optimizer, state),
                      contains("rank " + std::to_string(last) + ": " + path.string() + ": ") &&
                          (contains("cannot write all bytes: is the disk full?") || contains("MPI_File_")));
  }
  CHECK(files_in(folder.path) == 1);
  CHECK(bytes_of_file(path) == old);
  mpi::save(ranks(), path, params, optimizer, state);
  CHECK(bytes_of_file(path) != old);
  CHECK(files_in(folder.path) == 1);
}
#endif

TEST_CASE("the newest checkpoints of all ranks are kept, and all go on from the same") {
  const SharedFolder folder;
  const mpi::Checkpoints checkpoints{ranks(), folder.path / "runs" / "first", 2};
  CHECK_FALSE(checkpoints.latest());
  auto params = model();
  const auto optimizer = mpi::sharded(adamw, ranks());
  auto state = optimizer.init(params);
  for (const int step : {9, 10, 1000}) {
    run(optimizer, params, state, step, step);
    checkpoints.save(step, params, optimizer, state);
  }
  const auto latest = checkpoints.latest();
  REQUIRE(latest);
  CHECK(latest->step == 1000);
  CHECK(latest->path == checkpoints.folder / "step-000001000.safetensors");
  CHECK(files_in(checkpoints.folder) == 2);
  CHECK(io::Checkpoints{checkpoints.folder}.latest()->path == latest->path);

  auto again = zeros_like(params);
  auto its = optimizer.init(again);
  CHECK(mpi::load(ranks(), latest->path, again, optimizer, its).steps == 3);
  CHECK(same_bits(again, params));

  CHECK_THROWS_WITH(checkpoints.save(999, params, optimizer, state),
                    contains("rank 0: ") && contains("has a checkpoint of step 1000, after step 999"));
  if (ranks().size() > 1) {
    CHECK_THROWS_WITH(checkpoints.save(1000 + ranks().rank(), params, optimizer, state),
                      contains("rank 1: gradus::mpi::save: the path is "));
  }
  const mpi::Checkpoints file{ranks(), latest->path};
  CHECK_THROWS_WITH(file.latest(), contains("rank 0: ") && contains("cannot be read"));
  CHECK_THROWS_WITH(file.save(1001, params, optimizer, state), contains("rank 0: "));
  CHECK(files_in(checkpoints.folder) == 2);
}
