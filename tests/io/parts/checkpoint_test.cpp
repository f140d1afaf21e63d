// SPDX-License-Identifier: MIT
//
// What a file of `save` holds, and what `save` and `load` refuse.
#include <gradus/gradus.hpp>
#include <gradus/io/checkpoint.hpp>

#include "catch.hpp"
#include "io/resume.hpp"
#include "io/temporary_folder.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

using io::Metadata;

const Shapes two_leaves{{4, 3}, {3, 2}};

// `load` refuses the file with these words, and changes neither parameters nor state.
template <class O>
void check_refuses(const std::filesystem::path& path, const O& optimizer, const std::string& what,
                   const Shapes& shapes = two_leaves) {
  auto params = make_tree<double>(shapes);
  auto state = optimizer.init(params);
  const auto before = bytes_of(params, state);
  CHECK_THROWS_AS(io::load(path, params, optimizer, state), std::invalid_argument);
  CHECK_THROWS_WITH(io::load(path, params, optimizer, state),
                    contains(path.string() + ": ") && contains(what));
  CHECK(bytes_of(params, state) == before);
}

template <class O>
auto saved(const std::filesystem::path& path, const O& optimizer) {
  auto params = make_tree<double>(two_leaves);
  auto state = optimizer.init(params);
  run(optimizer, params, state, 1, 3);
  io::save(path, params, optimizer, state);
  return std::pair{params, state};
}

// Writes the tensors of a run again: `drop` is left out, `extra` is added.
template <class Run>
void write_again(const std::filesystem::path& path, const Run& run, const std::string& drop,
                 const std::string& extra, const Metadata& metadata = {}) {
  std::vector<io::OutputTensor> tensors;
  for (const auto& [name, view] : io::detail::entries_of(run.first, run.second).views) {
    if (name != drop) tensors.push_back(io::tensor(name, view));
  }
  const Eigen::MatrixXd more = Eigen::MatrixXd::Ones(2, 2);
  if (!extra.empty()) tensors.push_back(io::tensor(extra, more));
  io::write_safetensors(path, std::move(tensors), metadata);
}

struct Block {
  Eigen::MatrixXf w;
  Eigen::VectorXd b;
  GRADUS_LEAVES(w, b)
};

// What a user keeps beside the state of his optimizer.
struct TwoStates {
  Adam::State<Eigen::VectorXd> adam;
  ReduceLROnPlateau::State plateau;
  GRADUS_STATE(adam, plateau)
};

}  // namespace

TEST_CASE("a file has the parameters by their names, the state by its fields, and the optimizer as text") {
  const TemporaryFolder temporary;
  const auto path = temporary.path / "run.safetensors";
  std::map<std::string, Block> model{{"layer", {Eigen::MatrixXf::Ones(3, 2), Eigen::VectorXd::Ones(3)}}};
  const auto optimizer =
      route(is_matrix, lookahead(AdamW{.learning_rate = 0.25}, 5), Momentum{.nesterov = true});
  auto state = optimizer.init(model);
  run(optimizer, model, state, 1, 4);
  io::save(path, model, optimizer, state, {{"seed", "7"}});

  const io::SafetensorsReader file(path);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : file.tensors()) {
    names.push_back(name + " " + io::describe(tensor.dtype, tensor.shape));
  }
  CHECK(names ==
        std::vector<std::string>{"layer.b F64 [3]", "layer.w F32 [3, 2]", "state.0.inner.beta1_power F64 []",
                                 "state.0.inner.beta2_power F64 []", "state.0.inner.m.layer.w F32 [3, 2]",
                                 "state.0.inner.t I64 []", "state.0.inner.v.layer.w F32 [3, 2]",
                                 "state.0.slow.layer.w F32 [3, 2]", "state.0.t I64 []",
                                 "state.1.b.layer.b F64 [3]", "state.1.t I64 []"});
  const Metadata& text = file.metadata();
  CHECK(text.at("seed") == "7");
  CHECK(text.at("gradus.format") == "1");
  CHECK(text.at("gradus.steps") == "4");
  CHECK(text.at("gradus.optimizer") == "route(Lookahead(AdamW), Momentum)");
  CHECK(text.at("gradus.optimizer.0.inner.learning_rate") == "0.25");
  CHECK(text.at("gradus.optimizer.0.steps") == "5");
  CHECK(text.at("gradus.optimizer.1.nesterov") == "true");
}

TEST_CASE("what the user says comes back, and fields that have changed are listed") {
  const TemporaryFolder temporary;
  const auto path = temporary.path / "run.safetensors";
  Eigen::MatrixXd x = Eigen::MatrixXd::Ones(2, 2);
  Adafactor optimizer{.learning_rate = 0.1};
  auto state = optimizer.init(x);
  io::save(path, x, optimizer, state, {{"", "no key"}, {"note", "a \"quoted\"\ttext: ü"}});
  auto found = io::load(path, x, optimizer, state);
  CHECK(found.metadata == Metadata{{"", "no key"}, {"note", "a \"quoted\"\ttext: ü"}});
  CHECK(found.steps == 0);
  CHECK(found.changed.empty());
  optimizer.learning_rate = 1.0 / 3;
  optimizer.epsilon1 = 1e-30;
  optimizer.clip = std::numeric_limits<double>::infinity();
  found = io::load(path, x, optimizer, state);
  CHECK(found.changed == std::vector<std::string>{"clip was 1.0, is inf", "epsilon1 was none, is 1e-30",
                                                  "learning_rate was 0.1, is 0.3333333333333333"});
  CHECK(optimizer.learning_rate == 1.0 / 3);

  // A file of somebody else has no metadata.
  io::write_safetensors(path, {io::tensor("params", x), io::tensor("state.t", std::int64_t{12})});
  auto sgd_state = SGD{}.init(x);
  found = io::load(path, x, SGD{}, sgd_state);
  CHECK(found.steps == 12);
  CHECK(found.metadata.empty());
  CHECK(found.changed.empty());
}

