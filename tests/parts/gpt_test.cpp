// SPDX-License-Identifier: MIT
//
// The language model of examples/gpt: its gradient, its threads, its batches, and that it learns.
#include <numeric>

#include "../../examples/gpt/choices.hpp"
#include "../../examples/gpt/sample.hpp"
#include "../../examples/gpt/training.hpp"
#include "catch.hpp"

using namespace gpt;

namespace {

Batch some_batch(const Configuration& sizes, Index sequences) {
  gradus::PortableRandom random(3);
  Batch batch;
  for (Index i = 0; i < sequences * sizes.context; ++i) {
    batch.inputs.push_back(static_cast<int>(random.below(static_cast<std::uint64_t>(sizes.characters))));
    batch.targets.push_back(static_cast<int>(random.below(static_cast<std::uint64_t>(sizes.characters))));
  }
  return batch;
}

// Far from the beginning, where all logits are nearly alike.
Model<double> some_model(const Configuration& sizes) {
  Model<double> model = random_model<double>(sizes, 5);
  gradus::for_each_block([](auto& x) { x *= 8; }, model);
  return model;
}

struct Objective {
  Loss<double> loss;
  Batch batch;

  double operator()(const Model<double>& model) { return loss(model, batch); }
  double operator()(const Model<double>& model, Model<double>& gradient) {
    Loss<double>::set_zero(gradient);
    return loss(model, batch, gradient);
  }
};

const Text& small_text() {
  static const Text text = [] {
    std::string words;
    for (int i = 0; i < 100; ++i) words += "the cat sat on the mat, the dog sat on the log. ";
    return Text(words, "words", 16);
  }();
  return text;
}

Settings small_settings() {
  Settings settings{
      .sizes = {.context = 16, .layers = 2, .heads = 2, .width = 32}, .batch = 4, .steps = 60, .warmup = 5};
  settings.sizes.characters = static_cast<Index>(small_text().alphabet.size());
  return settings;
}

template <class Scalar>
auto optimizer(const std::string& name, Training<Scalar>& training) {
  using Params = Model<Scalar>;
  const SampledGradient<Params> sampled = [&](const Params& at, Params& gradient, std::int64_t t) {
    training.sampled_gradient(at, gradient, t);
  };
  return Choices<Alone, Scalar>::make(Alone{}, name, {}, training.params, sampled, 64);
}

}  // namespace

TEST_CASE("the language model's gradient is that of differences, for any shape", "[long]") {
  const auto sizes = GENERATE(Configuration{7, 5, 1, 1, 4}, Configuration{11, 6, 2, 3, 6},
                              Configuration{3, 1, 2, 2, 2}, Configuration{9, 12, 1, 4, 8});
  const Index sequences = GENERATE(1, 3, 4);
  const auto check = gradus::check_gradient(Objective{{sizes, sequences, 1}, some_batch(sizes, sequences)},
                                            some_model(sizes));
  INFO(gradus::to_string(check));
  CHECK(check.ok());
}

TEST_CASE("threads change the language model's gradient by rounding alone") {
  const Configuration sizes{11, 6, 2, 3, 12};
  const Model<double> model = some_model(sizes);
  Model<double> expected = model, gradient = model;
  Objective alone{{sizes, 12, 1}, some_batch(sizes, 12)};
  const double loss = alone(model, expected);
  for (const int threads : {2, 3, 5, 16}) {
    Objective shared{{sizes, 12, threads}, alone.batch};
    CHECK(std::abs(shared(model, gradient) - loss) < 1e-14 * loss);
    gradus::for_each_block([](auto& x, const auto& y) { x -= y; }, gradient, std::as_const(expected));
    CHECK(gradus::norm(gradient) < 1e-14 * gradus::norm(expected));
  }
}

TEST_CASE("the language model does not see the future") {
  const Configuration sizes{11, 6, 2, 3, 12};
  const Model<double> model = some_model(sizes);
  Transformer<double> transformer(sizes, 1, 6);
  std::vector<int> tokens{1, 2, 3, 4, 5, 6};
  transformer.forward(model, tokens);
  const Matrix<double> before = transformer.logits;
  tokens[3] = 9;
  transformer.forward(model, tokens);
  CHECK(transformer.logits.leftCols(3) == before.leftCols(3));
  for (Index i = 3; i < 6; ++i) CHECK(transformer.logits.col(i) != before.col(i));
}

TEST_CASE("gradients of weighted batches add up") {
  const Configuration sizes{7, 5, 1, 2, 6};
  const Model<double> model = some_model(sizes);
  Objective whole{{sizes, 4, 1}, some_batch(sizes, 4)};
  Model<double> expected = model, sum = model;
  whole(model, expected);
  Loss<double>::set_zero(sum);
  Loss<double> half(sizes, 2, 1);
  const auto part = [&](const std::vector<int>& all, Index i) {
    return std::vector<int>(all.begin() + i * 10, all.begin() + (i + 1) * 10);
  };
  for (const Index i : {0, 1}) {
    half(model, {part(whole.batch.inputs, i), part(whole.batch.targets, i)}, sum, 0.5);
  }
  gradus::for_each_block([](auto& x, const auto& y) { x -= y; }, sum, std::as_const(expected));
  CHECK(gradus::norm(sum) < 1e-14 * gradus::norm(expected));
}

