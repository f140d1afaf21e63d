// SPDX-License-Identifier: MIT
//
// Adam's relatives that PyTorch lacks.
#include "optimizers/entry.hpp"
#include "optimizers/lists.hpp"

using namespace gradus;

namespace gradus_test {

namespace {

Listing<AdaBelief> adabelief() {
  auto listing = like_adam<AdaBelief>(
      "AdaBelief",
      {{"default", {}},
       {"plain", {.learning_rate = 0.05, .weight_decay = 0.1, .rectify = false}},
       {"options",
        {.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-4, .weight_decay = 0.2}}});
  listing.usual.beta2 = 0.95;
  listing.fields.push_back({"rectify", set(&AdaBelief::rectify, false)});
  listing.without_epsilon->rectify = false;  // its first steps are those of momentum
  return listing;
}

Listing<LaProp> laprop() {
  return like_adam<LaProp>(
      "LaProp",
      {{"default", {}},
       {"weight_decay", {.learning_rate = 0.05, .weight_decay = 0.1}},
       {"options",
        {.learning_rate = 0.02, .beta1 = 0.95, .beta2 = 0.8, .epsilon = 1e-2, .weight_decay = 0.2}}});
}

Listing<ADOPT> adopt() {
  auto listing = like_adam<ADOPT>("ADOPT", {{"default", {}},
                                            {"weight_decay", {.learning_rate = 0.02, .weight_decay = 0.1}},
                                            {"options",
                                             {.learning_rate = 0.02,
                                              .beta1 = 0.8,
                                              .beta2 = 0.95,
                                              .epsilon = 0.5,
                                              .weight_decay = 0.2,
                                              .decoupled_weight_decay = true}}});
  listing.usual.weight_decay = 0.05;
  listing.fields[3] = {"epsilon", set(&ADOPT::epsilon, 1.0)};
  listing.fields.push_back({"decoupled_weight_decay", set(&ADOPT::decoupled_weight_decay, true)});
  return listing;
}

Listing<Adan> adan() {
  auto listing = like_adam<Adan>("Adan", {{"default", {}},
                                          {"weight_decay", {.learning_rate = 0.05, .weight_decay = 0.1}},
                                          {"options",
                                           {.learning_rate = 0.05,
                                            .beta1 = 0.9,
                                            .beta2 = 0.8,
                                            .beta3 = 0.95,
                                            .epsilon = 1e-2,
                                            .weight_decay = 0.2,
                                            .proximal_weight_decay = false}}});
  listing.usual.weight_decay = 0.05;
  listing.fields[2] = {"beta2", set(&Adan::beta2, 0.5)};
  listing.fields.push_back({"beta3", set(&Adan::beta3, 0.9)});
  listing.fields.push_back({"proximal_weight_decay", set(&Adan::proximal_weight_decay, false)});
  listing.bad.push_back({"beta3", set(&Adan::beta3, 1.0)});
  return listing;
}

Listing<AdEMAMix> ademamix() {
  auto listing = like_adam<AdEMAMix>(
      "AdEMAMix",
      {{"default", {}},
       {"warmup", {.learning_rate = 0.01, .weight_decay = 0.1, .warmup_steps = 120}},
       {"options",
        {.learning_rate = 0.02,
         .beta1 = 0.8,
         .beta2 = 0.95,
         .beta3 = 0.98,
         .alpha = 2,
         .epsilon = 1e-2,
         .weight_decay = 0.2}},
       {"cautious",
        {.learning_rate = 0.004, .weight_decay = 0.2, .cautious_decay = true, .warmup_steps = 120}}});
  listing.usual = {.learning_rate = 0.1, .beta3 = 0.98, .alpha = 1, .warmup_steps = 6};
  listing.fields.push_back({"beta3", set(&AdEMAMix::beta3, 0.9)});
  listing.fields.push_back({"alpha", set(&AdEMAMix::alpha, 2.0)});
  listing.fields.push_back({"warmup_steps", set(&AdEMAMix::warmup_steps, 0)});
  listing.bad.push_back({"beta3", set(&AdEMAMix::beta3, 1.0)});
  listing.bad.push_back({"alpha", set(&AdEMAMix::alpha, -1.0)});
  listing.bad.push_back({"warmup_steps", set(&AdEMAMix::warmup_steps, -1)});
  return with_cautious_decay(listing);
}

Listing<MARS> mars() {
  auto listing = like_adam<MARS>(
      "MARS", {{"default", {}},
               {"weight_decay", {.learning_rate = 0.05, .weight_decay = 0.1}},
               {"options",
                {.learning_rate = 0.05,
                 .beta1 = 0.8,
                 .beta2 = 0.9,
                 .gamma = 0.1,
                 .epsilon = 1e-2,
                 .weight_decay = 0.2}},
               {"cautious", {.learning_rate = 0.05, .weight_decay = 0.2, .cautious_decay = true}}});
  listing.fields.push_back({"gamma", set(&MARS::gamma, 0.2)});
  listing.bad.push_back({"gamma", set(&MARS::gamma, -1.0)});
  listing.coefficient_wise = false;        // because of the norm of c
  listing.without_epsilon = std::nullopt;  // which is compared with 1
  return with_cautious_decay(listing);
}

}  // namespace

std::vector<Entry> adam_relatives() {
  return {entry(adabelief()), entry(laprop()),   entry(adopt()),
          entry(adan()),      entry(ademamix()), entry(mars())};
}

}  // namespace gradus_test
