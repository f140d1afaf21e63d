// SPDX-License-Identifier: MIT
//
// Sixteen-bit parameters in every kind of tree and storage: the bits are those of a plain matrix.
#include <map>

#include "catch.hpp"
#include "precision.hpp"
#include "wrappers.hpp"

using namespace gradus;
using namespace gradus_test;
using Eigen::bfloat16;
using Eigen::half;
using Narrow = Eigen::MatrixX<bfloat16>;
using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;

namespace {

const AdamW adamw{.learning_rate = 1e-3};

// The three ways, around the same optimizer.
template <class O, class Check>
void for_each_way(const O& optimizer, const Check& check) {
  check(master_weights(optimizer));
  check(compensated(optimizer));
  check(stochastic_rounding(optimizer, 11));
}

// Steps of the problem; the gradient is in float.
template <class O, class P>
void take_steps(const O& optimizer, P&& params, int steps) {
  auto state = optimizer.init(params);
  auto grads = zero_state(params);
  for (int t = 1; t <= steps; ++t) {
    fill(grads, [t](double, double l, double i, double j) { return gradient(0.3, t, l, i, j); });
    optimizer.step(params, grads, state);
  }
}

// The parameters of the problem after ten steps, for leaves of these sizes.
template <class O>
Tree<bfloat16> expected(const O& optimizer, const Shapes& shapes) {
  auto params = narrow_start<bfloat16>(shapes);
  take_steps(optimizer, params, 10);
  return params;
}

template <class Tree>
Tree started(Tree tree) {
  fill(tree, [](double, double l, double i, double j) { return start(l, i, j); });
  return tree;
}

// A struct as a user has it, with leaves of two scalars.
struct Layer {
  Narrow w;
  Eigen::VectorXf b;
  GRADUS_LEAVES(w, b)
};

}  // namespace

TEST_CASE("trees of every kind step sixteen-bit leaves alike") {
  for_each_way(adamw, [](const auto& optimizer) {
    INFO(optimizer.name());
    const auto plain = expected(optimizer, {{6, 5}, {8, 1}});

    auto tuple = started(std::tuple(Narrow(6, 5), Narrow(8, 1)));
    take_steps(optimizer, tuple, 10);
    CHECK(same_bits(std::get<0>(tuple), plain[0]));
    CHECK(same_bits(std::get<1>(tuple), plain[1]));

    Narrow w = started(Narrow(6, 5)), b(8, 1);
    fill(std::tie(w, b), [](double, double l, double i, double j) { return start(l, i, j); });
    take_steps(optimizer, std::tie(w, b), 10);
    CHECK(same_bits(std::tie(w, b), tuple));

    auto array = started(std::array{Narrow(6, 5), Narrow(8, 1)});
    take_steps(optimizer, array, 10);
    CHECK(same_bits(array[1], plain[1]));

    // Leaves are numbered in the order of the keys.
    auto map = started(std::map<std::string, Narrow>{{"a", Narrow(6, 5)}, {"b", Narrow(8, 1)}});
    take_steps(optimizer, map, 10);
    auto nested = started(std::vector<std::pair<Narrow, Narrow>>{{Narrow(6, 5), Narrow(8, 1)}});
    take_steps(optimizer, nested, 10);
    Narrow leaf = started(Narrow(6, 5));
    take_steps(optimizer, leaf, 10);
    if (optimizer.name() != "stochastic_rounding") {  // there the way to the leaf counts
      CHECK(same_bits(map.at("a"), plain[0]));
      CHECK(same_bits(map.at("b"), plain[1]));
      CHECK(same_bits(nested[0], tuple));
      CHECK(same_bits(leaf, plain[0]));
    } else {
      CHECK(relative_difference(map.at("a"), plain[0]) < 0.01);
      CHECK(relative_difference(nested[0], tuple) < 0.01);
      CHECK(relative_difference(leaf, plain[0]) < 0.01);
    }
  });
}

