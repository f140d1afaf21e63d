// SPDX-License-Identifier: MIT
//
// What follows from the definitions: special cases that are other methods, sizes of states, estimates in the
// mean, and who may hold what.
#include <deque>
#include <gradus/gradus.hpp>
#include <span>
#include <thread>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

struct Network {
  Eigen::MatrixXd hidden, head;
  Eigen::VectorXd bias;
  GRADUS_LEAVES(hidden, head, bias)
};

Network make_network() {
  Network n{Eigen::MatrixXd::Zero(4, 3), Eigen::MatrixXd::Zero(2, 4), Eigen::VectorXd::Zero(4)};
  fill(n, [](double, double l, double i, double j) { return start(l, i, j); });
  return n;
}

constexpr auto is_head = [](const LeafInfo& leaf) { return leaf.name == "head"; };

// A visitor that adds up the coefficients of all trees in a state.
struct Count {
  Index& coefficients;

  template <class Field>
  void operator()(std::string_view, const Field& field) {
    if constexpr (Parameters<Field>) {
      coefficients += coefficient_count(field);
    } else if constexpr (requires { field.visit(*this); }) {
      field.visit(*this);
    }
  }
};

template <class O, class P>
Index state_size(const O& optimizer, const P& params) {
  Index count = 0;
  optimizer.init(params).visit(Count{count});
  return count;
}

}  // namespace

TEST_CASE("Hutchinson's estimate is the diagonal of a diagonal Hessian") {
  const Eigen::VectorXd diagonal = Eigen::VectorXd::LinSpaced(9, -2, 5);
  const auto estimator = hutchinson(
      [&](const Eigen::VectorXd&, const Eigen::VectorXd& u, Eigen::VectorXd& out) {
        CHECK((u.array().abs() == 1).all());
        out = diagonal.cwiseProduct(u);
      },
      7);
  const Eigen::VectorXd x = Eigen::VectorXd::Ones(9);
  for (int t = 1; t <= 5; ++t) {
    Eigen::VectorXd estimate = Eigen::VectorXd::Constant(9, NAN);
    estimator(x, estimate, t);
    CHECK(estimate == diagonal);
  }
}

TEST_CASE("Hutchinson's estimate is the diagonal of a dense Hessian in the mean") {
  const Index n = 5;
  const Eigen::MatrixXd root = make_tree<double>({{n, n}})[0], hessian = root + root.transpose();
  // The variance of a coefficient is the sum of the squares beside the diagonal.
  const Eigen::VectorXd deviation =
      (hessian.rowwise().squaredNorm() - hessian.diagonal().cwiseAbs2()).cwiseSqrt();
  const auto product = [&](const auto&, const auto& u, auto& out) { out = hessian * u; };
  const Eigen::VectorXd x = Eigen::VectorXd::Zero(n);
  const int runs = 2000;
  const auto mean_is_diagonal = [&](const auto& seed_of, const auto& step_of) {
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(n), estimate(n), square = sum;
    for (int k = 0; k < runs; ++k) {
      hutchinson(product, seed_of(k))(x, estimate, step_of(k));
      sum += estimate;
      square += (estimate - hessian.diagonal()).cwiseAbs2();
    }
    const Eigen::ArrayXd error = (sum / runs - hessian.diagonal()).cwiseAbs();
    CHECK((error < 5 * deviation.array() / std::sqrt(runs)).all());
    CHECK((square / runs).cwiseSqrt().isApprox(deviation, 0.1));
  };
  mean_is_diagonal([](int k) { return static_cast<std::uint32_t>(k); }, [](int) { return 1; });
  mean_is_diagonal([](int) { return std::uint32_t{3}; }, [](int k) { return k + 1; });
}

TEST_CASE("the Gauss-Newton-Bartlett estimate is B times the square of the sampled gradient") {
  const Network gradient = make_network();
  const auto estimator = gauss_newton_bartlett(
      [&](const Network&, Network& out, std::int64_t t) {
        CHECK(t == 3);
        out = gradient;
      },
      8);
  Network estimate = make_network();
  estimator(make_network(), estimate, 3);
  CHECK(estimate.hidden == 8 * gradient.hidden.cwiseAbs2());
  CHECK(estimate.bias == 8 * gradient.bias.cwiseAbs2());
  CHECK_THROWS_WITH(gauss_newton_bartlett([](auto&&...) {}, 0),
                    contains("gauss_newton_bartlett: batch_size is 0"));
}

