// SPDX-License-Identifier: MIT
//
// Loss scaling: the scale is that of torch.amp.GradScaler, and the steps are those of the gradients
// themselves.
#include "catch.hpp"
#include "precision.hpp"
#include "wrappers.hpp"

using namespace gradus;
using namespace gradus_test;
using Eigen::half;

namespace {

const AdamW adamw{.learning_rate = 1e-3};

// The scale after each of these gradients by the rules that PyTorch documents for its GradScaler: times
// `backoff_factor` where one has an infinity or a NaN, times `growth_factor` where `growth_interval` in a row
// had none; in float, and never infinite.
std::vector<double> torch_scales(const std::vector<bool>& finite, float scale, float growth, float backoff,
                                 int interval) {
  std::vector<double> scales;
  int tracker = 0;
  for (const bool is_finite : finite) {
    if (!is_finite) {
      scale *= backoff;
      tracker = 0;
    } else if (++tracker == interval) {
      if (std::isfinite(scale * growth)) scale *= growth;
      tracker = 0;
    }
    scales.push_back(static_cast<double>(scale));
  }
  return scales;
}

std::vector<double> our_scales(const std::vector<bool>& finite, const LossScaler<SGD>& optimizer) {
  Eigen::VectorXf x = Eigen::VectorXf::Ones(3), gradient = x;
  auto state = optimizer.init(x);
  std::vector<double> scales;
  for (const bool is_finite : finite) {
    gradient(1) = is_finite ? 1 : (scales.size() % 2 == 0 ? NAN : -INFINITY);
    optimizer.step(x, gradient, state);
    scales.push_back(state.scale);
  }
  CHECK(state.skipped == std::count(finite.begin(), finite.end(), false));
  return scales;
}

}  // namespace

TEST_CASE("the scale follows the rules of torch.amp.GradScaler") {
  std::vector<bool> finite;
  for (int t = 0; t < 9000; ++t) finite.push_back(!(t % 2711 == 3 || (t > 5000 && t < 5003)));
  CHECK(our_scales(finite, loss_scaled(SGD{})) == torch_scales(finite, 65536, 2, 0.5F, 2000));
  std::vector<bool> often;
  for (int t = 0; t < 300; ++t) often.push_back(t % 7 != 2 && t % 11 != 5);
  auto optimizer = loss_scaled(SGD{}, 8);
  optimizer.growth = 4, optimizer.backoff = 0.25, optimizer.interval = 3;
  CHECK(our_scales(often, optimizer) == torch_scales(often, 8, 4, 0.25F, 3));
  // Up to the largest power of two of a float, and no further.
  const std::vector<bool> always(200, true);
  optimizer = loss_scaled(SGD{});
  optimizer.interval = 1;
  CHECK(our_scales(always, optimizer) == torch_scales(always, 65536, 2, 0.5F, 1));
}

TEST_CASE("the scale stays between its bounds") {
  auto optimizer = loss_scaled(SGD{}, 16);
  optimizer.interval = 1, optimizer.least = 4, optimizer.most = 64;
  CHECK(our_scales({true, true, true, true, false, false, false, false, false, false}, optimizer) ==
        std::vector<double>{32, 64, 64, 64, 32, 16, 8, 4, 4, 4});
}

TEST_CASE("steps with scaled gradients are those of the gradients, to the bit") {
  const auto check = [](const auto& optimizer) {
    INFO(optimizer.name());
    const Shapes shapes{{5, 4}, {3, 1}};
    auto params = make_tree<float>(shapes), scaled_params = params, grads = params;
    const auto scaled = loss_scaled(optimizer);
    auto state = optimizer.init(params);
    auto scaled_state = scaled.init(scaled_params);
    for (int t = 1; t <= 20; ++t) {
      write_gradient(params, grads, t);
      optimizer.step(params, grads, state);
      for (auto& leaf : grads) leaf *= static_cast<float>(scaled_state.scale);
      scaled.step(scaled_params, grads, scaled_state);
      if (t % 5 == 0) {
        grads[1](2) = NAN;
        const auto bytes = bytes_of(scaled_state.inner);
        scaled.step(scaled_params, grads, scaled_state);
        CHECK(bytes_of(scaled_state.inner) == bytes);
      }
    }
    CHECK(scaled_state.skipped == 4);
    CHECK(scaled_state.scale == 4096);
    CHECK(same_bits(params, scaled_params));
    CHECK(same_bits(solution(optimizer, params, state), solution(scaled, scaled_params, scaled_state)));
  };
  check(adamw);
  check(cautious(adamw));
  check(polyak_average(Momentum{.learning_rate = 0.01}));
  check(route(is_matrix, Muon{}, lookahead(adamw, 2)));
}

