// SPDX-License-Identifier: MIT
//
// Routing and clipping: what changes which optimizer sees which gradient at which rate.
#include <gradus/gradus.hpp>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

struct Network {
  Eigen::MatrixXd embedding, hidden, head;
  Eigen::VectorXd bias;
  GRADUS_LEAVES(embedding, hidden, head, bias)
};

Network make_network() {
  Network n{Eigen::MatrixXd(4, 3), Eigen::MatrixXd(3, 3), Eigen::MatrixXd(2, 3), Eigen::VectorXd(3)};
  fill(n, [](double, double l, double i, double j) { return start(l, i, j); });
  return n;
}

constexpr auto hidden_matrix = [](const LeafInfo& leaf) {
  return is_matrix(leaf) && leaf.name != "embedding" && leaf.name != "head";
};

template <class O, class Leaf>
Leaf stepped(const O& optimizer, Leaf leaf) {
  const Leaf gradient = leaf;
  auto state = optimizer.init(leaf);
  optimizer.step(leaf, gradient, state);
  return leaf;
}

}  // namespace

TEST_CASE("route sends leaves by shape and by name") {
  const Muon muon{.learning_rate = 0.1};
  const AdamW adamw{.learning_rate = 0.2};
  const auto optimizer = route(hidden_matrix, muon, adamw);
  Network network = make_network();
  const Network before = network;
  auto state = optimizer.init(network);
  optimizer.step(network, before, state);
  CHECK(network.hidden == stepped(muon, before.hidden));
  CHECK(network.embedding == stepped(adamw, before.embedding));
  CHECK(network.head == stepped(adamw, before.head));
  CHECK(network.bias == stepped(adamw, before.bias));
  // State is kept for an optimizer's own leaves only.
  const Network& m = std::get<1>(state.states).m;
  CHECK(m.hidden.size() == 0);
  CHECK(m.head.size() == 6);
  const auto& b = std::get<0>(state.states).of<stages::Average>().b;
  CHECK(std::get<0>(b.leaves()).size() == 0);
  CHECK(std::get<1>(b.leaves()).size() == 9);
}

TEST_CASE("the first predicate that holds decides, and routes nest") {
  const SGD slow{.learning_rate = 0.1}, fast{.learning_rate = 0.3};
  const AdaGrad rest{.learning_rate = 0.2};
  const auto named = [](const char* name) {
    return [name](const LeafInfo& leaf) { return leaf.name == name; };
  };
  Network flat = make_network(), nested = flat;
  const Network before = flat;
  const auto chain = route(named("head"), slow, is_matrix, fast, rest);
  const auto tree = route(named("head"), slow, route(is_matrix, fast, rest));
  auto flat_state = chain.init(flat);
  auto nested_state = tree.init(nested);
  for (int t = 0; t < 3; ++t) {
    chain.step(flat, before, flat_state);
    tree.step(nested, before, nested_state);
  }
  CHECK(same_bits(flat, nested));
  CHECK(flat.head.isApprox(0.7 * before.head, 1e-14));
}

TEST_CASE("a leaf that nothing claims is an error that names it") {
  CHECK_THROWS_WITH(route(is_matrix, SGD{}).init(make_network()),
                    contains("route: leaf 'bias' is claimed by no optimizer"));
  CHECK_THROWS_WITH(route(is_matrix, Muon{.momentum = 2}, SGD{}).init(make_network()),
                    contains("Muon: momentum is 2"));
}