TEST_CASE("leaves of other scalars beside sixteen-bit ones are stepped as ever") {
  for_each_way(adamw, [](const auto& optimizer) {
    INFO(optimizer.name());
    auto layer = started(Layer{Narrow(6, 5), Eigen::VectorXf(8)});
    take_steps(optimizer, layer, 10);
    CHECK(same_bits(layer.w, expected(optimizer, {{6, 5}, {8, 1}})[0]));

    auto in_float = make_tree<float>({{6, 5}, {8, 1}});
    take_steps(adamw, in_float, 10);
    CHECK(same_bits(layer.b, in_float[1]));

    auto mixed =
        started(std::tuple(Eigen::MatrixXd(3, 2), Narrow(6, 5), Eigen::MatrixX<half>(4, 4),
                           Eigen::Vector3f(Eigen::Vector3f::Zero()), Eigen::Matrix<bfloat16, 2, 2>()));
    auto without = std::tuple(std::get<0>(mixed), std::get<3>(mixed));
    take_steps(optimizer, mixed, 10);
    CHECK(all_finite(mixed));
    auto state = adamw.init(std::get<0>(without));
    for (int t = 1; t <= 10; ++t) {
      Eigen::MatrixXd g(3, 2);
      fill(g, [t](double, double l, double i, double j) { return gradient(0.3, t, l, i, j); });
      adamw.step(std::get<0>(without), g, state);
    }
    CHECK(same_bits(std::get<0>(mixed), std::get<0>(without)));
  });
}

TEMPLATE_TEST_CASE("parameters without sixteen-bit leaves have the bits of no wrapper", "", float, double) {
  const Shapes shapes{{5, 4}, {3, 1}};
  const auto plain = after<TestType>(adamw, 20, shapes);
  for_each_way(adamw, [&](const auto& optimizer) {
    CHECK(same_bits(after<TestType>(optimizer, 20, shapes), plain));
    CHECK(memory(optimizer, plain).state == memory(adamw, plain).state);
    // A leaf of fixed size.
    Eigen::Matrix<TestType, 2, 1> x(1, 2), y(1, 2);
    take_steps(optimizer, x, 5);
    take_steps(adamw, y, 5);
    CHECK(same_bits(x, y));
  });
}

TEST_CASE("storage orders, strides, views and fixed sizes change no bit") {
  const auto check = [](const auto& optimizer) {
    INFO(optimizer.name());
    const Narrow begin = started(Narrow(7, 5));
    Narrow plain = begin;
    take_steps(optimizer, plain, 10);
    const auto agrees = [&](auto&& params) {
      params = begin;
      take_steps(optimizer, params, 10);
      CHECK(same_bits(params, plain));
    };
    agrees(Eigen::Matrix<bfloat16, -1, -1, Eigen::RowMajor>(7, 5));
    agrees(Eigen::Matrix<bfloat16, 7, 5>());
    agrees(Eigen::Matrix<bfloat16, 7, 5, Eigen::RowMajor>());
    agrees(Eigen::Array<bfloat16, -1, -1>(7, 5));
    std::vector<bfloat16> data(7 * 5 * 6);
    agrees(Eigen::Map<Narrow>(data.data(), 7, 5));
    agrees(Eigen::Map<Narrow, 0, Strides>(data.data(), 7, 5, Strides(21, 3)));
    agrees(Eigen::Map<Narrow, 0, Strides>(data.data(), 7, 5, Strides(2, 10)));
    Narrow large = Narrow::Zero(20, 20);
    agrees(large.block(3, 2, 7, 5));
    agrees(large.transpose().block(3, 2, 7, 5));
    // Nothing beside the block has changed.
    large.block(3, 2, 7, 5).setZero();
    large.transpose().block(3, 2, 7, 5).setZero();
    CHECK(large.isZero());
  };
  for_each_way(adamw, check);
  for_each_way(lookahead(adamw, 2), check);
  check(compensated(lookahead(cautious(adamw), 2)));
}

TEST_CASE("leaves of fixed size and rows have the bits of columns in nests and routes") {
  const auto check = [](const auto& optimizer) {
    auto fixed = started(std::tuple(Eigen::Matrix<half, 3, 2>(), Eigen::Matrix<half, 1, 4>()));
    auto dynamic = started(std::tuple(Eigen::MatrixX<half>(3, 2), Eigen::MatrixX<half>(1, 4)));
    take_steps(optimizer, fixed, 10);
    take_steps(optimizer, dynamic, 10);
    CHECK(same_bits(fixed, dynamic));
  };
  const auto first = [](const LeafInfo& leaf) { return leaf.name == "0"; };
  for_each_way(adamw, check);
  for_each_way(accumulate(skip_nonfinite(route(first, lookahead(adamw, 2), exponential_average(Lion{}))), 2),
               check);
  check(route(first, master_weights(adamw), compensated(Lion{})));
  check(lookahead(compensated(adamw), 2));
  check(cautious(stochastic_rounding(adamw)));
}