TEST_CASE("a file of another optimizer, of other options or of other shapes is refused") {
  const TemporaryFolder temporary;
  const auto path = temporary.path / "run.safetensors";
  saved(path, Adam{});
  check_refuses(path, AdamW{}, "was saved with the optimizer Adam, but is loaded with AdamW");
  check_refuses(path, lookahead(Adam{}), "Adam, but is loaded with Lookahead(Adam)");
  check_refuses(path, Adam{}, "'1' is F64 [3, 2], expected F64 [2, 3]", {{4, 3}, {2, 3}});
  check_refuses(path, Adam{}, "there is no tensor '2', expected F64 [1, 1]", {{4, 3}, {3, 2}, {1, 1}});
  check_refuses(path, Adam{}, "'1' is in the file, but not in the parameters", {{4, 3}});
  saved(path, RMSProp{});
  check_refuses(path, RMSProp{.centered = true}, "there is no tensor 'state.m.0', expected F64 [4, 3]");
  saved(path, RMSProp{.centered = true});
  check_refuses(path, RMSProp{}, "'state.m.0' is in the file, but not in the parameters or the state");
  saved(path, Adafactor{.beta1 = 0.9});
  check_refuses(path, Adafactor{}, "'state.FactoredRoot.m.0' is in the file");
  saved(path, Adafactor{});
  check_refuses(path, Adafactor{.beta1 = 0.9}, "there is no tensor 'state.FactoredRoot.m.0'");
  saved(path, route(is_matrix, Adam{}, SGD{}));
  check_refuses(path, route(is_matrix, Frozen{}, SGD{}),
                "route(Adam, SGD), but is loaded with route(Frozen, SGD)");
  check_refuses(path, route([](const LeafInfo&) { return false; }, Adam{}, SGD{}),
                "'state.0.m.0' is in the file, but not in");
}

TEST_CASE("a tensor too many or too few, of another type, and a later format are refused") {
  const TemporaryFolder temporary;
  const auto path = temporary.path / "run.safetensors";
  const auto run = saved(path, Adam{});
  write_again(path, run, "", "");
  auto params = run.first;
  auto state = run.second;
  CHECK_NOTHROW(io::load(path, params, Adam{}, state));
  for (const std::string drop : {"0", "state.v.1", "state.t", "state.beta2_power"}) {
    write_again(path, run, drop, "");
    check_refuses(path, Adam{}, "there is no tensor '" + drop + "'");
  }
  for (const std::string extra : {"2", "state.x.0", "state", "stat"}) {
    write_again(path, run, "", extra);
    check_refuses(path, Adam{}, "'" + extra + "' is in the file, but not in");
  }
  write_again(path, run, "state.t", "state.t");
  check_refuses(path, Adam{}, "'state.t' is F64 [2, 2], expected I64 []");
  write_again(path, run, "", "", {{"gradus.format", "2"}});
  check_refuses(path, Adam{}, "is of the format 2, of a later version of the library");
}

TEST_CASE("reserved metadata and two leaves of one name are refused, and the file stays as it was") {
  const TemporaryFolder temporary;
  const auto path = temporary.path / "run.safetensors";
  const auto [params, state] = saved(path, Adam{});
  CHECK_THROWS_WITH(io::save(path, params, Adam{}, state, {{"gradus.steps", "1"}}),
                    contains("the key 'gradus.steps' of the metadata is reserved"));

  std::map<std::string, std::map<std::string, Eigen::MatrixXd>> model;
  model["a"]["b.c"] = model["a.b"]["c"] = Eigen::MatrixXd::Ones(2, 1);
  auto model_state = SGD{}.init(model);
  CHECK_THROWS_AS(io::save(path, model, SGD{}, model_state), std::invalid_argument);
  CHECK_THROWS_WITH(io::save(path, model, SGD{}, model_state), contains("two tensors are called 'a.b.c'"));
  check_refuses(path, AdamW{}, "was saved with the optimizer Adam,");
  io::write_safetensors(path,
                        {io::tensor("a.b.c", model["a"]["b.c"]), io::tensor("state.t", std::int64_t{1})});
  CHECK_THROWS_WITH(io::load(path, model, SGD{}, model_state), contains("two tensors are called 'a.b.c'"));

  std::map<std::string, Eigen::MatrixXd> hostile{{"state.t", Eigen::MatrixXd::Ones(1, 1)}};
  auto hostile_state = SGD{}.init(hostile);
  CHECK_THROWS_WITH(io::save(path, hostile, SGD{}, hostile_state),
                    contains("two tensors are called 'state.t': "));
  CHECK(temporary.count() == 1);
}

TEST_CASE("a state may be a struct of several that names them") {
  const TemporaryFolder temporary;
  const auto path = temporary.path / "run.safetensors";
  Eigen::VectorXd x = Eigen::VectorXd::Ones(3), y = x;
  const ReduceLROnPlateau plateau{};
  TwoStates before{Adam{}.init(x), plateau.init(0.5)}, after{Adam{}.init(y), plateau.init(0.25)};
  run(Adam{}, x, before.adam, 1, 3);
  io::save(path, x, Adam{}, before);
  io::load(path, y, Adam{}, after);
  CHECK(bytes_of(x, before) == bytes_of(y, after));
  CHECK(io::SafetensorsReader(path).tensors().count("state.plateau.learning_rate") == 1);
}
