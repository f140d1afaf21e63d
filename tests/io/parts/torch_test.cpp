// SPDX-License-Identifier: MIT
//
// Runs that PyTorch began go on here as they went on there, and the reverse: see reference/torch_interop.py.
#include <gradus/gradus.hpp>
#include <gradus/io/checkpoint.hpp>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;
namespace fs = std::filesystem;

namespace {

constexpr int half_way = 7, last = 107;
const fs::path given = GRADUS_TEST_DATA "/torch", written = GRADUS_TEST_WRITTEN "/torch";

template <class Scalar>
struct Model {
  Matrix<Scalar> w;
  Eigen::VectorX<Scalar> b;
  GRADUS_LEAVES(w, b)

  static Model zero() { return {Matrix<Scalar>::Zero(4, 3), Eigen::VectorX<Scalar>::Zero(5)}; }
};
template <class Scalar>
struct TwoMatrices {
  Matrix<Scalar> w, b;
  GRADUS_LEAVES(w, b)

  static TwoMatrices zero() { return {Matrix<Scalar>::Zero(4, 3), Matrix<Scalar>::Zero(2, 5)}; }
};

template <class Scalar>
constexpr bool is_double = std::is_same_v<Scalar, double>;
template <class Scalar>
const std::string ending = is_double<Scalar> ? "-double" : "-float";

// Goes on from a file for 100 steps.
template <class Scalar, class Tree, class O>
Tree from_torch(const std::string& name, const O& optimizer) {
  Tree model = Tree::zero();
  auto state = optimizer.init(model);
  const auto found = io::load(given / (name + ending<Scalar> + ".safetensors"), model, optimizer, state);
  CHECK(found.steps == half_way);
  run(optimizer, model, state, half_way + 1, last);
  return model;
}

// Leaves a run after seven steps, and where it ends.
template <class Scalar, class Tree, class O>
Tree for_torch(const std::string& name, const O& optimizer) {
  Tree model = Tree::zero();
  fill(model, [](double, double l, double i, double j) { return start(l, i, j); });
  auto state = optimizer.init(model);
  run(optimizer, model, state, 1, half_way);
  io::save(written / (name + ending<Scalar> + ".safetensors"), model, optimizer, state);
  run(optimizer, model, state, half_way + 1, last);
  io::save_parameters(written / (name + ending<Scalar> + "-end.safetensors"), model);
  return model;
}

template <class Tree, class Scalar, class O>
void check_scalar(const std::string& name, const O& optimizer) {
  const io::SafetensorsReader ends(given / ("end" + ending<Scalar> + ".safetensors"));
  Tree expected = Tree::zero();
  ends.read(name + ".w", expected.w);
  ends.read(name + ".b", expected.b);
  const double tolerance = is_double<Scalar> ? 1e-12 : 1e-6;
  CHECK(relative_difference(from_torch<Scalar, Tree>(name, optimizer), expected) < tolerance);
  CHECK(relative_difference(for_torch<Scalar, Tree>(name, optimizer), expected) < tolerance);
}

template <template <class> class Tree = Model, class O>
void check(const std::string& name, const O& optimizer) {
  INFO(name);
  check_scalar<Tree<double>, double>(name, optimizer);
  check_scalar<Tree<float>, float>(name, optimizer);
}

}  // namespace

TEST_CASE("runs of torch.optim go on as they do in PyTorch") {
  create_directories(written);
  check("SGD", SGD{.learning_rate = 0.1, .weight_decay = 0.05});
  check("Momentum", Momentum{.learning_rate = 0.05, .dampening = 0.5});
  check("AdaGrad", AdaGrad{.learning_rate = 0.3, .learning_rate_decay = 0.05, .initial_accumulator = 0.1});
  check("RMSProp", RMSProp{.decay = 0.95, .momentum = 0.8, .epsilon = 1e-6, .centered = true});
  check("Adam", Adam{.learning_rate = 0.1});
  check("AMSGrad", AMSGrad{.learning_rate = 0.02, .beta2 = 0.9});
  check("AdamW", AdamW{.learning_rate = 0.02, .weight_decay = 0.1});
  check("NAdam", NAdam{.learning_rate = 0.05});
  check("RAdam", RAdam{.learning_rate = 0.05});
  check("Adafactor", Adafactor{.learning_rate = 0.05});
  check<TwoMatrices>("Muon", Muon{});
}

TEST_CASE("groups and several optimizers of PyTorch are the parts of a route") {
  create_directories(written);
  const AdamW decaying{.learning_rate = 0.02, .weight_decay = 0.1};
  check("groups", route(is_matrix, decaying, AdamW{.learning_rate = 0.02, .weight_decay = 0}));
  check("two_optimizers", route(is_matrix, Muon{}, AdamW{.learning_rate = 0.02}));
}