TEST_CASE("empty leaves and empty trees take steps") {
  for_each_way(adamw, [](const auto& optimizer) {
    std::vector<Narrow> none;
    take_steps(optimizer, none, 2);
    auto params = narrow_start<bfloat16>({{0, 3}, {6, 5}, {4, 0}});
    take_steps(optimizer, params, 10);
    auto same = narrow_start<bfloat16>({{1, 1}, {6, 5}});
    take_steps(optimizer, same, 10);
    CHECK(same_bits(params[1], same[1]));
  });
}

TEST_CASE("the number of threads does not change a bit of sixteen-bit parameters") {
#ifdef _OPENMP
  const int before = omp_get_max_threads();
  for_each_way(adamw, [](const auto& optimizer) {
    INFO(optimizer.name());
    const auto with_threads = [&](int threads) {
      omp_set_num_threads(threads);
      auto params = narrow_start<bfloat16>({{301, 130}, {70000, 1}, {30, 97}});
      const auto grads = params;
      auto state = optimizer.init(params);
      for (int t = 0; t < 3; ++t) optimizer.step(params, grads, state);
      return params;
    };
    const auto one = with_threads(1);
    CHECK(same_bits(one, with_threads(2)));
    CHECK(same_bits(one, with_threads(3)));
  });
  omp_set_num_threads(before);
#else
  SUCCEED("built without OpenMP");
#endif
}

TEST_CASE("copied and saved states go on with the same bits") {
  const auto check = [](const auto& optimizer) {
    INFO(optimizer.name());
    auto params = narrow_start<bfloat16>({{6, 5}, {8, 1}});
    auto state = optimizer.init(params);
    run(optimizer, params, state, 1, 7);
    auto params_copy = params, params_loaded = params;
    auto state_copy = state, state_loaded = optimizer.init(params);
    auto bytes = bytes_of(state);
    state_loaded.visit(Bytes{bytes});
    run(optimizer, params, state, 8, 20);
    run(optimizer, params_copy, state_copy, 8, 20);
    run(optimizer, params_loaded, state_loaded, 8, 20);
    CHECK(same_bits(params, params_copy));
    CHECK(same_bits(params, params_loaded));
    CHECK(bytes_of(state) == bytes_of(state_loaded));
  };
  for_each_way(adamw, check);
  for_each_way(lookahead(adamw, 3), check);
}

TEST_CASE("a step that does not fit is refused by leaf and shapes, and changes nothing") {
  for_each_way(adamw, [](const auto& optimizer) {
    const std::string name(optimizer.name());
    auto params = narrow_start<bfloat16>({{6, 5}, {8, 1}});
    auto state = optimizer.init(params);
    run(optimizer, params, state, 1, 2);
    const auto before = params;
    const auto bytes = bytes_of(state);
    const auto refuses = [&](auto& parameters, const auto& grads, const std::string& what) {
      CHECK_THROWS_AS(optimizer.step(parameters, grads, state), std::invalid_argument);
      CHECK_THROWS_WITH(optimizer.step(parameters, grads, state), contains(what));
      CHECK(bytes_of(state) == bytes);
    };
    refuses(params, make_tree<float>({{6, 5}, {1, 8}}),
            name + ": leaf '1' is 8 x 1, but its gradient is 1 x 8");
    refuses(params, make_tree<float>({{6, 5}}), name + ": the tree has 2 children, but its gradient has 1");
    auto smaller = narrow_start<bfloat16>({{6, 4}, {8, 1}});
    refuses(smaller, cast_tree<float>(smaller), ": leaf '0' is 6 x 4, but its state is 6 x 5");
    auto shorter = narrow_start<bfloat16>({{6, 5}});
    refuses(shorter, cast_tree<float>(shorter), ": the tree has 1 children, but its state has 2");
    CHECK(same_bits(params, before));

    auto same_twice = std::tie(params[0], params[0]);
    CHECK_THROWS_WITH(optimizer.init(same_twice), contains(name + ": leaf '1' shares its memory"));
  });
  for_each_way(AdamW{.beta1 = 2}, [](const auto& optimizer) {
    CHECK_THROWS_WITH(optimizer.init(Narrow(2, 2)), contains("AdamW: beta1 is 2"));
  });
}