TEST_CASE("Sophia hands its estimator the user's own type, inside a route too") {
  int calls = 0;
  const auto estimator = [&](const auto& params, auto& estimate, std::int64_t t) {
    STATIC_REQUIRE(std::is_same_v<decltype(params), const Network&>);
    STATIC_REQUIRE(std::is_same_v<decltype(estimate), Network&>);
    CHECK(params.bias.size() == 4);
    estimate = params;
    CHECK(t == ++calls);
  };
  auto alone = sophia(estimator);
  alone.period = 1;
  const auto routed = route(is_matrix, alone, Frozen{});
  Network a = make_network(), b = a;
  const Network start = a;
  auto alone_state = alone.init(a);
  run(alone, a, alone_state, 1, 3);
  calls = 0;
  auto state = routed.init(b);
  run(routed, b, state, 1, 3);
  CHECK(calls == 3);
  CHECK(b.bias == start.bias);
  CHECK(a.bias != start.bias);
  CHECK(a.hidden != start.hidden);
}

TEMPLATE_TEST_CASE("AdamW without decay is Adam", "", float, double) {
  CHECK(same_bits(after<TestType>(AdamW{.learning_rate = 0.1, .weight_decay = 0}, 30),
                  after<TestType>(Adam{.learning_rate = 0.1}, 30)));
}

TEST_CASE("what an optimizer changes of another can be switched off") {
  const auto check = [](const auto& optimizer, const auto& other) {
    INFO(optimizer.name());
    CHECK(relative_difference(after<double>(optimizer, 30), after<double>(other, 30)) < 1e-13);
  };
  const AdamW adamw{.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .weight_decay = 0.2};
  check(AdEMAMix{.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .alpha = 0, .weight_decay = 0.2}, adamw);
  check(Adan{.learning_rate = 0.05,
             .beta1 = 0.8,
             .beta2 = 0,
             .beta3 = 0.95,
             .weight_decay = 0.2,
             .proximal_weight_decay = false},
        adamw);
  check(LaProp{.learning_rate = 0.05, .beta1 = 0, .epsilon = 1e-8}, Adam{.learning_rate = 0.05, .beta1 = 0});
  // With so short a memory neither ever divides.
  check(AdaBelief{.learning_rate = 0.05, .beta2 = 0.5}, RAdam{.learning_rate = 0.05, .beta2 = 0.5});
  check(Signum{.learning_rate = 0x1p-6, .momentum = 0.9, .weight_decay = 0.25},
        Lion{.learning_rate = 0x1p-6, .beta1 = 0.9, .beta2 = 0.9, .weight_decay = 0.25});
}

TEST_CASE("MARS without its correction is AdamW of gradients that are no longer than 1") {
  const auto stepped = [](const auto& optimizer, double longest) {
    auto params = make_tree<double>({{4, 3}, {3, 1}}), grads = params;
    auto state = optimizer.init(params);
    for (int t = 1; t <= 30; ++t) {
      write_gradient(params, grads, t);
      for (auto& leaf : grads) leaf *= std::min(1.0, longest / leaf.norm());
      optimizer.step(params, grads, state);
    }
    return params;
  };
  const MARS mars{.beta2 = 0.999, .gamma = 0, .weight_decay = 0.1};
  const AdamW adamw{.learning_rate = 3e-3, .beta1 = 0.95, .weight_decay = 0.1};
  CHECK(relative_difference(stepped(mars, 0.5), stepped(adamw, 0.5)) < 1e-13);
  CHECK(relative_difference(stepped(mars, 1e9), stepped(adamw, 1)) < 1e-13);
  CHECK(relative_difference(stepped(mars, 1e9), stepped(adamw, 1e9)) > 1e-6);
}

TEST_CASE("the first step of ADOPT moves nothing") {
  const Tree<double> start = make_tree<double>({{4, 3}, {3, 1}, {2, 4}, {1, 1}});
  for (const bool decoupled : {false, true}) {
    const ADOPT adopt{.learning_rate = 1, .weight_decay = 0.5, .decoupled_weight_decay = decoupled};
    CHECK(same_bits(after<double>(adopt, 1), start));
    CHECK(relative_difference(after<double>(adopt, 2), start) > 0.1);
  }
}

