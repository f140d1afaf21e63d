// SPDX-License-Identifier: MIT
//
// The optimizers that the program offers, by name.
#pragma once

#include <functional>
#include <gradus/gradus.hpp>
#include <memory>
#include <optional>

#include "optimizers.hpp"

namespace gpt {

/// Writes the gradient of the loss at `params` for targets that the model has drawn itself: Sophia's estimate
/// of the curvature is made of it.
template <class Params>
using SampledGradient = std::function<void(const Params& params, Params& gradient, std::int64_t t)>;

/// AdamW as nanoGPT has it: matrices decay, gains do not.
inline auto adamw(double learning_rate) {
  const gradus::AdamW decayed{.learning_rate = learning_rate, .beta2 = 0.99, .weight_decay = 0.1};
  auto plain = decayed;
  plain.weight_decay = 0;
  return gradus::route(gradus::is_matrix, decayed, plain);
}

/// An optimizer for the hidden matrices, and AdamW for the rest.
template <class Optimizer>
auto hidden(const Optimizer& optimizer) {
  return gradus::route(is_hidden_matrix, optimizer, adamw(1e-3));
}

/// Calls `f(name, learning_rate, make)` for every choice: `make(learning_rate)` is the optimizer, and the
/// rate given is a good one for the default model. `tokens` is the number of them in a batch.
template <class Params, class F>
void for_each_choice(const SampledGradient<Params>& sampled, double tokens, const F& f) {
  using namespace gradus;
  f("AdamW", 1e-3, [](double rate) { return adamw(rate); });
  f("Muon", 0.02, [](double rate) { return hidden(Muon{.learning_rate = rate}); });
  f("NorMuon", 0.02, [](double rate) { return hidden(NorMuon{.learning_rate = rate, .weight_decay = 0.1}); });
  f("MuonH", 0.02,
    [](double rate) { return hidden(hyperball(Muon{.learning_rate = 1, .weight_decay = 0}, rate)); });
  f("SOAPMuon", 0.02,
    [](double rate) { return hidden(SOAPMuon{.learning_rate = rate, .weight_decay = 0.1}); });
  f("SOAP", 3e-3, [](double rate) { return hidden(SOAP{.learning_rate = rate, .weight_decay = 0.1}); });
  f("Lion", 3e-4, [](double rate) { return Lion{.learning_rate = rate, .weight_decay = 0.3}; });
  f("Adafactor", 1e-2, [](double rate) { return Adafactor{.learning_rate = rate}; });
  f("Sophia", 1e-3, [&](double rate) {
    auto optimizer = sophia(gauss_newton_bartlett(sampled, tokens));
    optimizer.learning_rate = rate;
    return optimizer;
  });
  f("ScheduleFreeAdamW", 3e-3, [](double rate) {
    return ScheduleFreeAdamW{.learning_rate = rate, .beta2 = 0.99, .weight_decay = 0.1, .warmup_steps = 100};
  });
  f("Prodigy", 1, [](double rate) { return Prodigy{.learning_rate = rate, .weight_decay = 0.1}; });
  f("SGD", 0.1, [](double rate) { return Momentum{.learning_rate = rate, .momentum = 0.9}; });
}

/// The choice of that name for these parameters, with another learning rate than the usual one if it is
/// given. Throws `std::invalid_argument` that lists the names if there is none. Parameters of 16 bits are
/// compensated.
template <class Scalar>
std::unique_ptr<AnyOptimizer<Model<Scalar>>> make_optimizer(const std::string& name,
                                                            std::optional<double> learning_rate,
                                                            const Model<Scalar>& params,
                                                            const SampledGradient<Model<Scalar>>& sampled,
                                                            double tokens) {
  using Params = Model<Scalar>;
  std::unique_ptr<AnyOptimizer<Params>> result;
  std::string names;
  for_each_choice<Params>(sampled, tokens, [&](const std::string& choice, double usual, const auto& make) {
    if (!names.empty()) names += ", ";
    names += choice;
    if (choice != name) return;
    auto optimizer = make(learning_rate.value_or(usual));
    if constexpr (std::is_same_v<Scalar, float>) {
      result = std::make_unique<TypedOptimizer<decltype(optimizer), Params>>(optimizer, params);
    } else {
      auto precise = gradus::compensated(optimizer);
      result = std::make_unique<TypedOptimizer<decltype(precise), Params>>(precise, params);
    }
  });
  if (!result) throw std::invalid_argument("no optimizer is called '" + name + "'; there are " + names);
  return result;
}

// Compiled apart from the program, in choices_float.cpp and choices_bfloat16.cpp.
extern template std::unique_ptr<AnyOptimizer<Model<float>>> make_optimizer(
    const std::string&, std::optional<double>, const Model<float>&, const SampledGradient<Model<float>>&,
    double);
extern template std::unique_ptr<AnyOptimizer<Model<Eigen::bfloat16>>> make_optimizer(
    const std::string&, std::optional<double>, const Model<Eigen::bfloat16>&,
    const SampledGradient<Model<Eigen::bfloat16>>&, double);

}  // namespace gpt
