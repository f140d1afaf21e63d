// SPDX-License-Identifier: MIT
//
// Wrappers in wrappers, in routes, around routes and around a user's own optimizer keep every promise of an
// optimizer.
#include <gradus/objectives/objectives.hpp>

#include "catch.hpp"
#include "wrappers.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

// An objective of the problem, as a training loop has it: it refers to what changes from step to step.
struct Batch {
  const int& t;

  template <class X, class Gradient>
  double operator()(const X& x, Gradient& gradient) const {
    write_gradient(x, gradient, t);
    return norm(gradient);
  }
};

double falling(std::int64_t t) { return 0.1 / static_cast<double>(t + 1); }

// Calls `check(name, optimizer)` for nests of three and more; `name` is the outermost's. A little rounding
// moves these a little.
template <class Check>
void for_each_smooth_nest(const int& t, const Check& check) {
  const AdamW adamw{.learning_rate = 0.1};
  const Momentum momentum{.learning_rate = 0.05};
  const auto usual = [](const LeafInfo& leaf) { return is_matrix(leaf) && leaf.name != "2"; };
  check("Scheduled", scheduled<&AdamW::learning_rate>(lookahead(accumulate(adamw, 2), 3), falling));
  check("Lookahead", lookahead(scheduled<&AdamW::learning_rate>(skip_nonfinite(adamw), falling), 2));
  check("Accumulate",
        accumulate(stochastic_weight_average(lookahead(ScheduleFreeSGD{.learning_rate = 0.1}), 2), 2));
  check("SharpnessAware", sharpness_aware(Batch{t}, polyak_average(skip_nonfinite(momentum)), 0.5));
  check("EmaNesterov", ema_nesterov(hyperball(accumulate(momentum, 2), 0.05), 0.3, 0.9));
  check("DiLoCo", diloco(radial_brake(skip_nonfinite(momentum)), 3, ema_nesterov(momentum)));
  check("hyperball", hyperball(route(usual, lookahead(momentum), adamw), 0.05));
  check("SkipNonfinite",
        skip_nonfinite(sharpness_aware(Batch{t}, accumulate(Nesterov{.learning_rate = 0.1}, 2))));
  check("route", route(usual, sharpness_aware(Batch{t}, lookahead(momentum), 0.5),
                       exponential_average(route(is_matrix, Frozen{}, lookahead(adamw)))));
}

// And for others, where a sign may flip.
template <class Check>
void for_each_nest(const int& t, const Check& check) {
  for_each_smooth_nest(t, check);
  const AdamW adamw{.learning_rate = 0.1};
  const auto usual = [](const LeafInfo& leaf) { return is_matrix(leaf) && leaf.name != "2"; };
  check("Average", exponential_average(cautious(accumulate(SignDescent{}, 2)), 0.9));
  check("Accumulate",
        accumulate(route(usual, lookahead(Muon{.learning_rate = 0.1}), cautious(SignDescent{})), 2));
  check("Cautious", cautious(sharpness_aware(Batch{t}, route(usual, skip_nonfinite(SignDescent{}), adamw))));
  check("update_floor", update_floor(lookahead(route(usual, Muon{}, accumulate(adamw, 2)), 3), 0.01, true));
  check("Stiefel", stiefel(lookahead(route(usual, Scion<>{}, accumulate(adamw, 2)), 3)));
  check("route",
        route(usual, Frozen{}, exponential_average(route(is_matrix, cautious(adamw), SignDescent{}))));
}

template <class O, class P, class S>
void steps(const O& optimizer, P& params, S& state, int& t, int first, int last) {
  for (t = first; t <= last; ++t) run(optimizer, params, state, t, t);
}

const Shapes shapes{{4, 3}, {3, 1}, {2, 4}};

}  // namespace

TEST_CASE("nested wrappers step, are copied, saved and loaded") {
  int t = 0;
  for_each_nest(t, [&](const std::string& name, const auto& optimizer) {
    INFO(name);
    auto params = make_tree<double>(shapes);
    auto state = optimizer.init(params);
    steps(optimizer, params, state, t, 1, 7);
    CHECK_FALSE(same_bits(params, make_tree<double>(shapes)));
    CHECK(all_finite(params));

    auto optimizer_copy = optimizer;
    auto params_copy = params, params_loaded = params;
    auto state_copy = state, state_loaded = optimizer.init(params);
    auto bytes = bytes_of(state);
    state_loaded.visit(Bytes{bytes});
    steps(optimizer, params, state, t, 8, 20);
    steps(optimizer_copy, params_copy, state_copy, t, 8, 20);
    steps(optimizer, params_loaded, state_loaded, t, 8, 20);
    CHECK(same_bits(params, params_copy));
    CHECK(same_bits(params, params_loaded));
    CHECK(bytes_of(state) == bytes_of(state_loaded));
    CHECK(same_bits(solution(optimizer, params, state), solution(optimizer, params, state_loaded)));
  });
}

