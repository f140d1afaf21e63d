// SPDX-License-Identifier: MIT
//
// Averages in a byte a number and a scale for each block: levels, rounding, every storage, and runs that
// train as in float.
#include <gradus/gradus.hpp>
#include <random>

#include "catch.hpp"
#include "problem.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

using namespace gradus;
using namespace gradus_test;

namespace {

constexpr int block = detail::chunk_size;
using Format = detail::BlockwiseFormat<block>;
using Values = Format::Values;

struct Stored {
  std::array<std::uint8_t, block> codes{};
  float scale = 0;
  bool operator==(const Stored&) const = default;
};

Stored stored(Values values, Index count = block) {
  Stored result;
  result.scale = Format::store(values, count, result.codes.data());
  return result;
}
Values loaded(const Stored& from, Index count = block) {
  Values values;
  Format::load(from.codes.data(), count, from.scale, values);
  return values;
}
Values through(const Values& values) { return loaded(stored(values)); }

// The levels on both sides of x in a block with this largest number, by the definition.
std::pair<double, double> neighbours(double x, double largest, int levels) {
  int k = 0;
  while (k < levels && largest * std::pow((k + 1.0) / levels, 4) <= std::abs(x)) ++k;
  const auto level = [&](int at) { return largest * std::pow(std::min(at, levels) / double(levels), 4); };
  return {x == 0 ? 0 : level(std::max(k, 1)), x == 0 ? 0 : level(k + 1)};
}

Values random_block(std::mt19937& random, bool is_signed) {
  std::normal_distribution<float> normal;
  const float size = std::exp2(60 * normal(random) / 3), spread = 5 * std::abs(normal(random));
  Values values;
  for (float& x : values) x = size * std::exp(spread * normal(random)) * normal(random);
  if (!is_signed) values = values.abs().eval();
  values(static_cast<Index>(random() % block)) = 0;
  return values;
}

// A tree with leaves that are quantized, one of whole blocks and one not, and leaves that are too small.
struct Model {
  Eigen::MatrixXf w;
  Eigen::VectorXf b;
  std::vector<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> layers;
  Eigen::Matrix<float, 2, 3> fixed;
  GRADUS_LEAVES(w, b, layers, fixed)
};

// Gives the leaves numbers: by their places, not by those in memory.
template <class Tree>
void fill(Tree& tree, float factor, float phase) {
  walk(
      "fill",
      [&](const Path&, auto& leaf) {
        for (Index j = 0; j < leaf.cols(); ++j) {
          for (Index i = 0; i < leaf.rows(); ++i) {
            leaf(i, j) = factor * std::sin(phase + static_cast<float>(3 * i + 7 * j * j));
          }
        }
      },
      tree);
}

Model model() {
  Model made{Eigen::MatrixXf(64, 65), Eigen::VectorXf(4095), {}, {}};
  made.layers.emplace_back(71, 67);
  fill(made, 1, 0);
  return made;
}

template <class O, class State>
void run_model(const O& optimizer, Model& params, State& state, int first, int last) {
  Model grads = params;
  for (int t = first; t <= last; ++t) {
    fill(grads, 0.3f, static_cast<float>(t));
    walk(
        "gradient", [](const Path&, auto& g, const auto& p) { g += p; }, grads, params);
    optimizer.step(params, grads, state);
  }
}

template <class O>
Model after(const O& optimizer, int steps) {
  Model params = model();
  auto state = optimizer.init(params);
  run_model(optimizer, params, state, 1, steps);
  return params;
}

double distance(const Model& a, const Model& b) {
  return norm(lazy([](const auto& x, const auto& y) { return x - y; }, a, b));
}

// The numbers of a part of a state whose parameters are one matrix.
template <class Part>
Eigen::MatrixXf numbers(const Part& part) {
  Eigen::MatrixXf result(part.rows(), part.cols());
  for_each_block([](auto& to, const auto& from) { to = from; }, result, part);
  return result;
}

const auto bowl = [](const auto& x, auto& gradient) {
  walk(
      "bowl", [](const Path&, const auto& from, auto& to) { to = from; }, x, gradient);
  return 0.0;
};

}  // namespace

