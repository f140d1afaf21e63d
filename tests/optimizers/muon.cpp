// SPDX-License-Identifier: MIT
#include "optimizers/entry.hpp"
#include "optimizers/lists.hpp"

using namespace gradus;

namespace gradus_test {

namespace {

template <class Preset>
Preset with_rate(Preset preset, double rate) {
  preset.learning_rate = rate;
  return preset;
}

// Lists of stages that are no optimizers of their own.
void add_lists(Entry& muon) {
  const NewtonSchulz twelve{.steps = 12, .coefficients = quintics::flat};
  const NewtonSchulz guarded{
      .steps = 12, .coefficients = quintics::flat, .epsilon = 1e-7, .guard = NormGuard::add};
  const StageList polar_grad{
      "PolarGrad",
      std::tuple{stages::Average{.nesterov = false},
                 stages::SteepestDirection<>{.dual_scaled = true, .norm = {.orthogonalizer = guarded}},
                 stages::Descend{.learning_rate = 0.005, .weight_decay = 0.5}}};
  const StageList dyn_muon{
      "DynMuon", std::tuple{stages::Average{.form = MomentumForm::sum},
                            stages::SpectralPower<>{.orthogonalizer = twelve}, stages::ScaleByShape{},
                            stages::Descend{.learning_rate = 0.005, .weight_decay = 0.5}}};
  const NewtonSchulz jordan{.epsilon = 1e-7, .guard = NormGuard::add};
  const StageList muon_squared{
      "Muon²",
      std::tuple{stages::AdaptiveAverage{.momentum = 0.9, .epsilon = 1e-3}, stages::Orthogonalize<>{jordan},
                 stages::ScaleByShape{}, stages::Descend{.learning_rate = 0x1p-8, .weight_decay = 0.5}}};
  const StageList row_muon{
      "RowMuon",
      std::tuple{stages::Average{}, stages::NormalizeNeurons{.beta2 = 0}, stages::Orthogonalize<>{jordan},
                 stages::ScaleByShape{}, stages::Descend{.learning_rate = 0x1p-8, .weight_decay = 0.5}}};
  muon.variants.emplace_back("muon_squared", erase(muon_squared));
  muon.variants.emplace_back("row_muon", erase(row_muon));
  const StageList muown{"Muown", std::tuple{stages::Muown<>{
                                     .learning_rate = 0.01, .weight_decay = 0.1, .orthogonalizer = guarded}}};
  muon.variants.emplace_back("muown", erase(route(is_matrix, muown, SGD{})));  // it refuses vectors
  const auto exponent = [](std::int64_t t) {
    return -0.25 + 0.5 / (1 + std::exp((static_cast<double>(t + 1) / 100 - 0.04) / 0.04));
  };
  muon.variants.emplace_back("polar_grad", erase(polar_grad));
  muon.variants.emplace_back("dyn_muon",
                             erase(scheduled<&stages::SpectralPower<>::exponent>(dyn_muon, exponent)));
}

}  // namespace

std::vector<Entry> muon() {
  // With an ε that lets the length of the momentum be seen.
  const NewtonSchulz guarded{.epsilon = 0.1, .guard = NormGuard::add};
  const NewtonSchulz convergent{.steps = 12, .coefficients = quintics::convergent};
  Muon optax = presets::muon_optax(), dion_cautious = presets::muon_dion();
  optax.weight_decay = 0.1;
  dion_cautious.weight_decay = 0.5;
  dion_cautious.cautious_decay = true;
  NorMuon speedrun = presets::normuon_speedrun();
  speedrun.weight_decay = 0.5;
  std::vector<Entry> all{
      entry<Muon>(
          {.name = "Muon",
           .usual = {.learning_rate = 0.05, .orthogonalizer = guarded},
           .variants =
               {{"default", {}},
                {"match_rms_adamw", {.learning_rate = 0.01, .scale = MuonScale::match_rms_adamw}},
                {"no_nesterov", {.learning_rate = 0.01, .weight_decay = 0, .nesterov = false}},
                {"options",
                 {.learning_rate = 0.05,
                  .momentum = 0.8,
                  .weight_decay = 0.2,
                  .orthogonalizer = {.steps = 3, .coefficients = quintics::convergent, .epsilon = 1e-7}}},
                {"keller", with_rate(presets::muon_jordan(), 0.01)},
                {"moonlight", with_rate(presets::muon_moonlight(), 0.01)},
                {"optax", with_rate(optax, 0.005)},
                {"dion", with_rate(presets::muon_dion(), 0.001)},
                {"dion_cautious", with_rate(dion_cautious, 0x1p-10)}},
           .fields = {{"learning_rate", set(&Muon::learning_rate, 0.1)},
                      {"momentum", set(&Muon::momentum, 0.5)},
                      {"nesterov", set(&Muon::nesterov, false)},
                      {"weight_decay", set(&Muon::weight_decay, 0.2)},
                      {"cautious_decay", set(&Muon::cautious_decay, true)},
                      {"scaled_decay", set(&Muon::scaled_decay, true)},
                      {"scale", set(&Muon::scale, MuonScale::match_rms_adamw)},
                      {"layout", set(&Muon::layout, Layout::inputs_by_outputs)},
                      {"form", set(&Muon::form, MomentumForm::sum)},
                      {"row_blocks", set(&Muon::row_blocks, 2)},
                      {"column_blocks", set(&Muon::column_blocks, 2)},
                      {"orthogonalizer", set(&Muon::orthogonalizer, convergent)}},
           .bad = {{"learning_rate", set(&Muon::learning_rate, -1.0)},
                   {"momentum", set(&Muon::momentum, 1.0)},
                   {"weight_decay", set(&Muon::weight_decay, -1.0)},
                   {"row_blocks", set(&Muon::row_blocks, 0)},
                   {"column_blocks", set(&Muon::column_blocks, -1)},
                   {"steps", [](auto& o) { o.orthogonalizer.steps = 0; }},
                   {"epsilon", [](auto& o) { o.orthogonalizer.epsilon = -1; }},
                   {"coefficients", [](auto& o) { o.orthogonalizer.coefficients = Quintic{1, nan, 0}; }}},
           .coefficient_wise = false,
           .without_epsilon = Muon{.learning_rate = 0.05, .orthogonalizer = {}}}),
      entry<NorMuon>({.name = "NorMuon",
                      .usual = {.learning_rate = 0.05, .weight_decay = 0.1, .orthogonalizer = guarded},
                      .variants = {{"plain", {.learning_rate = 0.002}},
                                   {"options",
                                    {.learning_rate = 0.002,
                                     .momentum = 0.9,
                                     .beta2 = 0.8,
                                     .epsilon = 1e-3,
                                     .weight_decay = 0.5}},
                                   {"speedrun", with_rate(speedrun, 0x1p-9)}},
                      .fields = {{"learning_rate", set(&NorMuon::learning_rate, 0.1)},
                                 {"momentum", set(&NorMuon::momentum, 0.5)},
                                 {"beta2", set(&NorMuon::beta2, 0.5)},
                                 {"epsilon", set(&NorMuon::epsilon, 0.1)},
                                 {"nesterov", set(&NorMuon::nesterov, false)},
                                 {"weight_decay", set(&NorMuon::weight_decay, 0.2)},
                                 {"cautious_decay", set(&NorMuon::cautious_decay, true)},
                                 {"scaled_decay", set(&NorMuon::scaled_decay, true)},
                                 {"scale", set(&NorMuon::scale, MuonScale::match_rms_adamw)},
                                 {"layout", set(&NorMuon::layout, Layout::inputs_by_outputs)},
                                 {"statistics", set(&NorMuon::statistics, NorMuonStatistics::longer_side)},
                                 {"orthogonalizer", set(&NorMuon::orthogonalizer, convergent)}},
                      .bad = {{"learning_rate", set(&NorMuon::learning_rate, -1.0)},
                              {"momentum", set(&NorMuon::momentum, 1.0)},
                              {"beta2", set(&NorMuon::beta2, 1.0)},
                              {"epsilon", set(&NorMuon::epsilon, 0.0)},
                              {"weight_decay", set(&NorMuon::weight_decay, nan)},
                              {"steps", [](auto& o) { o.orthogonalizer.steps = 0; }}},
                      .coefficient_wise = false,
                      .without_epsilon = NorMuon{.learning_rate = 0.05, .orthogonalizer = {}}}),
      entry<AdaMuon>(
          {.name = "AdaMuon",
           .usual = {.learning_rate = 0.05, .orthogonalizer = guarded},
           .variants = {{"plain", {.learning_rate = 0.002}},
                        {"no_nesterov", {.learning_rate = 0.002, .weight_decay = 0, .nesterov = false}},
                        {"options",
                         {.learning_rate = 0.002,
                          .momentum = 0.9,
                          .beta2 = 0.9,
                          .epsilon = 1e-3,
                          .weight_decay = 0.5}}},
           .fields = {{"learning_rate", set(&AdaMuon::learning_rate, 0.1)},
                      {"momentum", set(&AdaMuon::momentum, 0.5)},
                      {"beta2", set(&AdaMuon::beta2, 0.5)},
                      {"epsilon", set(&AdaMuon::epsilon, 0.1)},
                      {"nesterov", set(&AdaMuon::nesterov, false)},
                      {"weight_decay", set(&AdaMuon::weight_decay, 0.2)},
                      {"orthogonalizer", set(&AdaMuon::orthogonalizer, convergent)}},
           .bad = {{"learning_rate", set(&AdaMuon::learning_rate, nan)},
                   {"momentum", set(&AdaMuon::momentum, -0.1)},
                   {"beta2", set(&AdaMuon::beta2, 1.0)},
                   {"epsilon", set(&AdaMuon::epsilon, -1.0)},
                   {"weight_decay", set(&AdaMuon::weight_decay, -1.0)},
                   {"steps", [](auto& o) { o.orthogonalizer.steps = 0; }}},
           .coefficient_wise = false,
           .without_epsilon = AdaMuon{.learning_rate = 0.05, .orthogonalizer = {}}}),
      entry<Dion>(
          {.name = "Dion",
           .usual = {.learning_rate = 0.05},
           .variants = {{"plain", {.learning_rate = 0.001}},
                        {"low_rank",
                         {.learning_rate = 0.002, .weight_decay = 0, .rank_fraction = 0.25, .seed = 1}},
                        {"options",
                         {.learning_rate = 0.002,
                          .momentum = 0.8,
                          .epsilon = 1e-3,
                          .weight_decay = 0.5,
                          .rank_fraction = 0.5}}},
           .fields = {{"learning_rate", set(&Dion::learning_rate, 0.1)},
                      {"momentum", set(&Dion::momentum, 0.5)},
                      {"weight_decay", set(&Dion::weight_decay, 0.2)},
                      {"rank_fraction", set(&Dion::rank_fraction, 0.5)},
                      {"epsilon", set(&Dion::epsilon, 0.1)},
                      {"seed", set(&Dion::seed, 1u)}},
           .bad = {{"learning_rate", set(&Dion::learning_rate, -1.0)},
                   {"momentum", set(&Dion::momentum, 1.1)},
                   {"weight_decay", set(&Dion::weight_decay, nan)},
                   {"rank_fraction", set(&Dion::rank_fraction, 0.0)},
                   {"epsilon", set(&Dion::epsilon, 0.0)}},
           .coefficient_wise = false,
           .couples_leaves = true}),
      entry<Dion2>({.name = "Dion2",
                    .usual = {.learning_rate = 0.05, .orthogonalizer = guarded},
                    .variants = {{"plain", {.learning_rate = 0x1p-10}},
                                 {"whole", {.learning_rate = 0x1p-10, .fraction = 1, .weight_decay = 0}},
                                 {"options",
                                  {.learning_rate = 0x1p-8,
                                   .momentum = 0.8,
                                   .fraction = 0.5,
                                   .weight_decay = 0.5,
                                   .orthogonalizer = {.epsilon = 1e-7, .guard = NormGuard::add}}}},
                    .fields = {{"learning_rate", set(&Dion2::learning_rate, 0.1)},
                               {"momentum", set(&Dion2::momentum, 0.5)},
                               {"fraction", set(&Dion2::fraction, 0.8)},
                               {"weight_decay", set(&Dion2::weight_decay, 0.2)},
                               {"orthogonalizer", set(&Dion2::orthogonalizer, convergent)}},
                    .bad = {{"learning_rate", set(&Dion2::learning_rate, -1.0)},
                            {"momentum", set(&Dion2::momentum, 1.0)},
                            {"fraction", set(&Dion2::fraction, 0.0)},
                            {"fraction", set(&Dion2::fraction, 1.1)},
                            {"weight_decay", set(&Dion2::weight_decay, nan)},
                            {"steps", [](auto& o) { o.orthogonalizer.steps = 0; }}},
                    .coefficient_wise = false,
                    .without_epsilon = Dion2{.learning_rate = 0.05, .orthogonalizer = {}}})};
  const StageList nor_dion2{
      "NorDion2", std::tuple{stages::OrthogonalizeLargest<>{.slices = DionSlices::rows,
                                                            .orthogonalizer = Dion2{}.orthogonalizer},
                             stages::NormalizeNeurons{.epsilon = 1e-8, .skip_zeros = true},
                             stages::ScaleByShape{MuonScale::spectral},
                             stages::Descend{.learning_rate = 0x1p-9, .weight_decay = 0.5}}};
  all.back().variants.emplace_back("normalized", erase(nor_dion2));
  add_lists(all.front());
  return all;
}

}  // namespace gradus_test
