// SPDX-License-Identifier: MIT
//
// What every optimizer promises, whatever it computes. Each law runs over the whole list of optimizers.hpp.
#include "catch.hpp"
#include "optimizers.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

struct Anything {
  template <class T>
  operator T() const;
};

// The number of fields of an aggregate: the largest number of initializers that it takes.
template <class T, class... A>
constexpr std::size_t field_count() {
  if constexpr (requires { T{A{}..., Anything{}}; }) {
    return field_count<T, A..., Anything>();
  } else {
    return sizeof...(A);
  }
}

template <class State>
std::vector<char> bytes_of(const State& state);

// Appends what a state's fields hold to a vector of bytes.
struct Saver {
  std::vector<char>& bytes;

  template <class Field>
  void operator()(std::string_view, const Field& field) {
    if constexpr (requires { field.visit(*this); }) {
      field.visit(*this);
    } else if constexpr (Parameters<Field>) {
      walk(
          "save",
          [&](const Path&, const auto& leaf) {
            append(leaf.data(), static_cast<std::size_t>(leaf.size()) * sizeof(*leaf.data()));
          },
          field);
    } else {
      append(&field, sizeof(field));
    }
  }
  void append(const void* data, std::size_t size) {
    const auto* first = static_cast<const char*>(data);
    bytes.insert(bytes.end(), first, first + size);
  }
};

// Reads them back into a state that `init` made.
struct Loader {
  const char* next;

  template <class Field>
  void operator()(std::string_view, Field& field) {
    if constexpr (requires { field.visit(*this); }) {
      field.visit(*this);
    } else if constexpr (Parameters<Field>) {
      walk(
          "load",
          [&](const Path&, auto& leaf) {
            take(leaf.data(), static_cast<std::size_t>(leaf.size()) * sizeof(*leaf.data()));
          },
          field);
    } else {
      take(&field, sizeof(field));
    }
  }
  void take(void* data, std::size_t size) {
    std::memcpy(data, next, size);
    next += size;
  }
};

template <class State>
std::vector<char> bytes_of(const State& state) {
  std::vector<char> bytes;
  state.visit(Saver{bytes});
  return bytes;
}

}  // namespace

TEMPLATE_TEST_CASE("every optimizer minimises", "[long]", float, double) {
  using Vector = Eigen::Matrix<TestType, Eigen::Dynamic, 1>;
  for_each_optimizer([](const auto& entry) {
    // The learning rate falls to zero, as every method needs that steps by sign or by polar factor.
    const auto reduction = [&](const auto& objective, auto x, double start_rate, double minimum) {
      auto optimizer = entry.usual;
      optimizer.weight_decay = 0;
      auto gradient = zeros_like(x);
      auto state = optimizer.init(x);
      const double before = static_cast<double>(objective(x, gradient)) - minimum;
      constexpr int steps = 4000;
      for (int t = 0; t < steps; ++t) {
        objective(x, gradient);
        optimizer.learning_rate = start_rate * entry.usual.learning_rate * (steps - t) / steps;
        optimizer.step(x, gradient, state);
      }
      return (static_cast<double>(objective(x, gradient)) - minimum) / before;
    };
    INFO(entry.name);
    const Vector start = Vector::LinSpaced(6, TestType(-1), TestType(1.5));
    CHECK(reduction(Sphere{}, start, 1, 0) < 1e-4);
    CHECK(reduction(IllConditionedQuadratic{}, start, 0.1, 0) < 1e-2);
    CHECK(reduction(Rosenbrock{}, Vector{{TestType(-1.2), TestType(1)}}, 0.02, 0) < 0.2);
    // Any of the minima will do: they lie at -39.2 and -25.0 a dimension.
    CHECK(reduction(StyblinskiTang{}, Vector{{TestType(4.1), TestType(4.5)}}, 0.1, -2 * 39.16616570377142) <
          0.38);
    const auto least_squares = MatrixLeastSquares<TestType>::random(6, 4, 3, 1);
    CHECK(reduction(least_squares, Matrix<TestType>(Matrix<TestType>::Zero(4, 3)), 0.2, 0) < 1e-3);
    const auto low_rank = LowRankFactorization<TestType>::random(6, 5, 2, 1);
    std::pair<Matrix<TestType>, Matrix<TestType>> factors{make_tree<TestType>({{6, 2}})[0],
                                                          make_tree<TestType>({{5, 2}})[0]};
    CHECK(reduction(low_rank, factors, 0.2, 0) < 1e-2);
  });
}