TEST_CASE("a number of an eight-bit block becomes one of the levels beside it, and never zero") {
  std::mt19937 random(1);
  for (int k = 0; k < 200; ++k) {
    const bool is_signed = k % 2 == 0;
    const Values values = random_block(random, is_signed), back = through(values);
    const double largest = values.abs().maxCoeff();
    for (Index i = 0; i < block; ++i) {
      const auto [low, high] = neighbours(values(i), largest, is_signed ? 127 : 255);
      const double size = std::abs(static_cast<double>(back(i))), rounding = 1e-6 * (low + high);
      const bool is_level = std::abs(size - low) <= rounding || std::abs(size - high) <= rounding;
      const bool same_sign = (back(i) > 0) == (values(i) > 0) && (back(i) < 0) == (values(i) < 0);
      if (!is_level || !same_sign) FAIL_CHECK(values(i) << " of " << largest << " becomes " << back(i));
    }
  }
}

TEST_CASE("the largest number of an eight-bit block is exact, and the others are right in the mean",
          "[long]") {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> other(0.1f, 0.9f);
  for (const bool is_signed : {true, false}) {
    for (const float x : {1e-4f, 0.003f, 0.02f, 0.3f, 0.77f}) {
      double sum = 0, squares = 0;
      constexpr int count = 20000;
      for (int k = 0; k < count; ++k) {
        Values values = Values::Constant(other(random));
        values(0) = is_signed ? -1.0f : 1.0f;
        values(100) = x;
        const Values back = through(values);
        if (back(0) != values(0)) FAIL_CHECK(back(0));
        sum += back(100), squares += std::pow(back(100), 2);
      }
      const double mean = sum / count, deviation = std::sqrt(squares / count - mean * mean);
      CHECK(deviation > 0);
      CHECK(std::abs(mean - x) < 4 * deviation / std::sqrt(count));
    }
  }
}

TEST_CASE("what is a level stays it, so that passing over a state without changing it changes nothing") {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> scale(1.0f, 2.0f);
  for (int k = 0; k < 2000; ++k) {
    Stored levels;
    for (std::uint8_t& code : levels.codes) code = static_cast<std::uint8_t>(random());
    const bool is_signed = k % 2 == 0;
    if (is_signed) std::replace(levels.codes.begin(), levels.codes.end(), 128, 129);
    levels.codes[0] = is_signed ? 129 : 255;
    levels.scale = std::ldexp(is_signed ? -scale(random) : scale(random), static_cast<int>(k % 220) - 98);
    if (!(stored(loaded(levels)) == levels)) FAIL_CHECK("scale " << levels.scale);
  }
}

TEST_CASE("an infinity or a NaN makes an eight-bit block NaN, and zeros and denormals do not") {
  std::mt19937 random(4);
  for (const float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()}) {
    Values values = random_block(random, false);
    values(77) = bad;
    CHECK(through(values).isNaN().all());
    CHECK(loaded(stored(values, 77), 77).head(77).isFinite().all());  // it stands behind the end
  }
  CHECK((through(Values::Zero()) == 0).all());
  CHECK((through(Values::Constant(-0.0f)) == 0).all());
  CHECK((through(Values::Constant(1e-44f)) > 0).all());
  CHECK((through(Values::Constant(std::numeric_limits<float>::max())) == std::numeric_limits<float>::max())
            .all());
}

