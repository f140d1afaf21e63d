// SPDX-License-Identifier: MIT
//
// However parameters and gradients are stored, every optimizer does the same to them.
#include "catch.hpp"
#include "optimizers.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

TEMPLATE_TEST_CASE("splitting a leaf does not change a bit of a coefficient-wise optimizer", "", float,
                   double) {
  for_each_optimizer([](const auto& entry) {
    if (!entry.coefficient_wise) return;
    INFO(entry.name);
    Matrix<TestType> whole = make_tree<TestType>({{211, 1}})[0], gradient = whole;
    auto split = whole;
    const auto parts = [](auto& m) {
      return std::tuple{m.topRows(1), m.middleRows(1, 5), m.middleRows(6, 64), m.bottomRows(141)};
    };
    auto split_params = parts(split);
    auto state = entry.usual.init(whole);
    auto split_state = entry.usual.init(split_params);
    for (int t = 1; t <= 20; ++t) {
      write_gradient(whole, gradient, t);
      entry.usual.step(whole, gradient, state);
      entry.usual.step(split_params, parts(gradient), split_state);
    }
    CHECK(same_bits(whole, split));
  });
}

TEMPLATE_TEST_CASE("a Map, a Ref and a Matrix share one state and the same bits", "", float, double) {
  for_each_optimizer([](const auto& entry) {
    INFO(entry.name);
    Matrix<TestType> a = make_tree<TestType>({{5, 3}})[0], b = a, gradient = a;
    std::vector<TestType> memory(a.data(), a.data() + a.size());
    Eigen::Map<Matrix<TestType>> map(memory.data(), 5, 3);
    auto state_a = entry.usual.init(a), state_b = entry.usual.init(map);
    for (int t = 1; t <= 12; ++t) {
      write_gradient(a, gradient, t);
      entry.usual.step(a, gradient, state_a);
      if (t % 3 == 0) {
        entry.usual.step(b, gradient, state_b);
        map = b;
      } else if (t % 3 == 1) {
        entry.usual.step(map, gradient, state_b);
        b = map;
      } else {
        entry.usual.step(Eigen::Ref<Matrix<TestType>>(b), Eigen::Ref<const Matrix<TestType>>(gradient),
                         state_b);
        map = b;
      }
    }
    CHECK(same_bits(a, b));
  });
}

TEMPLATE_TEST_CASE("storage orders, strides, blocks and fixed sizes agree", "", float, double) {
  constexpr double tolerance = std::is_same_v<TestType, float> ? 2e-6 : 1e-13;
  using RowMajor = Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  for_each_optimizer([&](const auto& entry) {
    INFO(entry.name);
    const Matrix<TestType> start = make_tree<TestType>({{5, 3}})[0];
    const auto moved = [&](auto&& params, auto&& grads) {
      params = start;
      auto state = entry.usual.init(params);
      for (int t = 1; t <= 30; ++t) {
        write_gradient(params, grads, t);
        entry.usual.step(params, grads, state);
      }
      return Matrix<TestType>(params);
    };
    const auto expected = moved(Matrix<TestType>(5, 3), Matrix<TestType>(5, 3));
    const auto check = [&](const Matrix<TestType>& got) {
      CHECK(relative_difference(got, expected) < tolerance);
    };
    check(moved(RowMajor(5, 3), RowMajor(5, 3)));
    check(moved(Matrix<TestType>(5, 3), RowMajor(5, 3)));
    check(moved(RowMajor(5, 3), Matrix<TestType>(5, 3)));
    check(moved(Eigen::Matrix<TestType, 5, 3>(), Eigen::Matrix<TestType, 5, 3>()));
    check(moved(Eigen::Matrix<TestType, 5, 3>(), Eigen::Matrix<TestType, 5, 3, Eigen::RowMajor>()));
    check(moved(Eigen::Matrix<TestType, 5, 3>(), Matrix<TestType>(5, 3)));
    check(moved(Eigen::Array<TestType, Eigen::Dynamic, Eigen::Dynamic>(5, 3), Matrix<TestType>(5, 3)));
    Matrix<TestType> large = Matrix<TestType>::Zero(9, 9), other = large;
    check(moved(large.block(2, 3, 5, 3), other.block(1, 1, 5, 3)));
    CHECK((large.array() != 0).count() <= 15);  // nothing around it moved
    check(moved(large.transpose().block(1, 4, 5, 3), other.block(0, 2, 5, 3)));
    std::vector<TestType> memory(200);
    check(
        moved(Eigen::Map<Matrix<TestType>, 0, Strides>(memory.data(), 5, 3, Strides(30, 2)), RowMajor(5, 3)));
  });
}

