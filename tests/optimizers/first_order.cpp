// SPDX-License-Identifier: MIT
#include "optimizers/entry.hpp"
#include "optimizers/lists.hpp"

using namespace gradus;

namespace gradus_test {

std::vector<Entry> first_order() {
  return {entry<SGD>({.name = "SGD",
                      .usual = {.learning_rate = 0.1},
                      .variants = {{"default", {}},
                                   {"plain", {.learning_rate = 0.1}},
                                   {"weight_decay", {.learning_rate = 0.1, .weight_decay = 0.05}}},
                      .fields = {{"learning_rate", set(&SGD::learning_rate, 0.2)},
                                 {"weight_decay", set(&SGD::weight_decay, 0.1)}},
                      .bad = {{"learning_rate", set(&SGD::learning_rate, -0.1)},
                              {"weight_decay", set(&SGD::weight_decay, nan)}}}),
          entry<Momentum>(
              {.name = "Momentum",
               .usual = {.learning_rate = 0.05},
               .variants = {{"default", {}},
                            {"plain", {.learning_rate = 0.05}},
                            {"dampening",
                             {.learning_rate = 0.1, .momentum = 0.8, .weight_decay = 0.02, .dampening = 0.5}},
                            {"nesterov", {.learning_rate = 0.05, .weight_decay = 0.02, .nesterov = true}}},
               .fields = {{"learning_rate", set(&Momentum::learning_rate, 0.1)},
                          {"momentum", set(&Momentum::momentum, 0.5)},
                          {"dampening", set(&Momentum::dampening, 0.5)},
                          {"weight_decay", set(&Momentum::weight_decay, 0.1)},
                          {"nesterov", set(&Momentum::nesterov, true)}},
               .bad = {{"learning_rate", set(&Momentum::learning_rate, nan)},
                       {"momentum", set(&Momentum::momentum, -0.1)},
                       {"weight_decay", set(&Momentum::weight_decay, -1.0)},
                       {"dampening", [](auto& o) { o.nesterov = true, o.dampening = 0.1; }},
                       {"momentum", [](auto& o) { o.nesterov = true, o.momentum = 0; }}}})};
}

}  // namespace gradus_test