TEST_CASE("an average in eight bits takes a byte a number and four a block, if it is large") {
  const auto bytes = [](Index size) -> std::size_t {
    return static_cast<std::size_t>(size < 4096 ? 4 * size : size + (size + 255) / 256 * 4);
  };
  const std::size_t average = bytes(64 * 65) + 4 * 4095 + bytes(71 * 67) + 4 * 6;
  CHECK(memory(eight_bit_state(Momentum{}), model()).state == average);
  CHECK(memory(eight_bit_state(AdamW{}), model()).state == 2 * average);
  CHECK(memory(eight_bit_state(RMSProp{.momentum = 0.9, .centered = true}), model()).state == 3 * average);
  const auto full = [](const auto& optimizer) { return memory(optimizer, model()).state; };
  CHECK(full(eight_bit_state(lookahead(AdamW{}))) == 2 * average + full(Momentum{}));
  CHECK(full(eight_bit_state(Muon{})) == full(Muon{}));  // matrices stay as they are
  CHECK(memory(eight_bit_state(AdamW{}), Eigen::VectorXd(10000)).state == 160000);
}

TEST_CASE("optimizers with an eight-bit state go where those in float go", "[long]") {
  const auto check = [](const auto& optimizer, double bound = 0.1) {
    INFO(optimizer.name());
    const Model in_float = after(optimizer, 60);
    CHECK(distance(after(eight_bit_state(optimizer), 60), in_float) < bound * distance(in_float, model()));
  };
  check(Momentum{});
  check(AdaGrad{});
  check(RMSProp{.momentum = 0.9, .centered = true}, 0.3);  // of the difference v − m² little is left
  check(AdamW{});
  check(AMSGrad{});
  check(NAdam{});
  check(Lion{});
  check(LAMB{});
  check(accumulate(AdamW{}, 2));
  check(cautious(AdamW{}));
  check(sharpness_aware(bowl, AdamW{}));
  check(lookahead(Adam{}));
  check(ScheduleFreeAdamW{});
  check(Muon{}, 1e-9);
  check(scheduled<&Adam::learning_rate>(Adam{}, Cosine{.start = 1e-3, .steps = 1000}));
}

TEST_CASE("a second moment in eight bits follows gradients that become small", "[long]") {
  // One large gradient stays, and those of half of its block end. Rounded to nearest, theirs would not fade:
  // in a step they lose a thousandth, and levels are some hundredths apart.
  Eigen::VectorXf x = Eigen::VectorXf::Zero(4096), gradient = Eigen::VectorXf::Constant(4096, 0.5f);
  const auto optimizer = eight_bit_state(AdamW{.learning_rate = 1e-6, .beta2 = 0.999});
  auto state = optimizer.init(x);
  const auto steps = [&](int count) {
    for (int t = 0; t < count; ++t) {
      gradient(0) = 1 + 0.1f * std::sin(static_cast<float>(t));
      optimizer.step(x, gradient, state);
    }
  };
  steps(2000);
  const float before = numbers(state.inner.v).block(64, 0, 64, 1).mean();
  CHECK(before == Approx(0.25 * (1 - std::exp(-2.0))).epsilon(0.05));
  gradient.segment(64, 64).setZero();
  steps(2000);
  CHECK(numbers(state.inner.v).block(64, 0, 64, 1).mean() == Approx(before * std::exp(-2.0)).epsilon(0.1));
}

TEST_CASE("an eight-bit state goes into a route, and with master weights", "[long]") {
  const auto half = [](const LeafInfo& leaf) { return leaf.name == "w" || leaf.name == "fixed"; };
  const Model outside = after(eight_bit_state(route(half, AdamW{}, Lion{})), 50);
  CHECK(distance(after(route(half, eight_bit_state(AdamW{}), eight_bit_state(Lion{})), 50), outside) == 0);
  CHECK(distance(outside, after(route(half, AdamW{}, Lion{}), 50)) < 0.1 * distance(outside, model()));

  using Narrow = Eigen::VectorX<Eigen::bfloat16>;
  Narrow x = Narrow::Constant(5000, Eigen::bfloat16(1.0f)), y = x, g = x;
  const Adam adam{.learning_rate = 1e-4};
  const auto outer = eight_bit_state(master_weights(adam));
  const auto inner = master_weights(eight_bit_state(adam));
  auto state = outer.init(x);
  auto other = inner.init(y);
  for (int t = 0; t < 1000; ++t) {
    outer.step(x, g, state);
    inner.step(y, g, other);
  }
  CHECK((x == y));
  CHECK(static_cast<float>(x(3)) == Approx(0.9f).epsilon(0.01));
}

