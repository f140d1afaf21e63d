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

/// Calls `f(name, learning_rate, make)` for every choice: `make(learning_rate)` is the optimizer, and the
/// rate given is a good one for the default model. `tokens` is the number of them in a batch. `place` is
/// called for each part of a route, and for an optimizer of all leaves: it may wrap them.
template <class Params, class Place, class F>
void for_each_choice(const SampledGradient<Params>& sampled, double tokens, const Place& place, const F& f) {
  using namespace gradus;
  // As nanoGPT has it: matrices decay, gains do not.
  const auto adamw = [&](double rate) {
    const AdamW decayed{.learning_rate = rate, .beta2 = 0.99, .weight_decay = 0.1};
    auto plain = decayed;
    plain.weight_decay = 0;
    return route(is_matrix, place(decayed), place(plain));
  };
  const auto hidden = [&](const auto& optimizer) {
    return route(is_hidden_matrix, place(optimizer), adamw(1e-3));
  };
  f("AdamW", 1e-3, adamw);
  f("Muon", 0.02, [&](double rate) { return hidden(Muon{.learning_rate = rate}); });
  f("NorMuon", 0.02,
    [&](double rate) { return hidden(NorMuon{.learning_rate = rate, .weight_decay = 0.1}); });
  f("MuonH", 0.02,
    [&](double rate) { return hidden(hyperball(Muon{.learning_rate = 1, .weight_decay = 0}, rate)); });
  f("SOAPMuon", 0.02,
    [&](double rate) { return hidden(SOAPMuon{.learning_rate = rate, .weight_decay = 0.1}); });
  f("SOAP", 3e-3, [&](double rate) { return hidden(SOAP{.learning_rate = rate, .weight_decay = 0.1}); });
  f("Lion", 3e-4, [&](double rate) { return place(Lion{.learning_rate = rate, .weight_decay = 0.3}); });
  f("Adafactor", 1e-2, [&](double rate) { return place(Adafactor{.learning_rate = rate}); });
  f("Sophia", 1e-3, [&](double rate) {
    auto optimizer = sophia(gauss_newton_bartlett(sampled, tokens));
    optimizer.learning_rate = rate;
    return place(optimizer);
  });
  f("ScheduleFreeAdamW", 3e-3, [&](double rate) {
    return place(
        ScheduleFreeAdamW{.learning_rate = rate, .beta2 = 0.99, .weight_decay = 0.1, .warmup_steps = 100});
  });
  f("Prodigy", 1, [&](double rate) { return place(Prodigy{.learning_rate = rate, .weight_decay = 0.1}); });
  f("SGD", 0.1, [&](double rate) { return place(Momentum{.learning_rate = rate, .momentum = 0.9}); });
}

/// The choices for one process or several (`Alone`, `Divided`) and parameters of one scalar.
template <class Processes, class Scalar>
struct Choices {
  using Params = Model<Scalar>;

  /// The choice of that name for these parameters, with another learning rate than the usual one if it is
  /// given. Throws `std::invalid_argument` that lists the names if there is none. Parameters of 16 bits are
  /// compensated.
  static std::unique_ptr<AnyOptimizer<Params>> make(const Processes& processes, const std::string& name,
                                                    std::optional<double> learning_rate, const Params& params,
                                                    const SampledGradient<Params>& sampled, double tokens);
};

// Not inside the class, where it would be inline: then every program would compile it again.
template <class Processes, class Scalar>
auto Choices<Processes, Scalar>::make(const Processes& processes, const std::string& name,
                                      std::optional<double> learning_rate, const Params& params,
                                      const SampledGradient<Params>& sampled, double tokens)
    -> std::unique_ptr<AnyOptimizer<Params>> {
  const auto place = [&](const auto& optimizer) {
    if constexpr (std::is_same_v<Scalar, float>) {
      return processes(optimizer);
    } else {
      return processes(gradus::compensated(optimizer));
    }
  };
  std::unique_ptr<AnyOptimizer<Params>> result;
  std::string names;
  for_each_choice(sampled, tokens, place, [&](const std::string& choice, double usual, const auto& make) {
    if (!names.empty()) names += ", ";
    names += choice;
    if (choice != name) return;
    const auto optimizer = make(learning_rate.value_or(usual));
    using Typed = TypedOptimizer<std::remove_const_t<decltype(optimizer)>, Params, Processes>;
    result = std::make_unique<Typed>(optimizer, params, processes);
  });
  if (!result) throw std::invalid_argument("no optimizer is called '" + name + "'; there are " + names);
  return result;
}

// Compiled apart from the program, in choices_float.cpp and choices_bfloat16.cpp.
extern template struct Choices<Alone, float>;
extern template struct Choices<Alone, Eigen::bfloat16>;

}  // namespace gpt
