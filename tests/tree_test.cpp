// SPDX-License-Identifier: MIT
//
// Trees of parameters: kinds, names, structure checks, lazy trees, reductions, state.
#include <gradus/gradus.hpp>
#include <map>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

struct Layer {
  Eigen::MatrixXd w;
  Eigen::VectorXd b;
  GRADUS_LEAVES(w, b)
};

struct Model {
  Eigen::MatrixXd embedding;
  std::vector<Layer> layers;
  std::map<std::string, Eigen::VectorXd> extras;
  std::array<Eigen::Vector2d, 2> fixed;
  std::pair<Eigen::MatrixXd, Eigen::VectorXd> head;
  GRADUS_LEAVES(embedding, layers, extras, fixed, head)
};

Model make_model() {
  Model model{Eigen::MatrixXd(3, 2),
              {{Eigen::MatrixXd(2, 2), Eigen::VectorXd(2)}, {Eigen::MatrixXd(4, 2), Eigen::VectorXd(4)}},
              {{"gain", Eigen::VectorXd(2)}, {"bias", Eigen::VectorXd(1)}},
              {},
              {Eigen::MatrixXd(2, 4), Eigen::VectorXd(2)}};
  fill(model, [](double, double l, double i, double j) { return start(l, i, j); });
  return model;
}

template <class Tree>
std::vector<std::string> names(const Tree& tree) {
  std::vector<std::string> result;
  walk(
      "names", [&](const Path& at, const auto&) { result.push_back(at.name()); }, tree);
  return result;
}

}  // namespace

TEST_CASE("leaves are named by member, position and key, in a fixed order") {
  CHECK(names(make_model()) == std::vector<std::string>{"embedding", "layers.0.w", "layers.0.b", "layers.1.w",
                                                        "layers.1.b", "extras.bias", "extras.gain", "fixed.0",
                                                        "fixed.1", "head.0", "head.1"});
  CHECK(names(Eigen::Vector2d(0, 0)) == std::vector<std::string>{""});
  CHECK(leaf_count(make_model()) == 11);
  CHECK(coefficient_count(make_model()) == 6 + 4 + 2 + 8 + 4 + 1 + 2 + 2 + 2 + 8 + 2);
}

TEST_CASE("a state has the structure, shapes and names of its parameters") {
  Model model = make_model();
  const auto zeros = zeros_like(model);
  CHECK(names(zeros) == names(model));
  CHECK(norm(zeros) == 0);
  require_same_structure("test", model.layers, model.layers, zeros.layers);
  static_assert(std::is_same_v<like<Eigen::Map<Eigen::MatrixXf>>, Eigen::MatrixXf>);
  static_assert(std::is_same_v<like<const Eigen::Ref<const Eigen::VectorXd>&>, Eigen::VectorXd>);
  static_assert(std::is_same_v<like<std::tuple<Eigen::MatrixXf&, Eigen::Vector3d&>>,
                               std::tuple<Eigen::MatrixXf, Eigen::Vector3d>>);
}

TEST_CASE("every kind of tree is stepped as its leaves are") {
  Model model = make_model(), gradient = make_model();
  const Model before = model;
  const Adam adam{.learning_rate = 0.1};
  auto state = adam.init(model);
  adam.step(model, gradient, state);
  walk(
      "compare",
      [&](const Path&, const auto& after, const auto& leaf) {
        auto alone = leaf;
        auto alone_state = adam.init(alone);
        adam.step(alone, leaf, alone_state);
        CHECK(after == alone);
      },
      model, before);
}

TEST_CASE("a tuple of references steps the objects themselves, and gradients may be another kind of tree") {
  Layer layer{Eigen::MatrixXd::Ones(2, 2), Eigen::VectorXd::Ones(2)}, same = layer;
  const Layer gradient = layer;
  const SGD sgd{.learning_rate = 0.5};
  auto state = sgd.init(layer);
  sgd.step(std::tie(layer.w, layer.b), std::tie(gradient.w, gradient.b), state);
  CHECK(layer.w == Eigen::MatrixXd::Constant(2, 2, 0.5));
  sgd.step(same, std::pair{gradient.w, gradient.b}, state);
  CHECK(same.b == layer.b);
  CHECK(gradient.b == Eigen::VectorXd::Ones(2));
}

