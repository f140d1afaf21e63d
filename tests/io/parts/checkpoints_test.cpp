// SPDX-License-Identifier: MIT
//
// The folder of a run: which files are there, when they go, and what is refused.
#include <fstream>
#include <gradus/gradus.hpp>
#include <gradus/io/checkpoints.hpp>

#include "catch.hpp"
#include "io/temporary_folder.hpp"
#include "problem.hpp"

namespace {

using namespace gradus_test;
using gradus::io::Checkpoints;

// A run of Adam on one vector.
struct Run {
  gradus::Adam optimizer{.learning_rate = 0.1};
  Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(5, -1, 1);
  gradus::Adam::State<Eigen::VectorXd> state = optimizer.init(x);

  void save_to(const Checkpoints& checkpoints, std::int64_t step) {
    run(optimizer, x, state, static_cast<int>(step), static_cast<int>(step));
    checkpoints.save(step, x, optimizer, state, {{"note", "of step " + std::to_string(step)}});
  }
};

std::vector<std::int64_t> steps_of(const Checkpoints& checkpoints) {
  std::vector<std::int64_t> steps;
  for (const auto& checkpoint : checkpoints.all()) steps.push_back(checkpoint.step);
  return steps;
}

using Steps = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("the newest checkpoints of a run are kept, and the latest is where it goes on") {
  const TemporaryFolder temporary;
  const Checkpoints checkpoints{temporary.path / "runs" / "first"};
  CHECK_FALSE(checkpoints.latest());
  Run run;
  for (const std::int64_t step : {0, 9, 10, 999, 1000}) run.save_to(checkpoints, step);
  CHECK(steps_of(checkpoints) == Steps{10, 999, 1000});
  const auto latest = checkpoints.latest();
  REQUIRE(latest);
  CHECK(latest->step == 1000);
  CHECK(latest->path == checkpoints.folder / "step-000001000.safetensors");

  Run again;
  const auto found = gradus::io::load(latest->path, again.x, again.optimizer, again.state);
  CHECK(again.x == run.x);
  CHECK(again.state.v == run.state.v);
  CHECK(found.metadata.at("note") == "of step 1000");
  CHECK(found.steps == 5);

  run.save_to(checkpoints, 1000);  // once more, as after a Ctrl-C
  CHECK(steps_of(checkpoints) == Steps{10, 999, 1000});
}

TEST_CASE("numbers of any length are sorted as numbers, and other files are left alone") {
  const TemporaryFolder temporary;
  const Checkpoints all{temporary.path, 0};
  const auto others = {"step-1.safetensors",
                       "step-.safetensors",
                       "step--00000001.safetensors",
                       "step-000000007.safetensors.tmp-0123456789abcdef",
                       "step-00000000x.safetensors",
                       "step-000000007.txt",
                       "step-99999999999999999999.safetensors"};
  for (const char* other : others) std::ofstream(temporary.path / other) << "not ours";
  Run run;
  run.save_to(all, 999999999);
  run.save_to(all, 1000000000);
  CHECK(steps_of(all) == Steps{999999999, 1000000000});
  const Checkpoints one{temporary.path, 1};
  run.save_to(one, 1000000001);
  CHECK(steps_of(all) == Steps{1000000001});
  for (const char* other : others) CHECK(exists(temporary.path / other));
}

TEST_CASE("older checkpoints stay until the new one is there") {
  const TemporaryFolder temporary;
  const Checkpoints checkpoints{temporary.path, 1};
  Run run;
  run.save_to(checkpoints, 1);
  create_directory(temporary.path / "step-000000002.safetensors");
  CHECK_THROWS_WITH(run.save_to(checkpoints, 2), contains("is a folder"));
  CHECK(exists(temporary.path / "step-000000001.safetensors"));
}

TEST_CASE("a damaged latest checkpoint is an error, not a reason to go back further") {
  const TemporaryFolder temporary;
  const Checkpoints checkpoints{temporary.path};
  Run run;
  run.save_to(checkpoints, 1);
  run.save_to(checkpoints, 2);
  const auto path = checkpoints.latest()->path;
  resize_file(path, file_size(path) - 1);
  Run again;
  const auto before = again.x;
  CHECK_THROWS_AS(gradus::io::load(path, again.x, again.optimizer, again.state), std::invalid_argument);
  CHECK_THROWS_WITH(gradus::io::load(path, again.x, again.optimizer, again.state),
                    contains("step-000000002.safetensors: ") && contains("the file has"));
  CHECK(again.x == before);
  CHECK(checkpoints.latest()->step == 2);
}

TEST_CASE("a step before the latest, bad fields and a folder that cannot be are refused") {
  const TemporaryFolder temporary;
  const Checkpoints checkpoints{temporary.path};
  Run run;
  run.save_to(checkpoints, 7);
  CHECK_THROWS_AS(run.save_to(checkpoints, 6), std::invalid_argument);
  CHECK_THROWS_WITH(run.save_to(checkpoints, 6), contains("has a checkpoint of step 7, after step 6"));
  CHECK_THROWS_WITH(run.save_to(checkpoints, -1), contains("step is -1"));
  CHECK_THROWS_WITH(run.save_to({temporary.path, -1}, 8), contains("keep is -1"));
  CHECK(steps_of(checkpoints) == Steps{7});

  const auto file = temporary.path / "file";
  std::ofstream(file) << "no folder";
  CHECK_THROWS_AS(run.save_to({file}, 8), std::runtime_error);
  CHECK_THROWS_WITH(run.save_to({file}, 8), contains("file: "));
  CHECK_THROWS_AS(Checkpoints{file}.latest(), std::runtime_error);
}

TEST_CASE("parameters alone are saved, and read from a whole run") {
  const TemporaryFolder temporary;
  const auto path = temporary.path / "run.safetensors";
  Run run;
  const auto check = [&] {
    Eigen::VectorXd x(5), longer(6);
    CHECK(gradus::io::load_parameters(path, x) == gradus::io::Metadata{{"note", "mine"}});
    CHECK(x == run.x);
    CHECK_THROWS_WITH(gradus::io::load_parameters(path, longer),
                      contains("'params' is F64 [5], expected F64 [6]"));
    std::vector<Eigen::VectorXd> other(1, x);
    CHECK_THROWS_WITH(gradus::io::load_parameters(path, other), contains("there is no tensor '0'"));
  };
  gradus::io::save(path, run.x, run.optimizer, run.state, {{"note", "mine"}});
  check();
  gradus::io::save_parameters(path, run.x, {{"note", "mine"}});
  check();
  CHECK_THROWS_WITH(gradus::io::load(path, run.x, run.optimizer, run.state),
                    contains("there is no tensor 'state."));

  std::vector<Eigen::VectorXd> two(2, run.x), one(1, run.x);
  gradus::io::save_parameters(path, two);
  CHECK_THROWS_WITH(gradus::io::load_parameters(path, one),
                    contains("'1' is in the file, but not in the parameters"));
  CHECK_THROWS_WITH(gradus::io::save_parameters(path, two, {{"gradus.x", ""}}), contains("reserved"));
}
