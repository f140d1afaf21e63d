// SPDX-License-Identifier: MIT
//
// Those that measure whole leaves.
#include "optimizers/entry.hpp"
#include "optimizers/lists.hpp"

using namespace gradus;

namespace gradus_test {

std::vector<Entry> layerwise() {
  return {
      entry<LAMB>(
          {.name = "LAMB",
           .usual = {.learning_rate = 0.05},
           .variants =
               {{"default", {}},
                {"weight_decay", {.learning_rate = 0.02, .weight_decay = 0.1}},
                {"options",
                 {.learning_rate = 0.02, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-2, .weight_decay = 0.5}}},
           .fields = {{"learning_rate", set(&LAMB::learning_rate, 0.1)},
                      {"beta1", set(&LAMB::beta1, 0.5)},
                      {"beta2", set(&LAMB::beta2, 0.9)},
                      {"epsilon", set(&LAMB::epsilon, 0.1)},
                      {"weight_decay", set(&LAMB::weight_decay, 0.1)}},
           .bad = {{"learning_rate", set(&LAMB::learning_rate, -1.0)},
                   {"beta1", set(&LAMB::beta1, 1.0)},
                   {"beta2", set(&LAMB::beta2, 1.0)},
                   {"epsilon", set(&LAMB::epsilon, nan)},
                   {"weight_decay", set(&LAMB::weight_decay, -1.0)}},
           .coefficient_wise = false,
           .without_epsilon = LAMB{.learning_rate = 0.05, .epsilon = 0}}),
      entry<LARS>(
          {.name = "LARS",
           .usual = {.learning_rate = 0.05, .trust_coefficient = 0.1},
           .variants =
               {{"default", {}},
                {"large_steps", {.learning_rate = 0.1, .momentum = 0.8, .trust_coefficient = 0.1}},
                {"nesterov",
                 {.learning_rate = 0.02, .weight_decay = 0.1, .trust_coefficient = 0.5, .nesterov = true}},
                {"options",
                 {.learning_rate = 0.05,
                  .momentum = 0.5,
                  .epsilon = 0.5,
                  .weight_decay = 0.2,
                  .trust_coefficient = 0.5}}},
           .fields = {{"learning_rate", set(&LARS::learning_rate, 0.1)},
                      {"momentum", set(&LARS::momentum, 0.5)},
                      {"trust_coefficient", set(&LARS::trust_coefficient, 0.2)},
                      {"epsilon", set(&LARS::epsilon, 0.1)},
                      {"weight_decay", set(&LARS::weight_decay, 0.1)},
                      {"nesterov", set(&LARS::nesterov, true)}},
           .bad = {{"learning_rate", set(&LARS::learning_rate, -1.0)},
                   {"momentum", set(&LARS::momentum, nan)},
                   {"trust_coefficient", set(&LARS::trust_coefficient, -1.0)},
                   {"epsilon", set(&LARS::epsilon, -1.0)},
                   {"weight_decay", set(&LARS::weight_decay, -1.0)}},
           .coefficient_wise = false,
           .without_epsilon = LARS{.learning_rate = 0.05, .trust_coefficient = 0.1}}),
      entry<Adafactor>(
          {.name = "Adafactor",
           .usual = {.learning_rate = 0.1},
           .variants = {{"default", {}},
                        {"weight_decay", {.learning_rate = 0.2, .weight_decay = 0.02}},
                        {"options",
                         {.learning_rate = 0.05,
                          .epsilon1 = 0.5,
                          .epsilon2 = 0.8,
                          .weight_decay = 0.1,
                          .decay_power = 0.5,
                          .clip = 1.5}},
                        {"t5", {.form = AdafactorForm::t5}},
                        {"t5_momentum", {.learning_rate = 0.2, .beta1 = 0.9, .form = AdafactorForm::t5}},
                        {"t5_options",
                         {.learning_rate = 0.05,
                          .beta1 = 0.5,
                          .epsilon1 = 0.1,
                          .epsilon2 = 0.8,
                          .weight_decay = 0.1,
                          .decay_power = 0.5,
                          .clip = 0.5,
                          .form = AdafactorForm::t5}}},
           .fields = {{"learning_rate", set(&Adafactor::learning_rate, 0.05)},
                      {"decay_power", set(&Adafactor::decay_power, 0.5)},
                      {"epsilon1", set(&Adafactor::epsilon1, 0.9)},
                      {"epsilon2", set(&Adafactor::epsilon2, 2.0)},
                      {"clip", set(&Adafactor::clip, 0.5)},
                      {"beta1", set(&Adafactor::beta1, 0.5)},
                      {"weight_decay", set(&Adafactor::weight_decay, 0.1)},
                      {"min_dim_size_to_factor", set(&Adafactor::min_dim_size_to_factor, 3)},
                      {"form", [](auto& o) { o.form = AdafactorForm::t5, o.epsilon1 = 0.1; }}},
           .bad = {{"learning_rate", set(&Adafactor::learning_rate, -1.0)},
                   {"decay_power", set(&Adafactor::decay_power, 0.0)},
                   {"epsilon1", set(&Adafactor::epsilon1, -1.0)},
                   {"epsilon2", set(&Adafactor::epsilon2, nan)},
                   {"clip", set(&Adafactor::clip, 0.0)},
                   {"beta1", set(&Adafactor::beta1, 1.0)},
                   {"weight_decay", set(&Adafactor::weight_decay, -1.0)},
                   {"min_dim_size_to_factor", set(&Adafactor::min_dim_size_to_factor, 1)}},
           .coefficient_wise = false,
           .without_epsilon = Adafactor{.epsilon1 = 0, .form = AdafactorForm::t5}}),
  };
}

}  // namespace gradus_test
