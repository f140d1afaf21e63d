// SPDX-License-Identifier: MIT
//
// What every optimizer promises, whatever it computes. Each law runs over the whole list of optimizers.hpp.
#include "optimizers.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

// 1 if the optimizer has no such field, which then cannot be set either.
double learning_rate(AnyOptimizer& optimizer) {
  return optimizer.learning_rate() == nullptr ? 1 : *optimizer.learning_rate();
}
void set_learning_rate(AnyOptimizer& optimizer, double rate) {
  if (optimizer.learning_rate() != nullptr) *optimizer.learning_rate() = rate;
}

AnyOptimizer without_decay(AnyOptimizer optimizer) {
  if (optimizer.weight_decay() != nullptr) *optimizer.weight_decay() = 0;
  return optimizer;
}

}  // namespace

TEMPLATE_TEST_CASE("every optimizer minimises", "[long]", float, double) {
  for_each_optimizer([](const Entry& entry) {
    // The learning rate falls to zero, as every method needs that steps by sign or by polar factor.
    const auto reduction = [&](const auto& objective, auto params, double start_rate, double minimum) {
      auto optimizer = without_decay(entry.usual);
      const double rate = start_rate * learning_rate(optimizer);
      auto gradient = params;
      auto state = optimizer.init(params);
      const double before = static_cast<double>(objective(params, gradient)) - minimum;
      constexpr int steps = 4000;
      for (int t = 0; t < steps; ++t) {
        objective(params, gradient);
        set_learning_rate(optimizer, rate * (steps - t) / steps);
        optimizer.step(params, gradient, state);
      }
      return (static_cast<double>(objective(params, gradient)) - minimum) / before;
    };
    const auto of_vector = [](const auto& objective) {
      return [=](const auto& x, auto& gradient) { return objective(x[0].col(0), gradient[0].col(0)); };
    };
    using Vector = Eigen::VectorX<TestType>;
    const Tree<TestType> start{Vector::LinSpaced(6, TestType(-1), TestType(1.5))};
    CHECK(reduction(of_vector(Sphere{}), start, 1, 0) < 1e-4);
    CHECK(reduction(of_vector(IllConditionedQuadratic{}), start, 0.1, 0) < 1e-2);
    const Tree<TestType> valley{Vector{{TestType(-1.2), TestType(1)}}};
    CHECK(reduction(of_vector(Rosenbrock{}), valley, 0.02, 0) < 0.2);
    // Any of the minima will do: they lie at -39.2 and -25.0 a dimension.
    const Tree<TestType> corner{Vector{{TestType(4.1), TestType(4.5)}}};
    CHECK(reduction(of_vector(StyblinskiTang{}), corner, 0.1, -2 * 39.16616570377142) < 0.38);
    const auto least_squares = [f = MatrixLeastSquares<TestType>::random(6, 4, 3, 1)](
                                   const auto& x, auto& gradient) { return f(x[0], gradient[0]); };
    CHECK(reduction(least_squares, Tree<TestType>{Matrix<TestType>::Zero(4, 3)}, 0.2, 0) < 1e-3);
    const auto low_rank = [f = LowRankFactorization<TestType>::random(6, 5, 2, 1)](const auto& x,
                                                                                   auto& gradient) {
      return f(std::tie(x[0], x[1]), std::tie(gradient[0], gradient[1]));
    };
    const Tree<TestType> factors{make_tree<TestType>({{6, 2}})[0], make_tree<TestType>({{5, 2}})[0]};
    CHECK(reduction(low_rank, factors, 0.2, 0) < 1e-2);
  });
}

TEMPLATE_TEST_CASE("the number of threads does not change a bit", "[long]", float, double) {
#ifdef _OPENMP
  for_each_optimizer([](const Entry& entry) {
    const int before = omp_get_max_threads();
    const Shapes shapes{{301, 307}, {1, 1}, {63, 129}, {40000, 1}, {97, 3}};
    const auto with_threads = [&](int threads) {
      omp_set_num_threads(threads);
      const auto optimizer = entry.usual;
      auto params = make_tree<TestType>(shapes), grads = params;
      if (!entry.coefficient_wise) params.erase(params.begin() + 3), grads = params;
      write_gradient(params, grads, 1);
      auto state = optimizer.init(params);
      for (int t = 0; t < 3; ++t) optimizer.step(params, clipped(grads, 1.0, 1e9), state);
      return params;
    };
    const auto one = with_threads(1);
    for (const int threads : {2, 3, 7}) CHECK(same_bits(one, with_threads(threads)));
    omp_set_num_threads(before);
  });
#else
  SUCCEED("built without OpenMP");
#endif
}

