// SPDX-License-Identifier: MIT
#include "optimizers/entry.hpp"
#include "optimizers/lists.hpp"

using namespace gradus;

namespace gradus_test {

namespace {

Listing<AMSGrad> amsgrad() {
  const auto variant = [](double decay, bool decoupled, AMSGradForm form) {
    return AMSGrad{.learning_rate = 0.1,
                   .beta2 = 0.9,
                   .weight_decay = decay,
                   .decoupled_weight_decay = decoupled,
                   .form = form};
  };
  auto listing = like_adam<AMSGrad>("AMSGrad", {{"torch", variant(0, false, AMSGradForm::torch)},
                                                {"optax", variant(0, false, AMSGradForm::optax)},
                                                {"paper", variant(0.1, false, AMSGradForm::paper)},
                                                {"decoupled_torch", variant(0.1, true, AMSGradForm::torch)},
                                                {"decoupled_optax", variant(0.1, true, AMSGradForm::optax)},
                                                {"decoupled_paper", variant(0.1, true, AMSGradForm::paper)}});
  listing.usual.weight_decay = 0.05;
  listing.fields.insert(listing.fields.end(),
                        {{"decoupled_weight_decay", set(&AMSGrad::decoupled_weight_decay, true)},
                         {"form", set(&AMSGrad::form, AMSGradForm::paper)}});
  return listing;
}

}  // namespace

std::vector<Entry> adaptive() {
  return {
      entry<AdaGrad>({.name = "AdaGrad",
                      .usual = {.learning_rate = 0.4},
                      .variants = {{"default", {}},
                                   {"plain", {.learning_rate = 0.4, .epsilon = 1e-8}},
                                   {"options",
                                    {.learning_rate = 0.3,
                                     .epsilon = 1e-3,
                                     .weight_decay = 0.02,
                                     .learning_rate_decay = 0.05,
                                     .initial_accumulator = 0.1}}},
                      .fields = {{"learning_rate", set(&AdaGrad::learning_rate, 0.2)},
                                 {"learning_rate_decay", set(&AdaGrad::learning_rate_decay, 0.1)},
                                 {"weight_decay", set(&AdaGrad::weight_decay, 0.1)},
                                 {"initial_accumulator", set(&AdaGrad::initial_accumulator, 0.1)},
                                 {"epsilon", set(&AdaGrad::epsilon, 0.1)}},
                      .bad = {{"learning_rate", set(&AdaGrad::learning_rate, -1.0)},
                              {"learning_rate_decay", set(&AdaGrad::learning_rate_decay, -1.0)},
                              {"weight_decay", set(&AdaGrad::weight_decay, -1.0)},
                              {"initial_accumulator", set(&AdaGrad::initial_accumulator, -1.0)},
                              {"epsilon", set(&AdaGrad::epsilon, -1.0)}},
                      .without_epsilon = AdaGrad{.learning_rate = 0.4, .epsilon = 0}}),
      entry<RMSProp>(
          {.name = "RMSProp",
           .usual = {.learning_rate = 0.02},
           .variants =
               {{"default", {}},
                {"centered", {.learning_rate = 0.01, .decay = 0.9, .epsilon = 1e-4, .centered = true}},
                {"momentum", {.learning_rate = 0.005, .momentum = 0.9}},
                {"options",
                 {.decay = 0.95, .momentum = 0.8, .epsilon = 1e-6, .weight_decay = 0.02, .centered = true}}},
           .fields = {{"learning_rate", set(&RMSProp::learning_rate, 0.05)},
                      {"decay", set(&RMSProp::decay, 0.9)},
                      {"epsilon", set(&RMSProp::epsilon, 0.1)},
                      {"weight_decay", set(&RMSProp::weight_decay, 0.1)},
                      {"momentum", set(&RMSProp::momentum, 0.5)},
                      {"centered", set(&RMSProp::centered, true)}},
           .bad = {{"learning_rate", set(&RMSProp::learning_rate, -1.0)},
                   {"decay", set(&RMSProp::decay, 1.0)},
                   {"epsilon", set(&RMSProp::epsilon, nan)},
                   {"weight_decay", set(&RMSProp::weight_decay, -1.0)},
                   {"momentum", set(&RMSProp::momentum, -1.0)}},
           .without_epsilon = RMSProp{.learning_rate = 0.02, .epsilon = 0}}),
      entry(like_adam<Adam>(
          "Adam", {{"default", {}},
                   {"plain", {.learning_rate = 0.1}},
                   {"weight_decay", {.learning_rate = 0.1, .weight_decay = 0.1}},
                   {"betas", {.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-4}}})),
      entry(with_cautious_decay(like_adam<AdamW>(
          "AdamW",
          {{"default", {}},
           {"weight_decay", {.learning_rate = 0.1, .weight_decay = 0.1}},
           {"betas",
            {.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-4, .weight_decay = 0.2}},
           {"cautious", {.learning_rate = 0.05, .weight_decay = 0.2, .cautious_decay = true}}}))),
      entry(amsgrad())};
}

}  // namespace gradus_test
