// SPDX-License-Identifier: MIT
//
// The law of resume_test.cpp for wrappers and routes, and for trees and leaves of all kinds.
#include "io/resume.hpp"
#include "optimizers.hpp"
#include "storages.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

struct Layer {
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> w;
  Eigen::VectorXf b;
  GRADUS_LEAVES(w, b)
};
struct Model {
  std::map<std::string, Layer> layers;
  std::tuple<Eigen::Matrix<double, 2, 3>, Eigen::Vector3d, Eigen::ArrayXXd> fixed;
  std::vector<Eigen::VectorX<Eigen::bfloat16>> sixteen;
  Eigen::Map<Eigen::MatrixXd, 0, Eigen::OuterStride<>> view;
  GRADUS_LEAVES(layers, fixed, sixteen, view)
};

Model make_model(Eigen::MatrixXd& memory, double factor) {
  memory = Eigen::MatrixXd::Zero(6, 4);
  Model model{{{"first", {Eigen::MatrixXf::Zero(3, 5), Eigen::VectorXf::Zero(3)}},
               {"last", {Eigen::MatrixXf::Zero(2, 3), Eigen::VectorXf::Zero(0)}}},
              {Eigen::Matrix<double, 2, 3>::Zero(), Eigen::Vector3d::Zero(), Eigen::ArrayXXd::Zero(2, 2)},
              {Eigen::VectorX<Eigen::bfloat16>::Zero(4)},
              {memory.data() + 1, 3, 4, Eigen::OuterStride<>(6)}};
  fill(model, [=](double, double l, double i, double j) { return factor * start(l, i, j); });
  return model;
}

// What the gradients at other points have in common with those at `x` is all that a test needs.
const auto objective = [](const auto& x, auto& gradient) {
  write_gradient(x, gradient, 3);
  return 0.0;
};

}  // namespace

TEST_CASE("every optimizer in wrappers and routes goes on from its file with the same bits") {
  for_each_optimizer([](const Entry& entry) {
    const AnyOptimizer &plain = entry.usual, &other = entry.fields.front().second;
    check_on_trees("nest-" + entry.name, exponential_average(accumulate(lookahead(plain, 2), 3)));
    check_on_trees(
        "routes-" + entry.name,
        route(is_matrix, route([](const LeafInfo& leaf) { return leaf.name == "0"; }, plain, other),
              skip_nonfinite(cautious(plain))));
  });
}

TEST_CASE("every wrapper goes on from its file with the same bits") {
  const AdamW adamw{.learning_rate = 0.1};
  check_on_trees("lookahead", lookahead(adamw, 3));
  check_on_trees("cautious", cautious(adamw));
  check_on_trees("stiefel", stiefel(adamw));
  check_on_trees("hyperball", hyperball(adamw, 0.05));
  check_on_trees("update_floor", update_floor(adamw, 0.05, true));
  check_on_trees("radial_brake", radial_brake(adamw));
  check_on_trees("ema_nesterov", ema_nesterov(adamw));
  check_on_trees("diloco", diloco(adamw, 3));
  check_on_trees("tail_average", tail_average(adamw, 3));
  check_on_trees("exponential_average", exponential_average(adamw, 0.9));
  check_on_trees("polyak_average", polyak_average(adamw));
  check_on_trees("stochastic_weight_average", stochastic_weight_average(adamw, 3, 2));
  check_on_trees("late_average", stochastic_weight_average(adamw, 2 * half_way));
  check_on_trees("accumulate", accumulate(adamw, 3));
  check_on_trees("skip_nonfinite", skip_nonfinite(adamw));
  check_on_trees("sharpness_aware", sharpness_aware(objective, adamw, 0.1));
  check_on_trees("scheduled", scheduled<&AdamW::learning_rate>(adamw, WarmupCosine{0.1, 5, 20}));
  check_on_trees("frozen", route(is_matrix, adamw, Frozen{}));
  check_on_trees("wrapped_routes", lookahead(route(is_matrix, Muon{}, exponential_average(Adam{})), 3));
}

TEST_CASE("models of structs, maps, tuples and views go on from their files with the same bits") {
  const auto check = [](const std::string& name, const auto& optimizer) {
    Eigen::MatrixXd memory, other_memory;
    auto model = make_model(memory, 1), other = make_model(other_memory, 0.1);
    check_resumes("model-" + name, optimizer, model, other);
    Eigen::Vector3d x(1, -2, 3), y(0, 0, 0);
    check_resumes("vector-" + name, optimizer, x, y);
  };
  check("adam", Adam{.learning_rate = 0.1});
  check("adafactor", Adafactor{.learning_rate = 0.1});
  check("average", polyak_average(Momentum{.learning_rate = 0.1}));
}

TEST_CASE("gradients that are not finite are counted across a file") {
  const auto optimizer = skip_nonfinite(Adam{}, 3);
  Eigen::VectorXd x = Eigen::VectorXd::Ones(2), again = x;
  const Eigen::VectorXd bad = x * std::numeric_limits<double>::quiet_NaN();
  auto state = optimizer.init(x), resumed = optimizer.init(again);
  for (int i = 0; i < 2; ++i) optimizer.step(x, bad, state);
  const auto path = std::filesystem::path(GRADUS_TEST_WRITTEN) / "resume" / "counted.safetensors";
  create_directories(path.parent_path());
  gradus::io::save(path, x, optimizer, state);
  gradus::io::load(path, again, optimizer, resumed);
  CHECK(resumed.consecutive == 2);
}

TEST_CASE("leaves of any storage go on from their files with the same bits") {
  for_each_optimizer([](const Entry& entry) {
    Surroundings<float> of_params, of_others;
    auto params = firsts(storages(of_params, of_params)), others = firsts(storages(of_others, of_others));
    fill(params, [](double, double l, double i, double j) { return start(l, i, j); });
    check_resumes("storages-" + entry.name, entry.usual, params, others);
  });
}
