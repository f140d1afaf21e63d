// SPDX-License-Identifier: MIT
//
// The optimizers that are compared. Three files make them, so that they compile side by side.
#pragma once

#include <functional>
#include <memory>

#include "../../examples/gpt/optimizers.hpp"

namespace comparison {

using Params = gpt::Model<float>;
using AnyOptimizer = gpt::AnyOptimizer<Params>;

/// Writes the gradient for targets that the model draws; see `gpt::Training::sampled_gradient`.
using SampledGradient = std::function<void(const Params& params, Params& gradient, std::int64_t t)>;

/// What an optimizer may need to know about the run that it is made for.
struct Problem {
  const Params& params;
  SampledGradient sampled_gradient;
  double tokens;  // in a batch
};

/// An optimizer of the library, with its default fields unless the list says otherwise.
struct Choice {
  std::string name;
  double usual_rate;  // the library's default
  std::function<std::unique_ptr<AnyOptimizer>(double learning_rate, const Problem&)> make;
  bool constant_rate = false;  // after the warm-up, instead of the cosine
};

/// `optimizer`, wrapped by `wrap`, with the field `rate` as its learning rate.
template <class Optimizer, class Wrap = std::identity>
Choice choice(const Optimizer& optimizer, double Optimizer::*rate = &Optimizer::learning_rate,
              const Wrap& wrap = {}) {
  return {std::string(Optimizer::name()), optimizer.*rate, [=](double learning_rate, const Problem& problem) {
            auto changed = optimizer;
            changed.*rate = learning_rate;
            const auto wrapped = wrap(changed);
            using Wrapped = std::remove_const_t<decltype(wrapped)>;
            return std::make_unique<gpt::TypedOptimizer<Wrapped, Params>>(wrapped, problem.params);
          }};
}

std::vector<Choice> plain_choices();     // one rate for all coefficients, or the sign alone
std::vector<Choice> adaptive_choices();  // a rate for each coefficient
std::vector<Choice> matrix_choices();    // for whole matrices

}  // namespace comparison