TEST_CASE("an eight-bit state has the same bits for any number of threads, and in copies", "[long]") {
  const auto check = [](const auto& optimizer) {
    INFO(optimizer.name());
    const auto run_large = [&] {
      std::vector<Eigen::MatrixXf> x{Eigen::MatrixXf(3, 5), Eigen::MatrixXf(700, 301),
                                     Eigen::MatrixXf(1, 5001)};
      fill(x, 1, 1);
      auto state = optimizer.init(x);
      const auto step = [&](auto& params, auto& of) {
        auto grads = params;
        for (auto& g : grads) g = g.array().sin();
        optimizer.step(params, grads, of);
      };
      for (int t = 0; t < 3; ++t) step(x, state);
      auto copy = state;
      auto y = x;
      step(x, state), step(y, copy);
      CHECK(x == y);
      return x;
    };
#ifdef _OPENMP
    const int before = omp_get_max_threads();
    omp_set_num_threads(1);
    const auto one = run_large();
    for (const int threads : {2, 3, 7}) {
      omp_set_num_threads(threads);
      CHECK(run_large() == one);
    }
    omp_set_num_threads(before);
#else
    run_large();
#endif
  };
  check(eight_bit_state(AdamW{.learning_rate = 0.1}));
  check(eight_bit_state(LAMB{.learning_rate = 0.1}));
}

TEST_CASE("an eight-bit state has the same bits wherever its parameters are in memory") {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  const auto optimizer = eight_bit_state(AdamW{.learning_rate = 0.1});
  const auto moved = [&](auto&& params) {
    fill(params, 1, 1);
    auto state = optimizer.init(params);
    for (int t = 0; t < 4; ++t) {
      Eigen::MatrixXf gradient = params;  // of dense numbers: Eigen's sine has other digits with strides
      gradient = gradient.array().sin() * static_cast<float>(t + 1);
      optimizer.step(params, gradient, state);
    }
    return Eigen::MatrixXf(params);
  };
  const auto check = [&](Index rows, Index cols) {
    INFO(rows << " x " << cols);
    const Eigen::MatrixXf dense = moved(Eigen::MatrixXf(rows, cols));
    Eigen::MatrixXf around(2 * rows + 3, 3 * cols);
    CHECK((moved(around.block(1, 2, rows, cols)) == dense));
    CHECK((moved(Eigen::Map<Eigen::MatrixXf, 0, Strides>(around.data(), rows, cols,
                                                         Strides(2 * rows + 3, 2))) == dense));
    // The blocks of a matrix stored by rows are others; those of its transpose are the same.
    RowMajor by_rows(2 * rows + 3, 3 * cols);
    CHECK((moved(by_rows.block(1, 2, rows, cols)) == moved(RowMajor(rows, cols))));
  };
  check(75, 63);
  check(5000, 1);
  check(1, 5000);
  check(3, 4000);
  check(4000, 3);
}

TEST_CASE("a step with an eight-bit state that fails changes nothing") {
  Model params = model(), other = model();
  const auto optimizer = eight_bit_state(AdamW{});
  auto state = optimizer.init(params);
  other.w.resize(65, 64);
  CHECK_THROWS_WITH(optimizer.step(other, other, state), contains("AdamW: leaf 'w' is 65 x 64"));
  CHECK_THROWS_WITH(eight_bit_state(AdamW{.beta1 = 2}).init(params), contains("AdamW: beta1 is 2"));
}