TEST_CASE("the language model learns a text with every optimizer of the example", "[long]") {
  const std::string name =
      GENERATE(as<std::string>(), "AdamW", "Muon", "NorMuon", "MuonH", "SOAPMuon", "SOAP", "Lion",
               "Adafactor", "Sophia", "ScheduleFreeAdamW", "Prodigy", "SGD");
  Training<float> training(small_settings(), small_text());
  const auto chosen = optimizer(name, training);
  const double before = training.validate(training.params, 4);
  CHECK(std::abs(before - std::log(static_cast<double>(small_text().alphabet.size()))) < 0.1);
  for (std::int64_t t = 1; t <= small_settings().steps; ++t) training.step(*chosen, t);
  auto solution = training.params;
  chosen->solution(training.params, solution);
  INFO(name);
  CHECK(training.validate(solution, 4) < before - 0.2);
}

TEST_CASE("a gradient for drawn targets leaves the gradient of a step alone") {
  Training<float> training(small_settings(), small_text());
  training.step(*optimizer("SGD", training), 1);
  const double norm = training.gradient_norm();
  auto sampled = training.params;
  training.sampled_gradient(training.params, sampled, 1);
  CHECK(training.gradient_norm() == norm);
  CHECK(gradus::norm(sampled) != norm);
}

TEST_CASE("the language model learns with parameters and gradients of sixteen bits", "[long]") {
  using Params = Model<Eigen::bfloat16>;
  Training<Eigen::bfloat16> training(small_settings(), small_text());
  const auto compensated = gradus::compensated(gradus::AdamW{.learning_rate = 3e-3});
  TypedOptimizer<std::remove_const_t<decltype(compensated)>, Params> typed(compensated, training.params);
  const double before = training.validate(training.params, 4);
  for (std::int64_t t = 1; t <= small_settings().steps; ++t) training.step(typed, t);
  CHECK(training.validate(training.params, 4) < before - 0.2);
}

TEST_CASE("QkClip holds the largest attention logit of a language model", "[long]") {
  Settings settings = small_settings();
  settings.qk_clip = 0.01;
  Training<float> training(settings, small_text());
  const auto chosen = optimizer("Muon", training);
  double largest = 0;
  for (std::int64_t t = 1; t <= 20; ++t) training.step(*chosen, t), largest = training.largest_logit;
  settings.qk_clip = 0;
  Training<float> free(settings, small_text());
  const auto unclipped = optimizer("Muon", free);
  for (std::int64_t t = 1; t <= 20; ++t) free.step(*unclipped, t);
  CHECK(largest < 0.05);
  CHECK(free.largest_logit > 2 * largest);
}

TEST_CASE("a text is divided, counted, and drawn from by number") {
  const Text text("abcab\n" + std::string(94, 'c'), "words", 8);
  CHECK(text.alphabet == "\nabc");
  CHECK(text.training.size() == 90);
  CHECK(text.validation.size() == 10);
  CHECK(text.encode("cab\n") == std::vector<int>{3, 1, 2, 0});
  CHECK_THROWS_WITH(text.encode("d"), "the text has no character 'd'");
  CHECK_THROWS_WITH(Text("abc", "words", 8),
                    "'words' is too short: a tenth of it, which is for validation, has 1 "
                    "characters, and must have more than 8");
  Batch first, again, other;
  draw(first, text.training, 2, 8, 7, 3), draw(again, text.training, 2, 8, 7, 3),
      draw(other, text.training, 2, 8, 7, 4);
  CHECK(first.inputs == again.inputs);
  CHECK(first.inputs.size() == 16);
  for (std::size_t i = 0; i < 16; ++i) {
    if (i % 8 != 7) CHECK(first.targets[i] == first.inputs[i + 1]);
  }
}

TEST_CASE("a language model writes what it has learned, the same for the same seed", "[long]") {
  Training<float> training(small_settings(), small_text());
  const auto chosen = optimizer("Muon", training);
  for (std::int64_t t = 1; t <= 60; ++t) training.step(*chosen, t);
  const auto write = [&](std::uint64_t seed) {
    return sample(training.params, small_settings().sizes, small_text(), "the ", 60, 0.1, seed);
  };
  CHECK(write(1) == write(1));
  CHECK(write(1).size() == 64);
  CHECK(write(1).find(" on the ") != std::string::npos);
}

TEST_CASE("sizes that make no language model are refused") {
  CHECK_THROWS_WITH(random_model<float>({65, 64, 4, 3, 128}, 1),
                    "the width, 128, is no multiple of the 3 heads");
  CHECK_THROWS_WITH(random_model<float>({65, 64, 0, 4, 128}, 1), "all sizes of the model must be at least 1");
  Training<float> training(small_settings(), small_text());
  CHECK_THROWS_WITH(optimizer("Adam", training),
                    Catch::Contains("no optimizer is called 'Adam'; there are AdamW, "));
}
