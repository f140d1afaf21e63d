// SPDX-License-Identifier: MIT
//
// However parameters and gradients are stored, every optimizer does the same to them.
#include "optimizers.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

// The smallest difference that is not rounding.
template <class Scalar>
constexpr double tolerance = std::is_same_v<Scalar, float> ? 2e-6 : 1e-13;

// All storages, and beside them a plain tree of the same shapes.
template <class Scalar>
struct SideBySide {
  Surroundings<Scalar> around_params, around_grads;
  StoragePairs<Scalar> pairs = storages(around_params, around_grads);
  StorageParams<Scalar> params = firsts(pairs);
  StorageGrads<Scalar> grads = seconds(pairs);
  Tree<Scalar> plain;

  // Steps both. All leaves of one shape, and vectors however they lie, have the same starts and gradients.
  SideBySide(const AnyOptimizer& optimizer, int steps) {
    walk(
        "plain",
        [&](const Path&, const auto& leaf) { plain.push_back(Matrix<Scalar>(leaf.rows(), leaf.cols())); },
        params);
    fill(plain, [](double, double, double i, double j) { return start(0, i + j, i * j * j); });
    copy(plain, params);
    Tree<Scalar> plain_grads = plain;
    auto state = optimizer.init(params), plain_state = optimizer.init(plain);
    for (int t = 1; t <= steps; ++t) {
      plain_grads = plain;
      fill(plain_grads,
           [t](double theta, double, double i, double j) { return gradient(theta, t, 0, i + j, i * j * j); });
      copy(plain_grads, grads);
      optimizer.step(plain, plain_grads, plain_state);
      optimizer.step(params, grads, state);
    }
  }

 private:
  template <class To>
  static void copy(const Tree<Scalar>& from, To& to) {
    walk(
        "copy", [&](const Path& at, auto& leaf) { leaf.matrix() = from[std::size_t(at.ordinal)]; }, to);
  }
};

}  // namespace

TEMPLATE_TEST_CASE("splitting a leaf does not change a bit of a coefficient-wise optimizer", "", float,
                   double) {
  for_each_optimizer([](const Entry& entry) {
    if (!entry.coefficient_wise) return;
    auto whole = make_tree<TestType>({{211, 1}}), grads = whole, split = whole;
    const auto parts = [](Tree<TestType>& tree) {
      Maps<TestType> maps;
      TestType* data = tree[0].data();
      for (const Index size : {1, 5, 64, 141}) {
        maps.emplace_back(data, size, 1);
        data += size;
      }
      return maps;
    };
    auto split_params = parts(split);
    auto state = entry.usual.init(whole);
    auto split_state = entry.usual.init(split_params);
    for (int t = 1; t <= 20; ++t) {
      write_gradient(whole, grads, t);
      entry.usual.step(whole, grads, state);
      entry.usual.step(split_params, parts(grads), split_state);
    }
    CHECK(same_bits(whole, split));
  });
}

TEMPLATE_TEST_CASE("a Map, a Ref and a Matrix share one state and the same bits", "", float, double) {
  for_each_optimizer([](const Entry& entry) {
    auto a = make_tree<TestType>({{5, 3}}), b = a, grads = a;
    std::vector<TestType> memory(a[0].data(), a[0].data() + a[0].size());
    Maps<TestType> map{{memory.data(), 5, 3}};
    auto state_a = entry.usual.init(a), state_b = entry.usual.init(map);
    for (int t = 1; t <= 12; ++t) {
      write_gradient(a, grads, t);
      entry.usual.step(a, grads, state_a);
      if (t % 3 == 0) {
        entry.usual.step(b, grads, state_b);
        map[0] = b[0];
      } else if (t % 3 == 1) {
        entry.usual.step(map, Maps<TestType>{{grads[0].data(), 5, 3}}, state_b);
        b[0] = map[0];
      } else {
        entry.usual.step(Refs<TestType>{b[0]}, ConstRefs<TestType>{grads[0]}, state_b);
        map[0] = b[0];
      }
    }
    CHECK(same_bits(a, b));
  });
}

TEMPLATE_TEST_CASE("storage orders, strides, blocks and fixed sizes agree", "", float, double) {
  for_each_optimizer([](const Entry& entry) {
    const SideBySide<TestType> both(entry.usual, 30);
    Index matrices = 0;
    walk(
        "compare",
        [&](const Path& at, const auto& leaf) {
          INFO(at.name());
          const auto& expected = both.plain[std::size_t(at.ordinal)];
          if (leaf.rows() > 1 && leaf.cols() > 1) ++matrices;
          CHECK(relative_difference(leaf, expected) < tolerance<TestType>);
        },
        both.params);
    CHECK(matrices == 10);
    // Nothing around the views moved.
    Index seen = 3 * 15;
    for (const Index n : vector_sizes) seen += 3 * n;
    CHECK(both.around_params.zeros() == both.around_params.size() - seen);
  });
}