TEST_CASE("a gradient that overflows in half is skipped, and one that would vanish there counts") {
  // f(x) = c x²/2 in half: the gradient c x times the scale overflows at first; without it 2⁻²⁶ is 0.
  const auto optimizer = loss_scaled(master_weights(SGD{.learning_rate = 0x1p16}));
  Eigen::VectorX<half> x = Eigen::VectorX<half>::Ones(5);
  const float c = 0x1p-26F;
  CHECK(static_cast<half>(c) == half(0));
  auto state = optimizer.init(x);
  state.scale = 0x1p45;
  const auto scaled_gradient = [&] {
    return Eigen::VectorX<half>((x.cast<float>() * c * static_cast<float>(state.scale)).cast<half>());
  };
  int skipped = 0;
  while (!all_finite(scaled_gradient())) {
    optimizer.step(x, scaled_gradient(), state);
    CHECK(x == Eigen::VectorX<half>::Ones(5));
    CHECK(state.skipped == ++skipped);
  }
  CHECK(state.scale == 0x1p41);  // 2¹⁵ times 1 is finite
  for (int t = 0; t < 100; ++t) optimizer.step(x, scaled_gradient(), state);
  const double factor = std::pow(1 - 0x1p16 * 0x1p-26, 100);
  CHECK(static_cast<double>(x[0]) == Approx(factor).epsilon(1e-3));
}

TEST_CASE("outside a route the whole gradient counts, inside it that of its part") {
  const auto step_with = [](const auto& optimizer, std::size_t bad) {
    auto params = narrow_start<half>({{4, 3}, {3, 1}});
    auto grads = params;
    grads[bad](0) = Eigen::NumTraits<half>::infinity();
    const auto before = params;
    auto state = optimizer.init(params);
    optimizer.step(params, grads, state);
    return std::pair(!same_bits(params[0], before[0]), !same_bits(params[1], before[1]));
  };
  const SGD sgd{.learning_rate = 0.5};
  const auto outside = loss_scaled(route(is_matrix, sgd, master_weights(sgd)), 1);
  CHECK(step_with(outside, 0) == std::pair(false, false));
  CHECK(step_with(outside, 1) == std::pair(false, false));
  const auto inside = route(is_matrix, master_weights(loss_scaled(sgd, 1)), loss_scaled(compensated(sgd), 1));
  CHECK(step_with(inside, 0) == std::pair(false, true));
  CHECK(step_with(inside, 1) == std::pair(true, false));
}

TEST_CASE("gradients are clipped at the scaled norm") {
  auto params = make_tree<float>({{4, 3}, {3, 1}}), scaled_params = params;
  const auto optimizer = loss_scaled(SGD{.learning_rate = 0.1});
  auto state = optimizer.init(params);
  const auto grads = params;
  optimizer.step(scaled_params,
                 clip_by_global_norm(scale(grads, state.scale), 0.5 * state.scale, NormClip::optax), state);
  SGD::State<Tree<float>> plain = SGD{}.init(params);
  SGD{.learning_rate = 0.1}.step(params, clip_by_global_norm(grads, 0.5, NormClip::optax), plain);
  CHECK(relative_difference(scaled_params, params) < 1e-6);
  auto infinite = grads;
  infinite[0](1) = INFINITY;
  optimizer.step(scaled_params, clip_by_global_norm(infinite, state.scale), state);
  CHECK(state.skipped == 1);
}

TEST_CASE("a loss scaler is copied and saved, and refuses what makes no sense") {
  auto optimizer = loss_scaled(compensated(adamw), 64);
  optimizer.interval = 3;
  auto params = narrow_start<half>({{4, 3}, {3, 1}});
  auto state = optimizer.init(params);
  run(optimizer, params, state, 1, 5);
  auto copy = params, loaded = params;
  auto state_copy = state, state_loaded = optimizer.init(params);
  auto bytes = bytes_of(state);
  state_loaded.visit(Bytes{bytes});
  run(optimizer, params, state, 6, 12);
  run(optimizer, copy, state_copy, 6, 12);
  run(optimizer, loaded, state_loaded, 6, 12);
  CHECK(same_bits(params, copy));
  CHECK(same_bits(params, loaded));
  CHECK(bytes_of(state) == bytes_of(state_loaded));
  CHECK(memory(optimizer, params).state == memory(compensated(adamw), params).state);

  const auto refuses = [&](double LossScaler<AdamW>::*field, double value, const std::string& what) {
    auto bad = loss_scaled(adamw);
    auto good_state = bad.init(params);
    const auto before = params;
    bad.*field = value;
    CHECK_THROWS_WITH(bad.init(params), contains("LossScaler: " + what));
    CHECK_THROWS_WITH(bad.step(params, before, good_state), contains("LossScaler: " + what));
    CHECK(same_bits(params, before));
  };
  using Scaler = LossScaler<AdamW>;
  refuses(&Scaler::initial_scale, 0, "initial_scale is 0, but must lie in [least, most]");
  refuses(&Scaler::growth, 0.5, "growth is 0.5, but must be finite and at least 1");
  refuses(&Scaler::backoff, 1, "backoff is 1, but must lie in (0, 1)");
  refuses(&Scaler::least, 0, "least is 0, but must be finite and positive");
  refuses(&Scaler::most, 1e-200, "most is 1e-200, but must be finite and at least `least`");
  auto never = loss_scaled(adamw);
  never.interval = 0;
  CHECK_THROWS_WITH(never.init(params), contains("LossScaler: interval is 0, but must be at least 1"));
  CHECK_THROWS_WITH(optimizer.step(params, narrow_start<half>({{4, 3}, {1, 3}}), state),
                    contains("LossScaler: leaf '1' is 3 x 1, but its gradient is 1 x 3"));
}
