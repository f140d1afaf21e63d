// SPDX-License-Identifier: MIT
//
// However parameters and gradients are stored, an optimizer does the same to them. Storage is the traversals'
// business, so that a few optimizers stand for all.
#include "optimizers.hpp"
#include "problem.hpp"
#include "storages.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

// The smallest difference that is not rounding.
template <class Scalar>
constexpr double tolerance = std::is_same_v<Scalar, float> ? 2e-6 : 1e-13;

// All storages, and beside them a plain tree of the same shapes.
template <class Scalar, class Optimizer>
struct SideBySide {
  Surroundings<Scalar> around_params, around_grads;
  StoragePairs<Scalar> pairs = storages(around_params, around_grads);
  StorageParams<Scalar> params = firsts(pairs);
  StorageGrads<Scalar> grads = seconds(pairs);
  Tree<Scalar> plain;

  // Steps both. All leaves of one shape, and vectors however they lie, have the same starts and gradients.
  SideBySide(const Optimizer& optimizer, int steps) {
    walk(
        "plain",
        [&](const Path&, const auto& leaf) { plain.push_back(Matrix<Scalar>(leaf.rows(), leaf.cols())); },
        params);
    fill(plain, [](double, double, double i, double j) { return start(0, i + j, i * j * j); });
    copy(plain, params);
    Tree<Scalar> plain_grads = plain;
    auto state = optimizer.init(params);
    auto plain_state = optimizer.init(plain);
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
      Views<TestType> maps;
      TestType* data = tree[0].data();
      for (const Index size : {1, 5, 64, 141}) {
        maps.emplace_back(data, size, 1, Strides(size, 1));
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
  const auto check = [](const auto& optimizer) {
    using Dense = Matrix<TestType>;
    Dense a = make_tree<TestType>({{5, 3}})[0], b = a, grad = a;
    std::vector<TestType> memory(a.data(), a.data() + a.size());
    Eigen::Map<Dense> map(memory.data(), 5, 3);
    auto state_a = optimizer.init(a), state_b = optimizer.init(map);
    for (int t = 1; t <= 12; ++t) {
      write_gradient(a, grad, t);
      optimizer.step(a, grad, state_a);
      if (t % 3 == 0) {
        optimizer.step(b, grad, state_b);
        map = b;
      } else if (t % 3 == 1) {
        optimizer.step(Eigen::Map<Dense>(memory.data(), 5, 3), Eigen::Map<const Dense>(grad.data(), 5, 3),
                       state_b);
        b = map;
      } else {
        optimizer.step(Eigen::Ref<Dense>(b), Eigen::Ref<const Dense>(grad), state_b);
        map = b;
      }
    }
    CHECK(same_bits(a, b));
  };
  check(Adam{.learning_rate = 0.1});
  check(Muon{.learning_rate = 0.1});
}

TEST_CASE("storage orders, strides, blocks and fixed sizes agree") {
  const auto check = [](const auto& both) {
    using Scalar = scalar_of<decltype(both.plain)>;
    Index matrices = 0;
    walk(
        "compare",
        [&](const Path& at, const auto& leaf) {
          INFO(at.name());
          const auto& expected = both.plain[std::size_t(at.ordinal)];
          if (leaf.rows() > 1 && leaf.cols() > 1) ++matrices;
          CHECK(relative_difference(leaf, expected) < tolerance<Scalar>);
        },
        both.params);
    CHECK(matrices == 10);
    // Nothing around the views moved.
    Index seen = 3 * 15;
    for (const Index n : vector_sizes) seen += 3 * n;
    CHECK(both.around_params.zeros() == both.around_params.size() - seen);
  };
  const SideBySide<float, Adam> adam(Adam{.learning_rate = 0.1}, 30);
  check(adam);
  // Vectors agree to the bit, be they rows, columns or strips of a matrix.
  for (const Index n : vector_sizes) {
    Eigen::VectorXf expected;
    const auto compare = [&](const Path& at, const auto& leaf) {
      if (leaf.size() != n || (leaf.rows() != n && leaf.cols() != n)) return;
      if constexpr (std::remove_cvref_t<decltype(leaf)>::SizeAtCompileTime == Eigen::Dynamic) {
        INFO(at.name());
        const Eigen::VectorXf values = leaf.reshaped();
        if (expected.size() == 0) expected = values;
        CHECK(same_bits(values, expected));
      }
    };
    walk("plain", compare, adam.plain);
    walk("compare", compare, adam.params);
    CHECK(expected.size() == n);
  }
}

TEST_CASE("whole-matrix methods step rows, blocks and fixed matrices alike") {
  const auto check = [](const auto& optimizer) {
    Eigen::MatrixXd plain = make_tree<double>({{3, 2}})[0], around = Eigen::MatrixXd::Zero(7, 6),
                    grad = plain;
    Eigen::Matrix<double, -1, -1, Eigen::RowMajor> rows = plain, row_grad = plain;
    Eigen::Matrix<double, 3, 2> fixed = plain;
    auto block = around.block(2, 1, 3, 2);
    block = plain;
    auto all = std::tie(rows, block, fixed);
    auto state = optimizer.init(all);
    auto plain_state = optimizer.init(plain);
    for (int t = 1; t <= 12; ++t) {
      write_gradient(plain, grad, t);
      row_grad = grad;
      optimizer.step(plain, grad, plain_state);
      optimizer.step(all, std::tie(grad, row_grad, grad), state);
      CHECK(same_bits(rows, plain));
      CHECK(same_bits(block, plain));
      CHECK(same_bits(fixed, plain));
    }
    CHECK((around.array() != 0).count() == 6);
  };
  check(Muon{.learning_rate = 0.1});
  check(SOAP{.learning_rate = 0.1, .period = 3});
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
  const auto check = [](const auto& optimizer) {
    Eigen::MatrixXd params = make_tree<double>({{5, 3}})[0], same = params;
    const Eigen::MatrixXf gradient = Eigen::MatrixXf::Constant(5, 3, 0.5f);
    const Eigen::MatrixXd as_double = gradient.cast<double>();
    auto state = optimizer.init(params), same_state = optimizer.init(same);
    optimizer.step(params, gradient, state);
    optimizer.step(same, as_double, same_state);
    CHECK(same_bits(params, same));
  };
  check(Adam{.learning_rate = 0.1});
  check(Muon{.learning_rate = 0.1});
}