TEMPLATE_TEST_CASE("vectors as rows, columns and strips of a matrix agree", "", float, double) {
  constexpr double tolerance = std::is_same_v<TestType, float> ? 2e-6 : 1e-13;
  for_each_optimizer([&](const auto& entry) {
    if (!entry.coefficient_wise) return;
    INFO(entry.name);
    const auto moved = [&](auto&& params, auto&& grads) {
      for (Index k = 0; k < params.size(); ++k) params(k) = TestType(std::sin(1.0 + static_cast<double>(k)));
      auto state = entry.usual.init(params);
      for (int t = 1; t <= 30; ++t) {
        for (Index k = 0; k < params.size(); ++k) {
          grads(k) = TestType(gradient(static_cast<double>(params(k)), t, 0, static_cast<double>(k), 0));
        }
        entry.usual.step(params, grads, state);
      }
      return Eigen::Matrix<TestType, Eigen::Dynamic, 1>(params.reshaped());
    };
    using Vector = Eigen::Matrix<TestType, Eigen::Dynamic, 1>;
    using RowVector = Eigen::Matrix<TestType, 1, Eigen::Dynamic>;
    for (const Index n : {Index{1}, Index{2}, Index{7}, Index{70}, Index{1001}}) {
      const Vector expected = moved(Vector(n), Vector(n));
      CHECK(same_bits(moved(RowVector(n), RowVector(n)), expected));
      Matrix<TestType> square = Matrix<TestType>::Zero(n, n), other = square;
      CHECK(same_bits(moved(square.col(n / 2), other.col(0)), expected));
      CHECK(same_bits(moved(square.row(n / 2), other.row(0)), expected));
      CHECK(same_bits(moved(square.diagonal(), other.col(0)), expected));
      CHECK(same_bits(moved(Vector(n), Vector(2 * n).head(n)), expected));
    }
    const Vector expected = moved(Vector(7), Vector(7));
    const Vector fixed = moved(Eigen::Matrix<TestType, 7, 1>(), Eigen::Matrix<TestType, 7, 1>());
    CHECK(relative_difference(fixed, expected) < tolerance);
  });
}

TEST_CASE("leaves of size zero and trees without leaves are stepped") {
  for_each_optimizer([](const auto& entry) {
    INFO(entry.name);
    Tree<double> params{Matrix<double>(0, 0), Matrix<double>(0, 3), Matrix<double>::Ones(2, 2),
                        Matrix<double>(3, 0)};
    auto state = entry.usual.init(params);
    const Tree<double> before = params;
    entry.usual.step(params, before, state);
    CHECK(params[2] != before[2]);
    Tree<double> nothing;
    auto no_state = entry.usual.init(nothing);
    entry.usual.step(nothing, nothing, no_state);
    CHECK(no_state.t == 1);
  });
}

TEST_CASE("sixteen-bit leaves are stepped in float and stored rounded") {
  for_each_optimizer([](const auto& entry) {
    INFO(entry.name);
    const auto exact = after<float>(entry.usual, 3);
    const auto check = [&](auto scalar) {
      const auto rounded = after<decltype(scalar)>(entry.usual, 3);
      Tree<float> as_float;
      for (const auto& leaf : rounded) as_float.push_back(leaf.template cast<float>());
      CHECK(relative_difference(as_float, exact) < 0.05);
    };
    check(Eigen::half{});
    check(Eigen::bfloat16{});
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
  for_each_optimizer([](const auto& entry) {
    INFO(entry.name);
    Eigen::MatrixXd params = make_tree<double>({{5, 3}})[0];
    Eigen::MatrixXd same = params;
    const Eigen::MatrixXf gradient = Eigen::MatrixXf::Constant(5, 3, 0.5f);
    auto state = entry.usual.init(params), same_state = entry.usual.init(params);
    entry.usual.step(params, gradient, state);
    entry.usual.step(same, Eigen::MatrixXd::Constant(5, 3, 0.5).eval(), same_state);
    CHECK(same_bits(params, same));
  });
}