TEST_CASE("differences of structure are reported with the place") {
  const SGD sgd;
  Model model = make_model();
  auto state = sgd.init(model);
  const auto refused = [&](const auto& spoil) {
    Model gradient = make_model();
    spoil(gradient);
    try {
      sgd.step(model, gradient, state);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  CHECK(refused([](Model& m) { m.layers.pop_back(); }) ==
        "SGD: leaf 'layers' has 2 children, but its gradient has 1");
  CHECK(refused([](Model& m) { m.layers[1].b.resize(3); }) ==
        "SGD: leaf 'layers.1.b' is 4 x 1, but its gradient is 3 x 1");
  CHECK(refused([](Model& m) { m.head.first.resize(4, 2); }) ==
        "SGD: leaf 'head.0' is 2 x 4, but its gradient is 4 x 2");
  const std::string missing = refused([](Model& m) {
    m.extras.erase("gain");
    m.extras["gains"] = Eigen::VectorXd(2);
  });
  CHECK(missing == "SGD: leaf 'extras' has the key 'gain', but its gradient has not");
  Eigen::MatrixXd lone(2, 3), other(3, 2);
  CHECK_THROWS_WITH(sgd.step(lone, other, state), "SGD: the tree is 2 x 3, but its gradient is 3 x 2");
}

TEST_CASE("lazy trees compute what their functions say, nested and over several trees") {
  auto params = make_tree<double>({{5, 3}, {40, 1}});
  const auto grads = params;
  const SGD sgd{.learning_rate = 1};
  auto state = sgd.init(params);
  const auto doubled = lazy([](const auto& g) { return 2 * g; }, grads);
  const auto sum = lazy([](const auto& a, const auto& b) { return a + 3 * b; }, doubled, grads);
  sgd.step(params, sum, state);
  for (std::size_t k = 0; k < params.size(); ++k) CHECK(params[k].isApprox(-4 * grads[k], 1e-15));
  CHECK(norm(sum) == Approx(5 * norm(grads)));

  Eigen::Vector3d fixed(1, 2, 3);
  const Eigen::Vector3d gradient = fixed;
  sgd.step(fixed, lazy([](const auto& g) { return -g; }, gradient), state);
  CHECK(fixed == 2 * gradient);

  const auto shorter = make_tree<double>({{5, 3}, {39, 1}});
  CHECK_THROWS_WITH(
      sgd.step(params, lazy([](const auto& a, const auto& b) { return a + b; }, grads, shorter), state),
      contains("leaf '1' is 40 x 1, but its gradient is 39 x 1"));
}

TEST_CASE("the norm of a tree neither overflows nor underflows, and sees NaN") {
  const auto norm_of = [](double scale) {
    return norm(std::pair{Eigen::Vector2d(3 * scale, 0), Eigen::MatrixXd::Constant(1, 1, 4 * scale).eval()}) /
           scale;
  };
  for (const double scale : {1.0, 1e-300, 1e300, 1e-160, 1e160})
    CHECK(norm_of(scale) == Approx(5).epsilon(1e-14));
  CHECK(norm(Eigen::Vector2f(3e30f, 4e30f)) == Approx(5e30));
  CHECK(norm(Eigen::VectorXd()) == 0);
  const double infinity = std::numeric_limits<double>::infinity(),
               nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(norm(Eigen::Vector2d(1, -infinity)) == infinity);
  CHECK(std::isnan(norm(Eigen::Vector2d(1, nan))));
  CHECK(all_finite(Eigen::Vector2d(1, 1e308)));
  CHECK_FALSE(all_finite(Eigen::Vector2d(1, nan)));
  CHECK_FALSE(all_finite(std::pair{Eigen::VectorXf::Ones(100).eval(), Eigen::Vector2d(1, infinity)}));
  // Far more coefficients than one segment, at a length that is no multiple of a block.
  CHECK(norm(Eigen::VectorXf::Ones(300007).eval()) == Approx(std::sqrt(300007.0)).epsilon(1e-14));
}

TEST_CASE("the norm has the same bits for any number of threads") {
#ifdef _OPENMP
  const auto tree = make_tree<float>({{1000, 301}, {17, 3}, {70000, 1}});
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  const double one = norm(tree);
  for (const int threads : {2, 3, 8}) {
    omp_set_num_threads(threads);
    CHECK(norm(tree) == one);
  }
  omp_set_num_threads(before);
#else
  SUCCEED("built without OpenMP");
#endif
}

TEST_CASE("for_each_leaf visits every leaf once, the largest first, and passes exceptions on") {
  auto tree = make_tree<double>({{2, 2}, {30, 30}, {1, 1}, {7, 9}, {0, 4}, {29, 30}});
  std::vector<Index> sizes;
  std::vector<int> scratch(1);  // for one thread
  for_each_leaf(
      scratch, [&](int&, auto& leaf) { sizes.push_back(leaf.size()), leaf.setConstant(7); }, tree);
  CHECK(sizes == std::vector<Index>{900, 870, 63, 4, 1});
  for (const auto& leaf : tree) CHECK((leaf.array() == 7).all());
  std::atomic<int> visits{0};
  for_each_leaf([&](auto&) { ++visits; }, tree);
  CHECK(visits == 5);
  CHECK_THROWS_AS(for_each_leaf([](auto&) { throw std::runtime_error("x"); }, tree), std::runtime_error);
}

TEST_CASE("what is thrown inside a parallel region reaches the caller") {
  Eigen::VectorXd large = Eigen::VectorXd::Ones(300000);
  const auto throws = [](auto&) { throw std::runtime_error("no more"); };
  CHECK_THROWS_WITH(for_each_block(throws, large), "no more");
  const auto throws_in_sum = [](const auto& x) {
    if (x(0) == 1) throw std::runtime_error("no sum");
    return wide(x);
  };
  CHECK_THROWS_WITH(sum_blocks(throws_in_sum, large), "no sum");
}

TEST_CASE("a state names its fields") {
  const auto state = Adam{}.init(make_model());
  std::vector<std::string> fields;
  state.visit([&](std::string_view name, const auto&) { fields.emplace_back(name); });
  CHECK(fields == std::vector<std::string>{"m", "v", "t", "beta1_power", "beta2_power"});
}
