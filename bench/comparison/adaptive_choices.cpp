// SPDX-License-Identifier: MIT
#include <gradus/gradus.hpp>

#include "choices.hpp"

namespace {

using namespace comparison;

// γ is what the paper has with this estimator.
std::unique_ptr<AnyOptimizer> make_sophia(double learning_rate, const Problem& problem) {
  auto optimizer = gradus::sophia(gradus::gauss_newton_bartlett(problem.sampled_gradient, problem.tokens));
  optimizer.learning_rate = learning_rate;
  optimizer.gamma = 0.05;
  return std::make_unique<gpt::TypedOptimizer<decltype(optimizer), Params>>(optimizer, problem.params);
}

}  // namespace

std::vector<Choice> comparison::adaptive_choices() {
  using namespace gradus;
  std::vector<Choice> choices{choice(AdamW{}),
                              choice(Adam{}),
                              choice(AMSGrad{}),
                              choice(AdaMax{}),
                              choice(NAdam{}),
                              choice(RAdam{}),
                              choice(AdaGrad{}),
                              choice(AdaDelta{}),
                              choice(RMSProp{}),
                              choice(LAMB{}),
                              choice(Adafactor{}),
                              choice(Prodigy{.safeguard_warmup = true}),
                              {"Sophia", 1e-4, make_sophia},
                              choice(ScheduleFreeAdamW{})};
  choices.back().constant_rate = true;
  return choices;
}
