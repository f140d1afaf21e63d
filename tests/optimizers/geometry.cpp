// SPDX-License-Identifier: MIT
//
// Those that are steepest descent under a norm; the variants show the norms.
#include "optimizers/entry.hpp"
#include "optimizers/lists.hpp"

using namespace gradus;

namespace gradus_test {

std::vector<Entry> geometry() {
  // With an ε that lets the length of the momentum be seen.
  SpectralNorm<> guarded = presets::scion_hidden().norm;
  guarded.orthogonalizer.epsilon = 0.1;
  const SpectralNorm<> exact{.orthogonalizer = {.steps = 12, .coefficients = quintics::convergent}};
  auto steepest =
      entry<SteepestDescent<>>({.name = "SteepestDescent",
                                .usual = {.learning_rate = 0.1, .norm = exact},
                                .variants = {{"default", {}}},
                                .fields = {{"learning_rate", set(&SteepestDescent<>::learning_rate, 0.05)},
                                           {"norm", set(&SteepestDescent<>::norm, guarded)}},
                                .bad = {{"learning_rate", set(&SteepestDescent<>::learning_rate, -1.0)},
                                        {"steps", [](auto& o) { o.norm.orthogonalizer.steps = 0; }}},
                                .coefficient_wise = false});
  const auto add = [](Entry& to, const char* variant, const auto& optimizer) {
    to.variants.emplace_back(variant, erase(optimizer));
  };
  add(steepest, "frobenius", SteepestDescent<FrobeniusNorm>{.learning_rate = 0.1});
  add(steepest, "max", SteepestDescent<MaxNorm>{.learning_rate = 0x1p-8});
  add(steepest, "columns", SteepestDescent<OneToTwoNorm>{.learning_rate = 0.05});
  add(steepest, "rows", SteepestDescent<TwoToMaxNorm>{.learning_rate = 0.05});

  const auto with_rate = [](auto preset, double rate) {
    preset.learning_rate = rate;
    return preset;
  };
  auto unconstrained = presets::scion_hidden(1);
  unconstrained.momentum = 0.5;
  unconstrained.constrained = false;
  auto scion = entry<Scion<>>({.name = "Scion",
                               .usual = {.learning_rate = 0.05, .constrained = false, .norm = guarded},
                               .variants = {{"input", presets::scion_input()},
                                            {"hidden", presets::scion_hidden(2)},
                                            {"unconstrained", unconstrained}},
                               .fields = {{"learning_rate", set(&Scion<>::learning_rate, 0.1)},
                                          {"momentum", set(&Scion<>::momentum, 0.5)},
                                          {"radius", set(&Scion<>::radius, 2.0)},
                                          {"constrained", set(&Scion<>::constrained, true)},
                                          {"norm", set(&Scion<>::norm, exact)}},
                               .bad = {{"learning_rate", set(&Scion<>::learning_rate, -1.0)},
                                       {"momentum", set(&Scion<>::momentum, 1.0)},
                                       {"radius", set(&Scion<>::radius, 0.0)},
                                       {"epsilon", [](auto& o) { o.norm.orthogonalizer.epsilon = -1; }}},
                               .coefficient_wise = false,
                               .without_epsilon = Scion<>{.learning_rate = 0.05, .constrained = false}});
  add(scion, "embedding", with_rate(presets::scion_embedding(), 0x1p-7));
  add(scion, "output", with_rate(presets::scion_output(4), 0x1p-7));
  add(scion, "bias", with_rate(presets::scion_bias(), 0.01));
  return {steepest, scion};
}

}  // namespace gradus_test