TEMPLATE_TEST_CASE("vectors as rows, columns and strips of a matrix agree", "", float, double) {
  for_each_optimizer([](const Entry& entry) {
    if (!entry.coefficient_wise) return;
    const SideBySide<TestType> both(entry.usual, 30);
    for (const Index n : vector_sizes) {
      Eigen::VectorX<TestType> expected;
      const auto check = [&](const Path& at, const auto& leaf) {
        if (leaf.size() != n || (leaf.rows() != n && leaf.cols() != n)) return;
        if constexpr (std::remove_cvref_t<decltype(leaf)>::SizeAtCompileTime == Eigen::Dynamic) {
          INFO(at.name());
          const Eigen::VectorX<TestType> values = leaf.reshaped();
          if (expected.size() == 0) expected = values;
          CHECK(same_bits(values, expected));
        }
      };
      walk("plain", check, both.plain);
      walk("compare", check, both.params);
      CHECK(expected.size() == n);
    }
  });
}

TEST_CASE("leaves of size zero and trees without leaves are stepped") {
  for_each_optimizer([](const Entry& entry) {
    Tree<double> params{Matrix<double>(0, 0), Matrix<double>(0, 3), Matrix<double>::Ones(2, 2),
                        Matrix<double>(3, 0)};
    auto state = entry.usual.init(params);
    const Tree<double> before = params;
    for (int t = 0; t < 2; ++t) entry.usual.step(params, before, state);  // SOAP's first step moves nothing
    CHECK(params[2] != before[2]);
    Tree<double> nothing;
    auto no_state = entry.usual.init(nothing);
    entry.usual.step(nothing, nothing, no_state);
    CHECK(no_state.steps_taken() == 1);
  });
}

TEST_CASE("sixteen-bit leaves are stepped in float and stored rounded") {
  for_each_optimizer([](const Entry& entry) {
    const auto exact = after<float>(entry.usual, 3);
    const auto check = [&](auto scalar) {
      const auto rounded = after<decltype(scalar)>(entry.usual, 3);
      Tree<float> as_float;
      for (const auto& leaf : rounded) as_float.push_back(leaf.template cast<float>());
      CHECK(relative_difference(as_float, exact) < 0.05);
    };
    check(Eigen::bfloat16{});
    if (!entry.couples_leaves) check(Eigen::half{});  // which has not the range for Prodigy's d²g²
  });
}

TEST_CASE("bfloat16 is converted as Eigen converts it, bit for bit") {
  using Eigen::numext::bit_cast;
  std::uint32_t wrong = 0;
  const auto check = [&](std::uint32_t bits) {
    const float x = bit_cast<float>(bits);
    Eigen::bfloat16 narrow;
    detail::convert<1>(&x, &narrow);
    wrong += bit_cast<std::uint16_t>(narrow) != bit_cast<std::uint16_t>(static_cast<Eigen::bfloat16>(x));
  };
  for (std::uint32_t high = 0; high < 0x10000; ++high) {
    for (const std::uint32_t low : {0x0U, 0x1U, 0x7fffU, 0x8000U, 0x8001U, 0xffffU}) check(high << 16 | low);
    const auto narrow = bit_cast<Eigen::bfloat16>(static_cast<std::uint16_t>(high));
    float wide;
    detail::convert<1>(&narrow, &wide);
    wrong += bit_cast<std::uint32_t>(wide) != bit_cast<std::uint32_t>(static_cast<float>(narrow));
  }
  CHECK(wrong == 0);
}

TEST_CASE("gradients may be of another scalar than the parameters") {
  for_each_optimizer([](const Entry& entry) {
    auto same = make_tree<double>({{5, 3}});
    Eigen::MatrixXd params = same[0];
    const Eigen::MatrixXf gradient = Eigen::MatrixXf::Constant(5, 3, 0.5f);
    auto state = entry.usual.init(params), same_state = entry.usual.init(same);
    entry.usual.step(params, gradient, state);
    entry.usual.step(same, Tree<double>{Eigen::MatrixXd::Constant(5, 3, 0.5)}, same_state);
    CHECK(same_bits(params, same[0]));
  });
}
