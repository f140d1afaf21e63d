// SPDX-License-Identifier: MIT
//
// Small state: three bytes a number, a relative error of 2⁻¹⁶, and runs that hardly differ.
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

using detail::CorrectedFormat;

float through(float x) {
  Eigen::bfloat16 narrow;
  Rest8 rest;
  CorrectedFormat::store<1>(&x, &narrow, &rest);
  float back = 0;
  CorrectedFormat::load<1>(&narrow, &rest, &back);
  return back;
}

struct Model {
  Eigen::MatrixXf w;
  Eigen::VectorXf b;
  std::vector<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> layers;
  Eigen::Matrix<float, 2, 3> small;
  GRADUS_LEAVES(w, b, layers, small)
};

Model model() {
  Model made{Eigen::MatrixXf(33, 7), Eigen::VectorXf(50), {}, {}};
  made.layers.emplace_back(9, 5);
  float k = 0;
  walk(
      "model",
      [&](const Path&, auto& leaf) {
        for (Index j = 0; j < leaf.cols(); ++j) {
          for (Index i = 0; i < leaf.rows(); ++i) leaf(i, j) = std::sin(k += 1.0f);
        }
      },
      made);
  return made;
}

template <class O, class State>
void run_small(const O& optimizer, Model& params, State& state, int first, int last) {
  Model grads = params;
  for (int t = first; t <= last; ++t) {
    walk(
        "gradient",
        [&](const Path&, auto& g, const auto& p) {
          g = 0.3f * p;
          g.array() += std::cos(0.5f * static_cast<float>(t));
        },
        grads, params);
    optimizer.step(params, grads, state);
  }
}

template <class O>
Model after(const O& optimizer, int steps) {
  Model params = model();
  auto state = optimizer.init(params);
  run_small(optimizer, params, state, 1, steps);
  return params;
}

double distance(const Model& a, const Model& b) {
  return norm(lazy([](const auto& x, const auto& y) { return x - y; }, a, b));
}

const auto ones = [](const auto& params, auto& estimate, auto) {
  walk(
      "ones", [](const Path&, const auto&, auto& leaf) { leaf.setOnes(); }, params, estimate);
};
const auto bowl = [](const auto& x, auto& gradient) {
  walk(
      "bowl", [](const Path&, const auto& from, auto& to) { to = from; }, x, gradient);
  return 0.0;
};

}  // namespace

TEST_CASE("a number of a small state has an error of two to the minus sixteen") {
  std::mt19937 random(1);
  for (int k = 0; k < 1000000; ++k) {
    const float x = detail::float_of(static_cast<std::uint32_t>(random()));
    const float size = std::abs(x);
    if (std::isnan(x)) {
      CHECK(std::isnan(through(x)));
    } else if (std::isinf(x)) {
      CHECK(through(x) == x);
    } else if (std::abs(through(x) - x) > std::max(0x1p-16f * size, 0x1p-142f)) {
      FAIL_CHECK(x << " becomes " << through(x));
    }
  }
  for (const float x : {0.0f, -0.0f, 1.0f, -2.5f, 3.4028234e38f, 1e-40f}) {
    CHECK(std::abs(through(x) - x) <= std::max(0x1p-16f * std::abs(x), 0x1p-142f));
  }
  CHECK(std::signbit(through(-0.0f)));
}

TEST_CASE("a small state makes three bytes of four, and hardly a difference") {
  const auto check = [](const auto& optimizer, double share_of_averages = 1) {
    INFO(optimizer.name());
    const double moved = distance(after(optimizer, 200), model());
    CHECK(distance(after(small_state(optimizer), 200), after(optimizer, 200)) < 1e-3 * moved);
    const auto full = static_cast<double>(memory(optimizer, model()).state);
    const auto small = static_cast<double>(memory(small_state(optimizer), model()).state);
    CHECK(small == Approx(full * (1 - share_of_averages / 4)).epsilon(1e-12));
  };
  check(Momentum{});
  check(AdaGrad{});
  check(RMSProp{.momentum = 0.9, .centered = true});
  check(AdamW{});
  check(AMSGrad{});
  check(NAdam{});
  check(Lion{});
  check(LAMB{});
  check(Rprop{});
  check(sophia(ones));
  check(accumulate(AdamW{}, 2));
  check(cautious(AdamW{}));
  check(sharpness_aware(bowl, AdamW{}));
  check(scheduled<&Adam::learning_rate>(Adam{}, Cosine{.start = 1e-3, .steps = 1000}));
  // Points and matrices stay as they are.
  check(ASGD{}, 0);
  check(Muon{}, 0);
  check(SOAP{}, 0);
  check(Adafactor{}, 0);
  check(ScheduleFreeAdamW{}, 0.5);
  check(lookahead(Adam{}), 2.0 / 3);
  check(exponential_average(Adam{}), 2.0 / 3);
}

TEST_CASE("a small state goes into a route, and with master weights") {
  const auto half = [](const LeafInfo& leaf) { return leaf.name == "w" || leaf.name == "small"; };
  const auto plain = route(half, AdamW{}, Lion{});
  const Model expected = after(plain, 100);
  CHECK(distance(after(small_state(plain), 100), expected) < 1e-3);
  CHECK(distance(after(route(half, small_state(AdamW{}), small_state(Lion{})), 100),
                 after(small_state(plain), 100)) == 0);
  CHECK(distance(after(route(half, AdamW{}, small_state(Lion{})), 100), expected) < 1e-3);

  Eigen::VectorX<Eigen::bfloat16> x = Eigen::VectorX<Eigen::bfloat16>::Constant(70, Eigen::bfloat16(1.0f)),
                                  y = x, g = x;
  const Adam adam{.learning_rate = 1e-4};
  auto outside = small_state(master_weights(adam));
  auto inside = master_weights(small_state(adam));
  auto state = outside.init(x);
  auto other = inside.init(y);
  for (int t = 0; t < 1000; ++t) {
    outside.step(x, g, state);
    inside.step(y, g, other);
  }
  CHECK(x == y);
  CHECK(static_cast<float>(x(3)) == Approx(0.9f).epsilon(0.01));
}

TEST_CASE("a small state has the same bits for any number of threads, and in copies") {
  Eigen::MatrixXf large = Eigen::MatrixXf::Ones(700, 301);
  const auto optimizer = small_state(AdamW{.learning_rate = 0.1});
  const auto run_large = [&] {
    Eigen::MatrixXf x = large, g = large;
    auto state = optimizer.init(x);
    for (int t = 0; t < 3; ++t) {
      g.array() = (x.array() * static_cast<float>(t + 1)).sin();
      optimizer.step(x, g, state);
    }
    auto copy = state;
    Eigen::MatrixXf y = x;
    optimizer.step(x, g, state);
    optimizer.step(y, g, copy);
    CHECK(x == y);
    return x;
  };
#ifdef _OPENMP
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  const Eigen::MatrixXf one = run_large();
  for (const int threads : {2, 3}) {
    omp_set_num_threads(threads);
    CHECK(run_large() == one);
  }
  omp_set_num_threads(before);
#else
  run_large();
#endif
}

TEST_CASE("a step with a small state that fails changes nothing") {
  Model params = model(), other = model();
  const auto optimizer = small_state(AdamW{});
  auto state = optimizer.init(params);
  other.w.resize(7, 33);
  CHECK_THROWS_WITH(optimizer.step(other, other, state), contains("AdamW: leaf 'w' is 7 x 33"));
  CHECK_THROWS_WITH(small_state(AdamW{.beta1 = 2}).init(params), contains("AdamW: beta1 is 2"));
}
