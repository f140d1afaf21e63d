// SPDX-License-Identifier: MIT
//
// The digits network with parameters and gradients of sixteen bits: at a learning rate whose steps they lose,
// each way of keeping them trains as float does.
#include <gradus/gradus.hpp>

#include "../../examples/digits_model.hpp"
#include "catch.hpp"

using namespace gradus;
using namespace digits;
using Eigen::bfloat16;
using Eigen::half;

namespace {

// The parameters of the model in another scalar.
template <class Scalar>
using Parameters = std::tuple<Eigen::MatrixX<Scalar>, Eigen::VectorX<Scalar>, Eigen::MatrixX<Scalar>,
                              Eigen::VectorX<Scalar>, Eigen::MatrixX<Scalar>, Eigen::VectorX<Scalar>>;

// `to` becomes `factor` times `from`.
template <class From, class To>
void cast(const From& from, float factor, To& to) {
  gradus::walk(
      "cast",
      [factor](const Path&, const auto& x, auto& y) {
        using Scalar = typename std::remove_cvref_t<decltype(y)>::Scalar;
        y = (factor * x.template cast<float>()).template cast<Scalar>();
      },
      from, to);
}

const Digits& images() {
  static const Digits data = split(read_digits(GRADUS_TEST_DATA "/../../examples/data/digits.csv"));
  return data;
}

struct Result {
  double loss, accuracy;
  std::int64_t skipped = 0;
};

// The loss in the last epoch, and the accuracy after it. Activations are in float.
template <class Scalar, class O>
Result train(const O& optimizer, int epochs = 60) {
  const int batch_size = 32;
  const Dataset& training = images().training;
  Random random(1);
  Mlp model = random_mlp(random), gradient = model;
  Parameters<Scalar> params, grads;
  cast(model, 1, params);
  cast(model, 1, grads);
  auto state = optimizer.init(params);
  double sum = 0;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const std::vector<Index> order = shuffled_indices(training.size(), random);
    sum = 0;
    for (auto first = order.begin(); first != order.end();) {
      const auto last = first + std::min<std::ptrdiff_t>(batch_size, order.end() - first);
      const Dataset batch = select(training, first, last);
      cast(params, 1, model);
      sum += loss(model, batch, gradient) * static_cast<double>(batch.size());
      float factor = 1;
      if constexpr (requires { state.scale; }) factor = static_cast<float>(state.scale);
      cast(gradient, factor, grads);
      optimizer.step(params, grads, state);
      first = last;
    }
  }
  cast(params, 1, model);
  Result result{sum / static_cast<double>(training.size()), accuracy(model, images().test)};
  if constexpr (requires { state.skipped; }) result.skipped = state.skipped;
  return result;
}

}  // namespace

TEST_CASE("sixteen-bit parameters with a rest or random rounding train as those in float", "[long]") {
  Eigen::setNbThreads(1);  // the products are too small to share
  const AdamW adamw{.learning_rate = 5e-5};
  const Result in_float = train<float>(adamw);
  CHECK(in_float.accuracy > 0.9);
  const auto as_good = [&](const Result& result) {
    CHECK(result.loss == Approx(in_float.loss).epsilon(0.02));
    CHECK(std::abs(result.accuracy - in_float.accuracy) <= 0.01);
  };
  as_good(train<bfloat16>(master_weights(adamw)));
  as_good(train<bfloat16>(compensated(adamw)));
  as_good(train<bfloat16>(stochastic_rounding(adamw)));
  as_good(train<half>(stochastic_rounding(adamw)));

  const Result stalled = train<bfloat16>(adamw);
  CHECK(stalled.accuracy < 0.5);
  CHECK(stalled.loss > 2 * in_float.loss);

  // The first gradients overflow: a few steps are skipped, until the scale is small enough.
  const Result scaled = train<half>(loss_scaled(master_weights(adamw), 0x1p24));
  as_good(scaled);
  CHECK(scaled.skipped > 3);
  CHECK(scaled.skipped < 20);
  as_good(train<half>(loss_scaled(compensated(adamw))));
}

TEST_CASE("averages in eight bits train as those in float", "[long]") {
  Eigen::setNbThreads(1);
  const auto check = [](const auto& optimizer) {
    INFO(optimizer.name());
    const Result in_float = train<float>(optimizer, 20),
                 in_bytes = train<float>(eight_bit_state(optimizer), 20);
    CHECK(in_float.accuracy > 0.9);
    CHECK(in_bytes.loss == Approx(in_float.loss).epsilon(0.1));
    CHECK(std::abs(in_bytes.accuracy - in_float.accuracy) <= 0.01);
  };
  check(AdamW{.learning_rate = 1e-3});
  check(Lion{.learning_rate = 1e-4});
  check(Momentum{.learning_rate = 0.05});
}

TEST_CASE(
    "an epoch in sixteen bits with master weights is an epoch in float, but for the gradients' rounding") {
  Eigen::setNbThreads(1);
  const AdamW adamw{.learning_rate = 1e-3};
  const Result in_float = train<float>(adamw, 1);
  const Result in_half = train<half>(loss_scaled(master_weights(adamw)), 1);
  CHECK(in_half.skipped == 0);
  CHECK(in_half.loss == Approx(in_float.loss).epsilon(0.01));
}