TEST_CASE("Shampoo's first step is the polar factor of the gradient") {
  for (const auto& [rows, cols] : Shapes{{4, 4}, {6, 3}, {3, 6}, {5, 1}}) {
    Eigen::MatrixXd x = Eigen::MatrixXd::Zero(rows, cols);
    const Eigen::MatrixXd gradient =
        make_tree<double>({{rows, cols}})[0] + Eigen::MatrixXd::Identity(rows, cols);
    const Shampoo shampoo{.learning_rate = 1, .epsilon = 1e-14};
    auto state = shampoo.init(x);
    shampoo.step(x, gradient, state);
    CHECK(relative_difference((-x).eval(), orthogonalize(gradient, ExactPolar{})) < 1e-6);
  }
}

TEST_CASE("CAME keeps the momentum and 2(m + n) numbers of a matrix, twice n of a vector") {
  CHECK(state_size(CAME{}, Eigen::MatrixXd(30, 20)) == 30 * 20 + 2 * (30 + 20));
  CHECK(state_size(CAME{}, Eigen::VectorXd(50)) == 2 * 50);
}

TEST_CASE("Adafactor keeps m + n numbers of a matrix, and n of a vector") {
  const Eigen::MatrixXf matrix = Eigen::MatrixXf::Ones(30, 20);
  const Eigen::VectorXf vector = Eigen::VectorXf::Ones(50);
  CHECK(state_size(Adafactor{}, matrix) == 30 + 20);
  CHECK(state_size(Adafactor{}, vector) == 50);
  CHECK(state_size(Adafactor{}, std::pair{matrix, vector}) == 30 + 20 + 50);
  CHECK(state_size(Adafactor{.beta1 = 0.9}, matrix) == 30 + 20 + 30 * 20);
  CHECK(state_size(Adafactor{.min_dim_size_to_factor = 21}, matrix) == 30 * 20);
  CHECK(state_size(Adam{}, matrix) == 2 * 30 * 20);
  CHECK(state_size(Muon{}, matrix) == 30 * 20);
  CHECK(state_size(NorMuon{}, matrix) == 30 * 20 + 30);
}

TEST_CASE("a list of stages made by hand is Muon") {
  const Muon muon{.learning_rate = 0.05, .momentum = 0.8, .weight_decay = 0.2, .cautious_decay = true};
  const StageList by_hand{
      "ByHand",
      std::tuple{stages::Average{.momentum = 0.8}, stages::Orthogonalize<>{muon.orthogonalizer},
                 stages::ScaleByShape{},
                 stages::Descend{.learning_rate = 0.05, .weight_decay = 0.2, .cautious_decay = true}}};
  CHECK(same_bits(after<double>(by_hand, 10), after<double>(muon, 10)));
  Eigen::MatrixXd x = Eigen::MatrixXd::Ones(2, 2);
  CHECK_THROWS_WITH((StageList{"ByHand", std::tuple{stages::Average{.momentum = 2}}}.init(x)),
                    contains("ByHand: momentum is 2"));
}

TEST_CASE("a route inside a route offers the solution of each part") {
  const Nesterov nesterov{.learning_rate = 0.1};
  const ScheduleFreeSGD schedule_free{.learning_rate = 0.2};
  const auto averaged = polyak_average(SGD{.learning_rate = 0.3});
  const auto optimizer = route(is_matrix, route(is_head, nesterov, schedule_free), averaged);
  Network network = make_network();
  auto state = optimizer.init(network);
  run(optimizer, network, state, 1, 4);
  const Network found = solution(optimizer, network, state);

  const auto check = [&](const auto& part, const auto& chosen, auto member) {
    Network alone = make_network();
    const auto only = route(chosen, part, Frozen{});
    auto alone_state = only.init(alone);
    run(only, alone, alone_state, 1, 4);
    CHECK(network.*member == alone.*member);
    CHECK(found.*member == solution(only, alone, alone_state).*member);
    CHECK(found.*member != network.*member);
  };
  check(nesterov, is_head, &Network::head);
  check(
      schedule_free, [](const LeafInfo& leaf) { return leaf.name == "hidden"; }, &Network::hidden);
  check(
      averaged, [](const LeafInfo& leaf) { return leaf.name == "bias"; }, &Network::bias);
}