TEST_CASE("a nest inside a route sees its own leaves alone") {
  int t = 0;
  for_each_nest(t, [&](const std::string& name, const auto& optimizer) {
    INFO(name);
    // The last leaf is frozen, and its gradient is of no consequence to the others.
    const auto routed = route([](const LeafInfo& leaf) { return leaf.name != "3"; }, optimizer, Frozen{});
    auto longer = make_tree<double>({{4, 3}, {3, 1}, {2, 4}, {5, 2}});
    longer[3].setConstant(NAN);
    auto params = make_tree<double>(shapes);
    auto state = optimizer.init(params);
    auto routed_state = routed.init(longer);
    steps(optimizer, params, state, t, 1, 9);
    steps(routed, longer, routed_state, t, 1, 9);
    auto routed_solution = solution(routed, longer, routed_state);
    CHECK(longer[3].array().isNaN().all());
    CHECK(routed_solution[3].array().isNaN().all());
    longer.pop_back();
    routed_solution.pop_back();
    CHECK(same_bits(longer, params));
    CHECK(same_bits(routed_solution, solution(optimizer, params, state)));
  });
}

TEST_CASE("a nest whose step fails has changed nothing and says what is wrong") {
  int t = 1;
  for_each_nest(t, [&](const std::string& name, const auto& optimizer) {
    INFO(name);
    auto params = make_tree<double>(shapes);
    auto state = optimizer.init(params);
    run(optimizer, params, state, 1, 1);
    const auto before = params;
    const auto bytes = bytes_of(state);
    const auto refuses = [&](const Tree<double>& grads, const std::string& what) {
      CHECK_THROWS_AS(optimizer.step(params, grads, state), std::invalid_argument);
      CHECK_THROWS_WITH(optimizer.step(params, grads, state), contains(name + ": " + what));
      CHECK(same_bits(params, before));
      CHECK(bytes_of(state) == bytes);
    };
    refuses(make_tree<double>({{4, 3}, {3, 1}, {4, 2}}), "leaf '2' is 2 x 4, but its gradient is 4 x 2");
    refuses(make_tree<double>({{4, 3}, {3, 1}}), "the tree has 3 children, but its gradient has 2");
  });
}

TEST_CASE("lazy gradients made of the parameters pass through a nest as those that they are made of") {
  int t = 1;
  for_each_nest(t, [&](const std::string& name, const auto& optimizer) {
    INFO(name);
    const auto stepped = [&](bool lazily) {
      auto params = make_tree<double>(shapes);
      auto state = optimizer.init(params);
      for (t = 1; t <= 12; ++t) {
        const auto copy = params;
        optimizer.step(params, scale(lazily ? params : copy, t % 2 == 0 ? 1 : 0.7), state);
      }
      return params;
    };
    CHECK(same_bits(stepped(true), stepped(false)));
  });
}

TEST_CASE("nests step sixteen-bit parameters as they step those of float") {
  int t = 1;
  for_each_smooth_nest(t, [&](const std::string& name, const auto& optimizer) {
    INFO(name);
    const auto after_steps = [&](auto scalar) {
      auto params = make_tree<decltype(scalar)>(shapes);
      auto state = optimizer.init(params);
      for (t = 1; t <= 100; ++t) run(optimizer, params, state, t, t);
      Tree<float> result;
      for (const auto& leaf : params) result.push_back(leaf.template cast<float>());
      return result;
    };
    CHECK(relative_difference(after_steps(Eigen::half{}), after_steps(0.0f)) < 0.02);
  });
}