TEST_CASE("a route whose step fails has changed nothing, whichever part would fail") {
  const auto optimizer = route(is_matrix, SGD{}, AdamW{});
  Network network = make_network();
  const Network before = network;
  auto state = optimizer.init(network);
  Network gradient = before;
  gradient.bias.resize(5);
  CHECK_THROWS_WITH(optimizer.step(network, gradient, state), contains("route: leaf 'bias' is 3 x 1"));
  CHECK(same_bits(network, before));

  Network reshaped = before;
  reshaped.bias = Eigen::VectorXd::Ones(5);
  const Network same_reshaped = reshaped;
  CHECK_THROWS_WITH(optimizer.step(reshaped, same_reshaped, state),
                    contains("leaf 'bias' is 5 x 1, but its state"));
  CHECK(same_bits(reshaped, same_reshaped));

  auto shorter = make_tree<double>({{4, 3}, {3, 1}}), longer = make_tree<double>({{4, 3}, {3, 1}, {3, 1}});
  auto short_state = optimizer.init(shorter), long_state = optimizer.init(longer);
  CHECK_THROWS_WITH(optimizer.step(longer, longer, short_state), contains("leaf '2' was not there"));
  CHECK_THROWS_WITH(optimizer.step(shorter, shorter, long_state), contains("made for 3 leaves"));
}

TEST_CASE("the hyperparameters of a routed optimizer can be scheduled") {
  auto optimizer = route(is_matrix, SGD{.learning_rate = 1}, SGD{.learning_rate = 1});
  Network network = make_network();
  const Network before = network;
  auto state = optimizer.init(network);
  std::get<0>(optimizer.optimizers).learning_rate = 0;
  optimizer.step(network, before, state);
  CHECK(network.hidden == before.hidden);
  CHECK(network.bias.isZero());
}

TEST_CASE("clip_by_global_norm scales all leaves by one factor, as PyTorch does") {
  const auto grads =
      std::pair{Eigen::MatrixXd::Constant(1, 1, 3.0).eval(), Eigen::VectorXd::Constant(1, 4.0).eval()};
  CHECK(norm(clip_by_global_norm(grads, 1.0)) == Approx(5 / (5 + 1e-6)).epsilon(1e-14));
  CHECK(norm(clip_by_global_norm(grads, 7.0)) == 5);
  CHECK(norm(clip_by_global_norm(std::pair{Eigen::Vector2d(0, 0), Eigen::Vector2d(0, 0)}, 1.0)) == 0);
  CHECK_THROWS_WITH(clip_by_global_norm(grads, 0.0), contains("clip_by_global_norm: max_norm is 0"));
}

TEST_CASE("clip_by_value clamps every coefficient and keeps NaN") {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinity = std::numeric_limits<double>::infinity();
  Eigen::VectorXd g(6), p = Eigen::VectorXd::Zero(6);
  g << -3, -0.5, 0.25, 2, infinity, nan;
  const SGD sgd{.learning_rate = 1};
  auto state = sgd.init(p);
  sgd.step(p, clip_by_value(g, 0.5), state);
  CHECK(p.head(5) == (Eigen::VectorXd(5) << 0.5, 0.5, -0.25, -0.5, -0.5).finished());
  CHECK(std::isnan(p(5)));
  CHECK_THROWS_WITH(clip_by_value(g, -1.0), contains("clip_by_value: limit is -1"));
}

namespace {

struct SizedModel {
  Eigen::MatrixXd w = Eigen::MatrixXd::Ones(30, 40);
  Eigen::VectorXd b = Eigen::VectorXd::Ones(50);
  GRADUS_LEAVES(w, b)
};

}  // namespace

TEST_CASE("the parts of a route keep nothing for leaves of others, whatever size a struct gives them") {
  const SizedModel params;
  const auto state = route(is_matrix, Lion{}, Adam{}).init(params);
  const auto& [lion, adam] = state.states;
  CHECK(lion.m.w.size() == 1200);
  CHECK(lion.m.b.size() == 0);
  CHECK(adam.m.w.size() == 0);
  CHECK(adam.m.b.size() == 50);
}

TEST_CASE("all optimizers of a route are fields, those without fields of their own too") {
  std::string names;
  const auto optimizer = route(is_matrix, Frozen{}, SGD{});
  for_each_field(optimizer, [&](const std::string& name, const auto&) { names += name + ' '; });
  CHECK(names == "0 1 1.learning_rate 1.weight_decay ");
}
