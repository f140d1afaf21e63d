// SPDX-License-Identifier: MIT
//
// What every optimizer promises, whatever it computes. Each law runs over the whole list of optimizers.hpp.
#include <algorithm>
#include <gradus/objectives/objectives.hpp>

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
    const auto same_for_all = [&](const Shapes& shapes) {
      const auto with_threads = [&](int threads) {
        omp_set_num_threads(threads);
        auto params = make_tree<TestType>(shapes), grads = params;
        write_gradient(params, grads, 1);
        auto state = entry.usual.init(params);
        for (int t = 0; t < 3; ++t) entry.usual.step(params, grads, state);
        return params;
      };
      const auto one = with_threads(1);
      for (const int threads : {2, 3, 7}) CHECK(same_bits(one, with_threads(threads)));
    };
    // One large leaf: the threads are inside it.
    same_for_all(entry.coefficient_wise ? Shapes{{301, 307}, {1, 1}, {63, 129}, {40000, 1}, {97, 3}}
                                        : Shapes{{301, 307}, {1, 1}, {63, 129}, {97, 3}});
    // Many leaves: `for_each_leaf` gives each a thread.
    const Shapes leaves{{96, 90}, {90, 96}, {80, 96}, {96, 80}, {93, 93}, {1, 7}};
    omp_set_num_threads(2);
    CHECK(leaf_threads(make_tree<TestType>(leaves)) == 2);
    same_for_all(leaves);
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

TEST_CASE("bad hyperparameters are refused by name and value, by init and by every step") {
  for_each_optimizer([](const Entry& entry) {
    CHECK_FALSE(entry.bad.empty());
    for (const auto& [field, optimizer] : entry.bad) {
      INFO(field);
      auto params = make_tree<double>({{4, 4}, {2, 1}});
      const std::string what = entry.name + ": " + field + " is ";
      CHECK_THROWS_AS(optimizer.init(params), std::invalid_argument);
      CHECK_THROWS_WITH(optimizer.init(params), contains(what));

      auto state = entry.usual.init(params);
      run(entry.usual, params, state, 1, 2);
      const auto before = params;
      const auto bytes = state.save();
      CHECK_THROWS_AS(optimizer.step(params, before, state), std::invalid_argument);
      CHECK_THROWS_WITH(optimizer.step(params, before, state), contains(what));
      CHECK(same_bits(params, before));
      CHECK(state.save() == bytes);
    }
  });
}