TEST_CASE("lazy gradients give the bits of evaluated ones, also if they are made of the parameters") {
  for_each_way(adamw, [](const auto& optimizer) {
    INFO(optimizer.name());
    const auto stepped = [&](bool lazily) {
      auto params = narrow_start<bfloat16>({{6, 5}, {8, 1}});
      auto state = optimizer.init(params);
      const auto step = [&](const auto& gradient_of) {
        const auto copy = params;
        optimizer.step(params, gradient_of(lazily ? params : copy), state);
      };
      for (std::uint64_t t = 1; t <= 10; ++t) {
        step([](const auto& p) { return scale(clip_by_global_norm(clip_by_value(p, 0.5), 1), 0.7); });
        step([t](const auto& p) { return add_noise(p, 0.1, 3, t); });
      }
      return params;
    };
    CHECK(same_bits(stepped(true), stepped(false)));
    // Evaluated in float.
    auto lazy_params = narrow_start<bfloat16>({{6, 5}}), params = lazy_params;
    auto lazy_state = optimizer.init(params), state = lazy_state;
    const Tree<bfloat16> grads = params;
    auto evaluated = cast_tree<float>(grads);
    evaluated[0] *= 0.5f;
    optimizer.step(lazy_params, scale(grads, 0.5), lazy_state);
    optimizer.step(params, evaluated, state);
    CHECK(same_bits(lazy_params, params));
  });
}

TEST_CASE("solutions, memory and fields are those of the inner optimizer, and the rest's own") {
  auto params = narrow_start<bfloat16>({{6, 5}, {8, 1}});
  const auto average = master_weights(polyak_average(adamw));
  auto state = average.init(params);
  run(average, params, state, 1, 3);
  CHECK(same_bits(cast_tree<float>(params), copy_state(params)));
  auto mean = state.inner.average;
  CHECK(relative_difference(solution(average, params, state), mean) < 0x1p-8);
  CHECK(same_bits(solution(master_weights(adamw), params, master_weights(adamw).init(params)), params));

  const std::size_t moments = memory(adamw, params).state;
  CHECK(moments == 38 * 8);
  CHECK(memory(master_weights(adamw), params).state == moments + 38 * 4);
  CHECK(memory(compensated(adamw), params).state == moments + 38 * 2);
  CHECK(memory(stochastic_rounding(adamw), params).state == moments);
  CHECK(memory(compensated(adamw), params).parameters == 38 * 2);

  const auto fields = [](auto optimizer) {
    std::string names;
    for_each_field(optimizer, [&](const std::string& name, const auto&) { names += name + ' '; });
    return names;
  };
  CHECK(fields(master_weights(SGD{})) == "inner inner.learning_rate inner.weight_decay way ");
  CHECK(fields(stochastic_rounding(SGD{})) == "inner inner.learning_rate inner.weight_decay way way.seed ");
}

TEST_CASE("objectives inside get the parameters of the user's own type, as they are rounded") {
  using Vector = Eigen::VectorX<bfloat16>;
  const auto objective = [](const Vector& x, Vector& gradient) {
    gradient = x;
    return 0.5 * static_cast<double>(x.cast<float>().squaredNorm());
  };
  const auto estimate = [](const Vector& x, Vector& curvature, std::int64_t) { curvature.setOnes(x.size()); };
  const auto mean_after_steps = [&](const auto& optimizer) {
    Vector x = Vector::Ones(100), gradient(100);
    auto state = optimizer.init(x);
    for (int t = 0; t < 1000; ++t) {
      objective(x, gradient);
      optimizer.step(x, gradient, state);
    }
    return x.cast<double>().mean();
  };
  // Each step of SGD is lost in the plain parameters. Along the gradient x + ρx/‖x‖ is the worst point
  // nearby.
  const SGD sgd{.learning_rate = 1e-3};
  CHECK(mean_after_steps(sharpness_aware(objective, sgd)) == 1);
  for_each_way(sharpness_aware(objective, sgd), [&](const auto& optimizer) {
    CHECK(mean_after_steps(optimizer) == Approx(std::exp(-1.0)).margin(0.02));
  });
  for_each_way(sgd, [&](const auto& optimizer) {
    CHECK(mean_after_steps(sharpness_aware(objective, optimizer)) == Approx(std::exp(-1.0)).margin(0.02));
  });
  auto with_estimate = sophia(estimate);
  with_estimate.learning_rate = 1e-3;
  const double in_sixteen_bits = mean_after_steps(with_estimate);
  for_each_way(with_estimate,
               [&](const auto& optimizer) { CHECK(mean_after_steps(optimizer) < in_sixteen_bits - 0.1); });
}