TEST_CASE("one optimizer may step different states in several threads", "[long]") {
  const auto check = [](const auto& optimizer) {
    // Larger than what one OpenMP thread does alone.
    const Shapes shapes{{300, 260}, {70, 1}, {9, 40}};
    const auto expected = after<float>(optimizer, 3, shapes);
    std::vector<Tree<float>> results(4);
    std::vector<std::thread> threads;
    for (auto& result : results) {
      threads.emplace_back([&] { result = after<float>(optimizer, 3, shapes); });
    }
    for (auto& thread : threads) thread.join();
    for (const auto& result : results) CHECK(same_bits(result, expected));
  };
  check(AdamW{.learning_rate = 0.1});
  check(Muon{.learning_rate = 0.1});
  check(NorMuon{.learning_rate = 0.1});
  check(Adafactor{});
  check(stiefel(SGD{}));
  check(hyperball(SGD{}));
  check(LAMB{.learning_rate = 0.1});
  check(route(is_matrix, lookahead(Muon{}), cautious(AdamW{})));
}

TEST_CASE("containers of all kinds hold the leaves of a tree") {
  const Muon optimizer{.learning_rate = 0.1};
  const Shapes shapes{{4, 3}, {3, 2}, {5, 5}};
  const auto expected = after<double>(optimizer, 5, shapes);
  const auto check = [&](auto&& params) {
    auto state = optimizer.init(params);
    run(optimizer, params, state, 1, 5);
    CHECK(same_bits(params, expected));
  };
  auto tree = make_tree<double>(shapes);
  check(std::deque<Eigen::MatrixXd>(tree.begin(), tree.end()));
  check(std::array<Eigen::MatrixXd, 3>{tree[0], tree[1], tree[2]});
  {
    auto copy = tree;
    check(std::span<Eigen::MatrixXd>(copy));
    CHECK(same_bits(copy, expected));
  }
  {
    auto copy = tree;
    check(std::span<Eigen::MatrixXd, 3>(copy));
    CHECK(same_bits(copy, expected));
  }
  {
    auto copy = tree;
    std::vector<Eigen::Map<Eigen::MatrixXd>> maps;
    for (auto& leaf : copy) maps.emplace_back(leaf.data(), leaf.rows(), leaf.cols());
    check(maps);
    CHECK(same_bits(copy, expected));
  }
  {
    auto copy = tree;
    std::deque<Eigen::Ref<Eigen::MatrixXd>> refs(copy.begin(), copy.end());
    check(refs);
    CHECK(same_bits(copy, expected));
  }
}

TEST_CASE("a leaf that stands twice in a tree is refused by every init") {
  Eigen::MatrixXd w = Eigen::MatrixXd::Ones(3, 2);
  Eigen::VectorXd b = Eigen::VectorXd::Ones(3);
  const auto refuses = [&](const auto& optimizer, const std::string& who) {
    CHECK_THROWS_WITH(optimizer.init(std::tie(w, b, w)),
                      contains(who + ": leaf '2' shares its memory with a leaf before it"));
    optimizer.init(std::tie(w, b));
  };
  refuses(Adam{}, "Adam");
  refuses(Muon{}, "Muon");
  refuses(Shampoo{}, "Shampoo");
  refuses(lookahead(SGD{}), "Lookahead");
  refuses(cautious(SGD{}), "Cautious");
  refuses(stiefel(SGD{}), "Stiefel");
  refuses(hyperball(SGD{}), "hyperball");
  refuses(diloco(SGD{}, 2), "DiLoCo");
  refuses(ema_nesterov(SGD{}), "EmaNesterov");
  refuses(route(is_matrix, Muon{}, SGD{}), "route");
  refuses(sophia([](auto&&...) {}), "Sophia");
  std::vector<Eigen::Map<Eigen::MatrixXd>> maps(2, Eigen::Map<Eigen::MatrixXd>(w.data(), 3, 2));
  CHECK_THROWS_WITH(SGD{}.init(maps), contains("leaf '1' shares its memory"));
  // Nothing is shared by leaves without coefficients, or by parts of one matrix.
  SGD{}.init(std::vector<Eigen::VectorXd>(3));
  SGD{}.init(std::pair{w.topRows(1), w.bottomRows(2)});
}