TEST_CASE("a field that changes between two steps acts, or is refused by name") {
  for_each_optimizer([](const Entry& entry) {
    const auto acts = [&](const auto& start, const std::string& field, const AnyOptimizer& later) {
      const auto after_change = [&](const AnyOptimizer& optimizer) {
        auto params = start;
        auto grads = params;
        auto state = entry.usual.init(params);
        for (int t = 1; t <= 20; ++t) {
          write_gradient(params, grads, t);
          (t == 1 ? entry.usual : optimizer).step(params, grads, state);
        }
        return std::tuple{params, optimizer.solution(params, state), state.save()};
      };
      try {
        return after_change(later) != after_change(entry.usual);
      } catch (const std::invalid_argument& error) {
        INFO(error.what());
        CHECK(std::string(error.what()).find(entry.name + ": ") == 0);
        return std::string(error.what()).find(field) != std::string::npos;
      }
    };
    for (const auto& [field, later] : entry.fields) {
      INFO(field);
      CHECK(acts(make_tree<double>({{4, 2}, {2, 6}}), field, later));
      if (entry.coefficient_wise) CHECK(acts(Eigen::Vector2d(1, -2), field, later));
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
    CHECK(all_finite(stepped(0)));
    if (!entry.moves_at_zero_gradient) CHECK(same_bits(stepped(0), make_tree<TestType>({{5, 4}})));
    const bool wide = std::is_same_v<TestType, double>;
    for (const double size : {1e-12, 1e12, 1e-30, 1e30, wide ? 1e-100 : 1e-20, wide ? 1e100 : 1e20}) {
      INFO(size);
      CHECK(all_finite(stepped(static_cast<TestType>(size))));
    }
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

TEMPLATE_TEST_CASE("without epsilon, the length of the gradients does not matter", "", float, double) {
  for_each_optimizer([](const Entry& entry) {
    if (!entry.without_epsilon) return;
    const auto stepped = [&](double factor) {
      auto params = make_tree<TestType>({{5, 4}, {4, 7}, {3, 1}}), grads = params;
      auto state = entry.without_epsilon->init(params);
      for (int t = 1; t <= 12; ++t) {
        write_gradient(make_tree<TestType>({{5, 4}, {4, 7}, {3, 1}}), grads, t);
        for (auto& leaf : grads) leaf *= static_cast<TestType>(factor);
        entry.without_epsilon->step(params, grads, state);
      }
      return params;
    };
    const bool wide = std::is_same_v<TestType, double>;
    // Powers of two, of about 1e±12 and 1e±100, or 1e±15: an eigenbasis may turn where eigenvalues are zero.
    for (const double factor : {0x1p-40, 0x1p40, wide ? 0x1p-332 : 0x1p-50, wide ? 0x1p332 : 0x1p50}) {
      INFO(factor);
      CHECK(relative_difference(stepped(factor), stepped(1)) < (wide ? 1e-10 : 2e-5));
    }
  });
}

TEST_CASE("every optimizer names all of its fields, and each of them changes the result") {
  for_each_optimizer([](const Entry& entry) {
    CHECK(entry.field_count == entry.field_names.size());
    CHECK(entry.fields.size() == entry.field_names.size());
    const Shapes shapes{{4, 2}, {2, 6}};
    const auto result = [&](const AnyOptimizer& optimizer) {
      auto params = make_tree<double>(shapes);
      auto state = optimizer.init(params);
      run(optimizer, params, state, 1, 10);
      return std::pair{params, optimizer.solution(params, state)};
    };
    const auto usual = result(entry.usual);
    for (const std::string& name : entry.field_names) {
      INFO(name);
      const auto listed = std::find_if(entry.fields.begin(), entry.fields.end(),
                                       [&](const auto& field) { return field.first == name; });
      REQUIRE(listed != entry.fields.end());
      CHECK(relative_difference(result(listed->second), usual) > 1e-6);
    }
  });
}

TEMPLATE_TEST_CASE("a constant schedule, an idle clip and a route to one optimizer change no bit", "", float,
                   double) {
  for_each_optimizer([](const Entry& entry) {
    const auto expected = after<TestType>(entry.usual, 10);
    if (!entry.couples_leaves) {
      CHECK(same_bits(after<TestType>(route(is_matrix, entry.usual, entry.usual), 10), expected));
    }
    const AnyOptimizer& other = entry.fields.front().second;
    CHECK(same_bits(after<TestType>(route(any_leaf, entry.usual, other), 10), expected));

    auto params = make_tree<TestType>({{4, 3}, {3, 1}, {2, 4}, {1, 1}}), grads = params;
    auto optimizer = entry.usual;
    auto state = optimizer.init(params);
    const Constant schedule{learning_rate(optimizer)};
    for (int t = 1; t <= 10; ++t) {
      write_gradient(params, grads, t);
      set_learning_rate(optimizer, schedule(t));
      optimizer.step(params, clip_by_value(clip_by_global_norm(grads, 1e9), 1e9), state);
    }
    CHECK(same_bits(params, expected));
  });
}

TEMPLATE_TEST_CASE("lazy gradients made of the parameters are those that they are made of", "", float,
                   double) {
  for_each_optimizer([](const Entry& entry) {
    const Shapes shapes{{5, 4}, {4, 7}, {33, 1}};
    const auto stepped = [&](bool lazily) {
      auto params = make_tree<TestType>(shapes);
      auto state = entry.usual.init(params);
      for (int t = 1; t <= 12; ++t) {
        const Tree<TestType> copy = params;
        const Tree<TestType>& from = lazily ? params : copy;
        const auto views = const_views_of<TestType>(from);
        // With a factor of 1 the gradients are the parameters themselves.
        entry.usual.step(params, scale(views, t % 2 == 0 ? 1 : 0.7), state);
      }
      return params;
    };
    CHECK(same_bits(stepped(true), stepped(false)));
  });
}

namespace {

// The state is in float, and so are the sums: after every step the parameters alone are rounded.
template <class Scalar, class O>
void check_thousand_steps(const O& optimizer, double tolerance) {
  const Shapes shapes{{5, 4}, {3, 1}};
  Tree<Scalar> narrow;
  for (const auto& leaf : make_tree<float>(shapes)) narrow.push_back(leaf.template cast<Scalar>());
  Tree<float> rounded;
  for (const auto& leaf : narrow) rounded.push_back(leaf.template cast<float>());
  Tree<Scalar> narrow_grads = narrow;
  Tree<float> grads = rounded;
  auto state = optimizer.init(narrow);
  auto float_state = optimizer.init(rounded);
  for (int t = 1; t <= 1000; ++t) {
    write_gradient(narrow, narrow_grads, t);
    for (std::size_t k = 0; k < grads.size(); ++k) grads[k] = narrow_grads[k].template cast<float>();
    optimizer.step(narrow, narrow_grads, state);
    optimizer.step(rounded, grads, float_state);
    for (auto& leaf : rounded) leaf = leaf.template cast<Scalar>().template cast<float>().eval();
  }
  for (std::size_t k = 0; k < grads.size(); ++k) {
    const Matrix<float> as_float = narrow[k].template cast<float>();
    CHECK(relative_difference(as_float, rounded[k]) <= tolerance);
  }
}

}  // namespace

TEST_CASE("a thousand steps in sixteen bits are those of float, rounded", "[long]") {
  for_each_optimizer([](const Entry& entry) {
    // Sophia's estimate is the user's, and so in the parameters' scalar.
    check_thousand_steps<Eigen::bfloat16>(entry.usual, entry.name == "Sophia" ? 0.03 : 0);
  });
  check_thousand_steps<Eigen::half>(Adam{.learning_rate = 0.1}, 0);
  check_thousand_steps<Eigen::half>(Muon{.learning_rate = 0.05}, 0);
}

TEST_CASE("in sixteen bits the moments neither overflow nor stand still") {
  const auto end = [](auto scalar, float gradient, int steps) {
    using Scalar = decltype(scalar);
    Eigen::VectorX<Scalar> x = Eigen::VectorX<Scalar>::Zero(3);
    const Eigen::VectorX<Scalar> g = Eigen::VectorX<Scalar>::Constant(3, static_cast<Scalar>(gradient));
    const Adam adam{.learning_rate = 1e-3};
    auto state = adam.init(x);
    for (int t = 0; t < steps; ++t) adam.step(x, g, state);
    return std::pair{static_cast<float>(x(0)), state.v(0)};
  };
  CHECK(end(Eigen::half{}, 1e-3f, 1000).first == Approx(end(0.0f, 1e-3f, 1000).first).epsilon(0.03));
  // Half of a unit in the last place of 0.5: the steps are lost from there on, but not before.
  CHECK(end(Eigen::bfloat16{}, 1e-3f, 1000).first <= -0.5f);
  CHECK(end(Eigen::half{}, 1e-4f, 5000).second == Approx(end(0.0f, 1e-4f, 5000).second).epsilon(0.01));
}
