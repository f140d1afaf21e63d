// SPDX-License-Identifier: MIT
#include "optimizers/entry.hpp"
#include "optimizers/lists.hpp"

using namespace gradus;

namespace gradus_test {

namespace {

// What Adam and AdamW have in common.
template <class O>
Listing<O> adam(const char* name, std::vector<std::pair<const char*, O>> variants) {
  const auto amsgrad = [](double decay, AMSGrad form) {
    return O{.learning_rate = 0.1, .beta2 = 0.9, .weight_decay = decay, .amsgrad = form};
  };
  variants.insert(variants.end(), {{"default", {}},
                                   {"weight_decay", {.learning_rate = 0.1, .weight_decay = 0.1}},
                                   {"amsgrad_paper", amsgrad(0.1, AMSGrad::paper)}});
  return {.name = name,
          .usual = {.learning_rate = 0.1},
          .variants = std::move(variants),
          .fields = {{"learning_rate", set(&O::learning_rate, 0.2)},
                     {"beta1", set(&O::beta1, 0.5)},
                     {"beta2", set(&O::beta2, 0.9)},
                     {"epsilon", set(&O::epsilon, 0.1)},
                     {"weight_decay", set(&O::weight_decay, 0.2)},
                     {"amsgrad", set(&O::amsgrad, AMSGrad::paper)}},
          .bad = {{"learning_rate", set(&O::learning_rate, -1.0)},
                  {"beta1", set(&O::beta1, 1.0)},
                  {"beta2", set(&O::beta2, -0.1)},
                  {"epsilon", set(&O::epsilon, nan)},
                  {"weight_decay", set(&O::weight_decay, -1.0)}}};
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
                                     .learning_rate_decay = 0.05,
                                     .weight_decay = 0.02,
                                     .initial_accumulator = 0.1,
                                     .epsilon = 1e-3}}},
                      .fields = {{"learning_rate", set(&AdaGrad::learning_rate, 0.2)},
                                 {"learning_rate_decay", set(&AdaGrad::learning_rate_decay, 0.1)},
                                 {"weight_decay", set(&AdaGrad::weight_decay, 0.1)},
                                 {"initial_accumulator", set(&AdaGrad::initial_accumulator, 0.1)},
                                 {"epsilon", set(&AdaGrad::epsilon, 0.1)}},
                      .bad = {{"learning_rate", set(&AdaGrad::learning_rate, -1.0)},
                              {"learning_rate_decay", set(&AdaGrad::learning_rate_decay, -1.0)},
                              {"weight_decay", set(&AdaGrad::weight_decay, -1.0)},
                              {"initial_accumulator", set(&AdaGrad::initial_accumulator, -1.0)},
                              {"epsilon", set(&AdaGrad::epsilon, -1.0)}}}),
      entry<RMSProp>(
          {.name = "RMSProp",
           .usual = {.learning_rate = 0.02},
           .variants =
               {{"default", {}},
                {"centered", {.learning_rate = 0.01, .decay = 0.9, .epsilon = 1e-4, .centered = true}},
                {"momentum", {.learning_rate = 0.005, .momentum = 0.9}},
                {"options",
                 {.decay = 0.95, .epsilon = 1e-6, .weight_decay = 0.02, .momentum = 0.8, .centered = true}}},
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
                   {"momentum", set(&RMSProp::momentum, -1.0)}}}),
      entry(adam<Adam>("Adam",
                       {{"plain", {.learning_rate = 0.1}},
                        {"betas", {.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-4}},
                        {"amsgrad_torch", {.learning_rate = 0.1, .beta2 = 0.9, .amsgrad = AMSGrad::torch}},
                        {"amsgrad_optax", {.learning_rate = 0.1, .beta2 = 0.9, .amsgrad = AMSGrad::optax}}})),
      entry(adam<AdamW>(
          "AdamW",
          {{"betas",
            {.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-4, .weight_decay = 0.2}},
           {"amsgrad_torch",
            {.learning_rate = 0.1, .beta2 = 0.9, .weight_decay = 0.1, .amsgrad = AMSGrad::torch}},
           {"amsgrad_optax",
            {.learning_rate = 0.1, .beta2 = 0.9, .weight_decay = 0.1, .amsgrad = AMSGrad::optax}}}))};
}

}  // namespace gradus_test