TEST_CASE("a decayed gradient keeps the tuple of references that it was made from") {
  Eigen::MatrixXd w = Eigen::MatrixXd::Constant(3, 2, 2);
  Eigen::VectorXd b = Eigen::VectorXd::Constant(3, 4);
  const auto gradient = std::pair{Eigen::MatrixXd::Zero(3, 2).eval(), Eigen::VectorXd::Zero(3).eval()};
  const auto decayed = add_decay(gradient, std::tie(w, b), 0.5);
  const auto chosen = add_decay(gradient, std::tie(w, b), 0.5, is_matrix);
  auto params = std::tie(w, b);
  const SGD sgd{.learning_rate = 1};
  auto state = sgd.init(params);
  sgd.step(params, decayed, state);
  CHECK(w == Eigen::MatrixXd::Constant(3, 2, 1));
  CHECK(b == Eigen::VectorXd::Constant(3, 2));
  sgd.step(params, chosen, state);
  CHECK(w == Eigen::MatrixXd::Constant(3, 2, 0.5));
  CHECK(b == Eigen::VectorXd::Constant(3, 2));
  const auto temporary = add_decay(std::pair{w, b}, std::pair{w, b}, 0.5);  // everything is kept
  CHECK(norm(temporary) == Approx(1.5 * std::sqrt(6 * 0.25 + 3 * 4)));
}

TEST_CASE("a workspace that was moved from has no room and may get new") {
  Workspace from;
  from.reset(1024);
  from.take<double>(3, 4);
  const std::size_t used = from.used();
  Workspace to = std::move(from);
  CHECK(to.used() == used);
  CHECK(from.used() == 0);
  from.reset(256);
  from.take<float>(8, 8).setOnes();
  to.take<double>(2, 2).setZero();
  from = std::move(to);
  CHECK(from.used() > used);

  Workspace copy = from;
  CHECK(copy.used() == 0);
  copy.take<double>(16, 8).setOnes();  // as much room, and memory of its own
  from.reset(0);
  CHECK(from.take<double>(16, 8).data() != copy.take<double>(0, 0).data());
}

TEST_CASE("a state that was moved or copied steps on as before") {
  const auto check = [](const auto& optimizer) {
    const auto expected = after<double>(optimizer, 6);
    auto params = make_tree<double>({{4, 3}, {3, 1}, {2, 4}, {1, 1}});
    auto state = optimizer.init(params);
    run(optimizer, params, state, 1, 2);
    auto moved = std::move(state);
    run(optimizer, params, moved, 3, 4);
    auto copied = moved;
    run(optimizer, params, copied, 5, 6);
    CHECK(same_bits(params, expected));
    state = moved;
    auto again = params;
    run(optimizer, again, state, 5, 5);
  };
  check(Muon{.learning_rate = 0.1});
  check(SOAP{.learning_rate = 0.1});
  check(lookahead(NorMuon{.learning_rate = 0.1}, 2));
  check(stiefel(Adam{.learning_rate = 0.1}));
  check(update_floor(Adam{.learning_rate = 0.1}, 0.2, true));
}

TEST_CASE("trees inside a lazy one that differ are refused, wherever it is read") {
  const auto tree = make_tree<double>({{4, 3}, {3, 1}}), other = make_tree<double>({{4, 3}, {2, 1}});
  const auto sum = lazy([](const auto& a, const auto& b) { return a + b; }, tree, other);
  const auto scaled = scale(sum, 2);
  CHECK_THROWS_WITH(norm(sum), contains("norm: leaf '1' is 3 x 1, but its gradient is 2 x 1"));
  CHECK_THROWS_WITH(norm(scaled), contains("norm: leaf '1' is 3 x 1"));
  CHECK_THROWS_WITH(all_finite(sum), contains("all_finite: leaf '1' is 3 x 1"));
  CHECK_THROWS_WITH(clip_by_global_norm(sum, 1), contains("leaf '1' is 3 x 1"));
}