TEMPLATE_TEST_CASE("a step that fails changes nothing and says what is wrong", "", float, double) {
  for_each_optimizer([](const Entry& entry) {
    auto params = make_tree<TestType>({{4, 3}, {3, 1}, {2, 4}});
    auto state = entry.usual.init(params);
    run(entry.usual, params, state, 1, 3);
    const auto before = params;
    const auto bytes = state.save();
    const auto refuses = [&](auto& p, const auto& grads, const std::string& what) {
      CHECK_THROWS_AS(entry.usual.step(p, grads, state), std::invalid_argument);
      CHECK_THROWS_WITH(entry.usual.step(p, grads, state), contains(what));
      CHECK_THROWS_WITH(entry.usual.step(p, grads, state), contains(entry.name + ": "));
      CHECK(same_bits(params, before));
      CHECK(state.save() == bytes);
    };
    refuses(params, make_tree<TestType>({{4, 3}, {3, 1}, {4, 2}}),
            "leaf '2' is 2 x 4, but its gradient is 4 x 2");
    refuses(params, make_tree<TestType>({{4, 3}, {3, 1}}), "has 3 children, but its gradient has 2");
    auto short_params = make_tree<TestType>({{4, 3}, {3, 1}});
    if (bytes.size() > 100) {  // a state with tensors
      refuses(short_params, short_params, "has 2 children, but its state has 3");
      auto other_params = make_tree<TestType>({{4, 3}, {3, 1}, {4, 2}});
      refuses(other_params, other_params, "leaf '2' is 4 x 2, but its state is 2 x 4");
    }
  });
}

TEST_CASE("init refuses bad hyperparameters by name and value") {
  for_each_optimizer([](const Entry& entry) {
    CHECK_FALSE(entry.bad.empty());
    for (const auto& [field, optimizer] : entry.bad) {
      INFO(field);
      const Tree<double> params{Eigen::MatrixXd::Ones(2, 2)};
      CHECK_THROWS_AS(optimizer.init(params), std::invalid_argument);
      CHECK_THROWS_WITH(optimizer.init(params), contains(entry.name + ": " + field + " is "));
    }
  });
}

TEMPLATE_TEST_CASE("copies and saved states continue with the same bits", "", float, double) {
  for_each_optimizer([](const Entry& entry) {
    auto params = make_tree<TestType>({{4, 3}, {3, 1}});
    auto state = entry.usual.init(params);
    run(entry.usual, params, state, 1, 7);

    auto optimizer_copy = entry.usual;
    auto params_copy = params;
    auto state_copy = state;
    auto params_loaded = params;
    auto state_loaded = entry.usual.init(params);
    state_loaded.load(state.save());

    run(entry.usual, params, state, 8, 20);
    run(optimizer_copy, params_copy, state_copy, 8, 20);
    run(entry.usual, params_loaded, state_loaded, 8, 20);
    CHECK(same_bits(params, params_copy));
    CHECK(same_bits(params, params_loaded));
    CHECK(state.save() == state_loaded.save());
    CHECK(state.steps_taken() == 20);
  });
}

TEMPLATE_TEST_CASE("zero, tiny, huge and non-finite gradients behave", "", float, double) {
  for_each_optimizer([](const Entry& entry) {
    const auto stepped = [&](TestType size) {
      auto params = make_tree<TestType>({{5, 4}}), grads = params;
      grads[0] = size * params[0].unaryExpr([](TestType x) { return x > 0 ? TestType(1) : TestType(-0.5); });
      const auto optimizer = without_decay(entry.usual);
      auto state = optimizer.init(params);
      for (int t = 0; t < 5; ++t) optimizer.step(params, grads, state);
      return params;
    };
    CHECK(same_bits(stepped(0), make_tree<TestType>({{5, 4}})));
    CHECK(all_finite(stepped(TestType(1e-30))));
    CHECK(all_finite(stepped(TestType(1e30))));
    if (entry.coefficient_wise) {  // a NaN stays where it is
      auto params = make_tree<TestType>({{40, 2}}), grads = params;
      grads[0](3, 1) = std::numeric_limits<TestType>::quiet_NaN();
      auto state = entry.usual.init(params);
      entry.usual.step(params, grads, state);
      CHECK(std::isnan(params[0](3, 1)));
      params[0](3, 1) = 0;
      CHECK(all_finite(params));
    }
  });
}

TEST_CASE("every field of every optimizer changes the result") {
  for_each_optimizer([](const Entry& entry) {
    CHECK(entry.field_count == entry.fields.size());
    const Shapes shapes{{4, 2}, {2, 6}};
    const auto usual = after<double>(entry.usual, 10, shapes);
    for (const auto& [field, optimizer] : entry.fields) {
      INFO(field);
      CHECK(relative_difference(after<double>(optimizer, 10, shapes), usual) > 1e-6);
    }
  });
}

TEMPLATE_TEST_CASE("a constant schedule, an idle clip and a route to one optimizer change no bit", "", float,
                   double) {
  for_each_optimizer([](const Entry& entry) {
    const auto expected = after<TestType>(entry.usual, 10);
    CHECK(same_bits(after<TestType>(route(is_matrix, entry.usual, entry.usual), 10), expected));
    const AnyOptimizer& other = entry.fields.front().second;
    CHECK(same_bits(after<TestType>(route(any_leaf, entry.usual, other), 10), expected));

    auto params = make_tree<TestType>({{4, 3}, {3, 1}, {2, 4}, {1, 1}}), grads = params;
    auto optimizer = entry.usual;
    auto state = optimizer.init(params);
    const Constant schedule{learning_rate(optimizer)};
    for (int t = 1; t <= 10; ++t) {
      write_gradient(params, grads, t);
      set_learning_rate(optimizer, schedule(t));
      optimizer.step(params, clipped(grads, 1e9, 1e9), state);
    }
    CHECK(same_bits(params, expected));
  });
}