TEST_CASE("the number of threads does not change a bit of a nest") {
#ifdef _OPENMP
  int t = 1;
  const int before = omp_get_max_threads();
  for_each_nest(t, [&](const std::string& name, const auto& optimizer) {
    INFO(name);
    const auto with_threads = [&](int threads) {
      omp_set_num_threads(threads);
      auto params = make_tree<double>({{101, 30}, {70000, 1}, {30, 47}});
      auto state = optimizer.init(params);
      const auto grads = params;
      for (int k = 0; k < 4; ++k) optimizer.step(params, grads, state);
      return params;
    };
    const auto one = with_threads(1);
    CHECK(same_bits(one, with_threads(3)));
  });
  omp_set_num_threads(before);
#else
  SUCCEED("built without OpenMP");
#endif
}

TEST_CASE("wrappers hold an optimizer that is written for one type") {
  const auto objective = [](const Eigen::VectorXd& x, Eigen::VectorXd& gradient) {
    gradient = 2 * x;
    return x.squaredNorm();
  };
  const Eigen::VectorXd start = Eigen::VectorXd::LinSpaced(5, -1, 2);
  const auto check = [&](const auto& optimizer) {
    const auto result = minimize(objective, start, optimizer, {.max_steps = 50});
    CHECK(result.value < 0.5 * start.squaredNorm());
  };
  check(lookahead(scheduled<&VectorDescent::learning_rate>(VectorDescent{}, Constant{0.3})));
  check(accumulate(skip_nonfinite(cautious(VectorDescent{})), 2));
  check(stiefel(VectorDescent{}));
  check(update_floor(radial_brake(VectorDescent{}), 0.01));
  check(diloco(ema_nesterov(VectorDescent{}), 3, SGD{.learning_rate = 0.7}));
  check(sharpness_aware(objective, polyak_average(VectorDescent{})));
}

TEST_CASE("sharpness-aware steps know the user's own struct") {
  struct Layer {
    Eigen::MatrixXd w;
    Eigen::VectorXd b;
    GRADUS_LEAVES(w, b)
  };
  const auto objective = [](const std::vector<Layer>& x, std::vector<Layer>& gradient) {
    gradient = x;
    return 0.0;
  };
  std::vector<Layer> model(2, {Eigen::MatrixXd::Ones(3, 2), Eigen::VectorXd::Ones(3)});
  const auto check = [&](const auto& optimizer) {
    auto x = model;
    auto state = optimizer.init(x);
    for (int k = 0; k < 3; ++k) optimizer.step(x, x, state);
    CHECK(x[0].b.norm() < model[0].b.norm());
    CHECK(x[1].w.norm() < model[1].w.norm());
  };
  check(sharpness_aware(objective, SGD{.learning_rate = 0.1}));
  check(lookahead(
      route(is_matrix, sharpness_aware(objective, SGD{.learning_rate = 0.1}), SGD{.learning_rate = 0.1})));
}

TEST_CASE("minimize ends at the solution of what is wrapped") {
  const Eigen::Vector3d start(1, -2, 3);
  const auto check = [&](const auto& optimizer) {
    const auto plain = minimize(Sphere{}, start, optimizer, {.max_steps = 17});
    const auto same = [&](const auto& wrapped) {
      const auto result = minimize(Sphere{}, start, wrapped, {.max_steps = 17});
      CHECK(same_bits(result.x, plain.x));
      CHECK(result.evaluations == plain.evaluations);
    };
    same(lookahead(optimizer, 1, 1));
    same(accumulate(optimizer, 1));
    same(skip_nonfinite(optimizer));
    same(sharpness_aware(Sphere{}, optimizer, 0));
    same(scheduled<&std::remove_cvref_t<decltype(optimizer)>::learning_rate>(
        optimizer, Constant{optimizer.learning_rate}));
    same(route(any_leaf, optimizer, Frozen{}));
    same(skip_nonfinite(route(any_leaf, accumulate(optimizer, 1), Frozen{})));
  };
  check(Nesterov{.learning_rate = 0.1});
  check(ScheduleFreeSGD{.learning_rate = 0.1});
  check(ScheduleFreeAdamW{.learning_rate = 0.1});
  check(ASGD{.learning_rate = 0.1, .average_from = 3});

  // An average is of the points, whatever solution is inside.
  Eigen::Vector3d mean = start;
  int count = 1;
  const auto averaged = minimize(Sphere{}, start, polyak_average(SGD{.learning_rate = 0.1}),
                                 {.max_steps = 17}, [&](const auto& p) {
                                   if (p.step > 0) mean += (p.x - mean) / ++count;
                                 });
  CHECK(averaged.x.isApprox(mean, 1e-14));
  CHECK(averaged.value == Sphere{}(averaged.x));
}