TEMPLATE_TEST_CASE("the number of threads does not change a bit", "[long]", float, double) {
#ifdef _OPENMP
  for_each_optimizer([](const auto& entry) {
    INFO(entry.name);
    const int before = omp_get_max_threads();
    const Shapes shapes{{301, 307}, {1, 1}, {63, 129}, {40000, 1}, {97, 3}};
    const auto with_threads = [&](int threads) {
      omp_set_num_threads(threads);
      const auto optimizer = entry.usual;
      auto params = make_tree<TestType>(shapes), grads = params;
      if (!entry.coefficient_wise) params.erase(params.begin() + 3), grads = params;
      write_gradient(params, grads, 1);
      auto state = optimizer.init(params);
      for (int t = 0; t < 3; ++t) optimizer.step(params, clip_by_global_norm(grads, 1.0), state);
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
  for_each_optimizer([](const auto& entry) {
    INFO(entry.name);
    auto params = make_tree<TestType>({{4, 3}, {3, 1}, {2, 4}});
    auto state = entry.usual.init(params);
    run(entry.usual, params, state, 1, 3);
    const auto before = params;
    const auto bytes = bytes_of(state);
    const auto refuses = [&](auto&& p, const auto& grads, auto& s, const std::string& what) {
      CHECK_THROWS_AS(entry.usual.step(p, grads, s), std::invalid_argument);
      CHECK_THROWS_WITH(entry.usual.step(p, grads, s), contains(what));
      CHECK_THROWS_WITH(entry.usual.step(p, grads, s), contains(entry.name + ": "));
      CHECK(same_bits(params, before));
      CHECK(bytes_of(state) == bytes);
    };
    refuses(params, make_tree<TestType>({{4, 3}, {3, 1}, {4, 2}}), state,
            "leaf '2' is 2 x 4, but its gradient is 4 x 2");
    refuses(params, make_tree<TestType>({{4, 3}, {3, 1}}), state, "has 3 children, but its gradient has 2");
    auto short_params = make_tree<TestType>({{4, 3}, {3, 1}});
    if (bytes.size() > 100) {  // a state with tensors
      refuses(short_params, short_params, state, "has 2 children, but its state has 3");
      auto other_params = make_tree<TestType>({{4, 3}, {3, 1}, {4, 2}});
      refuses(other_params, other_params, state, "leaf '2' is 4 x 2, but its state is 2 x 4");
    }
  });
}

TEST_CASE("init refuses bad hyperparameters by name and value") {
  for_each_optimizer([](const auto& entry) {
    CHECK_FALSE(entry.bad.empty());
    for (const auto& [field, spoil] : entry.bad) {
      INFO(entry.name << "::" << field);
      auto optimizer = entry.usual;
      spoil(optimizer);
      const Eigen::MatrixXd params = Eigen::MatrixXd::Ones(2, 2);
      CHECK_THROWS_AS(optimizer.init(params), std::invalid_argument);
      CHECK_THROWS_WITH(optimizer.init(params), contains(entry.name + ": " + field + " is "));
    }
  });
}

TEMPLATE_TEST_CASE("copies and saved states continue with the same bits", "", float, double) {
  for_each_optimizer([](const auto& entry) {
    INFO(entry.name);
    auto params = make_tree<TestType>({{4, 3}, {3, 1}});
    auto state = entry.usual.init(params);
    run(entry.usual, params, state, 1, 7);

    auto optimizer_copy = entry.usual;
    auto params_copy = params;
    auto state_copy = state;
    auto params_loaded = params;
    auto state_loaded = entry.usual.init(params);
    const auto bytes = bytes_of(state);
    state_loaded.visit(Loader{bytes.data()});

    run(entry.usual, params, state, 8, 20);
    run(optimizer_copy, params_copy, state_copy, 8, 20);
    run(entry.usual, params_loaded, state_loaded, 8, 20);
    CHECK(same_bits(params, params_copy));
    CHECK(same_bits(params, params_loaded));
    CHECK(bytes_of(state) == bytes_of(state_loaded));
    CHECK(state.t == 20);
  });
}

TEMPLATE_TEST_CASE("zero, tiny, huge and non-finite gradients behave", "", float, double) {
  for_each_optimizer([](const auto& entry) {
    INFO(entry.name);
    const auto stepped = [&](TestType size) {
      Matrix<TestType> params = make_tree<TestType>({{5, 4}})[0];
      Matrix<TestType> gradient =
          params.unaryExpr([](TestType x) { return x > 0 ? TestType(1) : TestType(-0.5); });
      gradient *= size;
      auto optimizer = entry.usual;
      optimizer.weight_decay = 0;
      auto state = optimizer.init(params);
      for (int t = 0; t < 5; ++t) optimizer.step(params, gradient, state);
      return params;
    };
    CHECK(same_bits(stepped(0), make_tree<TestType>({{5, 4}})[0]));
    CHECK(stepped(TestType(1e-30)).allFinite());
    CHECK(stepped(TestType(1e30)).allFinite());
    if (entry.coefficient_wise) {  // a NaN stays where it is
      Matrix<TestType> params = make_tree<TestType>({{40, 2}})[0], gradient = params;
      gradient(3, 1) = std::numeric_limits<TestType>::quiet_NaN();
      auto state = entry.usual.init(params);
      entry.usual.step(params, gradient, state);
      CHECK(std::isnan(params(3, 1)));
      params(3, 1) = 0;
      CHECK(params.allFinite());
    }
  });
}

TEST_CASE("every field of every optimizer changes the result") {
  for_each_optimizer([](const auto& entry) {
    INFO(entry.name);
    CHECK(field_count<std::remove_cvref_t<decltype(entry.usual)>>() == entry.fields.size());
    const Shapes shapes{{4, 2}, {2, 6}};
    const auto usual = after<double>(entry.usual, 10, shapes);
    for (const auto& [field, change] : entry.fields) {
      INFO(field);
      auto optimizer = entry.usual;
      change(optimizer);
      CHECK(relative_difference(after<double>(optimizer, 10, shapes), usual) > 1e-6);
    }
  });
}

TEMPLATE_TEST_CASE("a constant schedule, an idle clip and a route to one optimizer change no bit", "", float,
                   double) {
  for_each_optimizer([](const auto& entry) {
    INFO(entry.name);
    const auto expected = after<TestType>(entry.usual, 10);
    CHECK(same_bits(after<TestType>(route(is_matrix, entry.usual, entry.usual), 10), expected));
    CHECK(same_bits(after<TestType>(route(any_leaf, entry.usual, SGD{}), 10), expected));

    auto params = make_tree<TestType>({{4, 3}, {3, 1}, {2, 4}, {1, 1}}), grads = params;
    auto optimizer = entry.usual;
    auto state = optimizer.init(params);
    const Constant schedule{entry.usual.learning_rate};
    for (int t = 1; t <= 10; ++t) {
      write_gradient(params, grads, t);
      optimizer.learning_rate = schedule(t);
      optimizer.step(params, clip_by_value(clip_by_global_norm(grads, 1e9), 1e9), state);
    }
    CHECK(same_bits(params, expected));
  });
}
