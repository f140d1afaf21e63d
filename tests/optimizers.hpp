// SPDX-License-Identifier: MIT
//
// The list of optimizers that the battery runs over. A new optimizer is one entry here.
#pragma once

#include <functional>
#include <gradus/gradus.hpp>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace gradus_test {

template <class O>
using Change = std::pair<std::string, std::function<void(O&)>>;

/// What the battery needs to know about an optimizer.
template <class O>
struct Entry {
  std::string name;
  O usual;                                          // with a learning rate that suits coefficients of size 1
  std::vector<std::pair<std::string, O>> variants;  // the cases `name/variant` of data/trajectories.txt
  std::vector<Change<O>> fields;                    // every field with a value that must change the result
  std::vector<Change<O>> bad;                       // fields with values that `init` must refuse
  bool coefficient_wise = true;  // a coefficient's update depends on that coefficient's gradients alone
};

inline auto optimizers() {
  using namespace gradus;
  const auto set = [](auto field, auto value) { return [=](auto& o) { o.*field = value; }; };
  const double nan = std::numeric_limits<double>::quiet_NaN();

  Entry<SGD> sgd{
      "SGD",
      {.learning_rate = 0.1},
      {{"default", {}},
       {"plain", {.learning_rate = 0.1}},
       {"weight_decay", {.learning_rate = 0.1, .weight_decay = 0.05}}},
      {{"learning_rate", set(&SGD::learning_rate, 0.2)}, {"weight_decay", set(&SGD::weight_decay, 0.1)}},
      {{"learning_rate", set(&SGD::learning_rate, -0.1)}, {"weight_decay", set(&SGD::weight_decay, nan)}}};

  Entry<Momentum> momentum{
      "Momentum",
      {.learning_rate = 0.05},
      {{"default", {}},
       {"plain", {.learning_rate = 0.05}},
       {"dampening", {.learning_rate = 0.1, .momentum = 0.8, .dampening = 0.5, .weight_decay = 0.02}},
       {"nesterov", {.learning_rate = 0.05, .weight_decay = 0.02, .nesterov = true}}},
      {{"learning_rate", set(&Momentum::learning_rate, 0.1)},
       {"momentum", set(&Momentum::momentum, 0.5)},
       {"dampening", set(&Momentum::dampening, 0.5)},
       {"weight_decay", set(&Momentum::weight_decay, 0.1)},
       {"nesterov", set(&Momentum::nesterov, true)}},
      {{"learning_rate", set(&Momentum::learning_rate, nan)},
       {"momentum", set(&Momentum::momentum, -0.1)},
       {"weight_decay", set(&Momentum::weight_decay, -1.0)},
       {"dampening", [](auto& o) { o.nesterov = true, o.dampening = 0.1; }},
       {"momentum", [](auto& o) { o.nesterov = true, o.momentum = 0; }}}};

  Entry<AdaGrad> adagrad{"AdaGrad",
                         {.learning_rate = 0.4},
                         {{"default", {}},
                          {"plain", {.learning_rate = 0.4, .epsilon = 1e-8}},
                          {"options",
                           {.learning_rate = 0.3,
                            .learning_rate_decay = 0.05,
                            .weight_decay = 0.02,
                            .initial_accumulator = 0.1,
                            .epsilon = 1e-3}}},
                         {{"learning_rate", set(&AdaGrad::learning_rate, 0.2)},
                          {"learning_rate_decay", set(&AdaGrad::learning_rate_decay, 0.1)},
                          {"weight_decay", set(&AdaGrad::weight_decay, 0.1)},
                          {"initial_accumulator", set(&AdaGrad::initial_accumulator, 0.1)},
                          {"epsilon", set(&AdaGrad::epsilon, 0.1)}},
                         {{"learning_rate", set(&AdaGrad::learning_rate, -1.0)},
                          {"learning_rate_decay", set(&AdaGrad::learning_rate_decay, -1.0)},
                          {"weight_decay", set(&AdaGrad::weight_decay, -1.0)},
                          {"initial_accumulator", set(&AdaGrad::initial_accumulator, -1.0)},
                          {"epsilon", set(&AdaGrad::epsilon, -1.0)}}};

  Entry<RMSProp> rmsprop{
      "RMSProp",
      {.learning_rate = 0.02},
      {{"default", {}},
       {"centered", {.learning_rate = 0.01, .decay = 0.9, .epsilon = 1e-4, .centered = true}},
       {"momentum", {.learning_rate = 0.005, .momentum = 0.9}},
       {"options",
        {.decay = 0.95, .epsilon = 1e-6, .weight_decay = 0.02, .momentum = 0.8, .centered = true}}},
      {{"learning_rate", set(&RMSProp::learning_rate, 0.05)},
       {"decay", set(&RMSProp::decay, 0.9)},
       {"epsilon", set(&RMSProp::epsilon, 0.1)},
       {"weight_decay", set(&RMSProp::weight_decay, 0.1)},
       {"momentum", set(&RMSProp::momentum, 0.5)},
       {"centered", set(&RMSProp::centered, true)}},
      {{"learning_rate", set(&RMSProp::learning_rate, -1.0)},
       {"decay", set(&RMSProp::decay, 1.0)},
       {"epsilon", set(&RMSProp::epsilon, nan)},
       {"weight_decay", set(&RMSProp::weight_decay, -1.0)},
       {"momentum", set(&RMSProp::momentum, -1.0)}}};

  const auto adams = []<class O>(O) {
    const auto make = [](double rate, double decay, AMSGrad form) {
      return O{.learning_rate = rate, .beta2 = 0.9, .weight_decay = decay, .amsgrad = form};
    };
    return std::vector<std::pair<std::string, O>>{
        {"default", {}},
        {"weight_decay", {.learning_rate = 0.1, .weight_decay = 0.1}},
        {"amsgrad_paper", make(0.1, 0.1, AMSGrad::paper)}};
  };
  const auto adam_fields = [=]<class O>(O) {
    return std::vector<Change<O>>{{"learning_rate", set(&O::learning_rate, 0.2)},
                                  {"beta1", set(&O::beta1, 0.5)},
                                  {"beta2", set(&O::beta2, 0.9)},
                                  {"epsilon", set(&O::epsilon, 0.1)},
                                  {"weight_decay", set(&O::weight_decay, 0.2)},
                                  {"amsgrad", set(&O::amsgrad, AMSGrad::paper)}};
  };
  const auto adam_bad = [=]<class O>(O) {
    return std::vector<Change<O>>{{"learning_rate", set(&O::learning_rate, -1.0)},
                                  {"beta1", set(&O::beta1, 1.0)},
                                  {"beta2", set(&O::beta2, -0.1)},
                                  {"epsilon", set(&O::epsilon, nan)},
                                  {"weight_decay", set(&O::weight_decay, -1.0)}};
  };

  Entry<Adam> adam{"Adam", {.learning_rate = 0.1}, adams(Adam{}), adam_fields(Adam{}), adam_bad(Adam{})};
  adam.variants.insert(adam.variants.end(),
                       {{"plain", {.learning_rate = 0.1}},
                        {"betas", {.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-4}},
                        {"amsgrad_torch", {.learning_rate = 0.1, .beta2 = 0.9, .amsgrad = AMSGrad::torch}},
                        {"amsgrad_optax", {.learning_rate = 0.1, .beta2 = 0.9, .amsgrad = AMSGrad::optax}}});

  Entry<AdamW> adamw{
      "AdamW", {.learning_rate = 0.1}, adams(AdamW{}), adam_fields(AdamW{}), adam_bad(AdamW{})};
  adamw.variants.insert(
      adamw.variants.end(),
      {{"betas", {.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-4, .weight_decay = 0.2}},
       {"amsgrad_torch",
        {.learning_rate = 0.1, .beta2 = 0.9, .weight_decay = 0.1, .amsgrad = AMSGrad::torch}},
       {"amsgrad_optax",
        {.learning_rate = 0.1, .beta2 = 0.9, .weight_decay = 0.1, .amsgrad = AMSGrad::optax}}});

  const auto with_rate = [](auto preset, double rate) {
    preset.learning_rate = rate;
    return preset;
  };
  // With an ε that lets the length of the momentum be seen.
  const NewtonSchulz guarded{.epsilon = 0.1, .guard = NormGuard::add};
  const NewtonSchulz convergent{.steps = 12, .coefficients = quintics::convergent};
  Muon optax = presets::muon_optax, dion_cautious = presets::muon_dion;
  optax.weight_decay = 0.1;
  dion_cautious.weight_decay = 0.5;
  dion_cautious.cautious = true;
  Entry<Muon> muon{"Muon",
                   {.learning_rate = 0.05, .orthogonalizer = guarded},
                   {{"default", {}},
                    {"match_rms_adamw", {.learning_rate = 0.01, .scale = MuonScale::match_rms_adamw}},
                    {"no_nesterov", {.learning_rate = 0.01, .nesterov = false, .weight_decay = 0}},
                    {"options",
                     {.learning_rate = 0.05,
                      .momentum = 0.8,
                      .weight_decay = 0.2,
                      .orthogonalizer = {.steps = 3, .coefficients = quintics::convergent, .epsilon = 1e-7}}},
                    {"keller", with_rate(presets::muon_jordan, 0.01)},
                    {"moonlight", with_rate(presets::muon_moonlight, 0.01)},
                    {"optax", with_rate(optax, 0.005)},
                    {"dion", with_rate(presets::muon_dion, 0.001)},
                    {"dion_cautious", with_rate(dion_cautious, 0x1p-10)}},
                   {{"learning_rate", set(&Muon::learning_rate, 0.1)},
                    {"momentum", set(&Muon::momentum, 0.5)},
                    {"nesterov", set(&Muon::nesterov, false)},
                    {"weight_decay", set(&Muon::weight_decay, 0.2)},
                    {"cautious", set(&Muon::cautious, true)},
                    {"scale", set(&Muon::scale, MuonScale::match_rms_adamw)},
                    {"layout", set(&Muon::layout, MuonLayout::inputs_by_outputs)},
                    {"accumulation", set(&Muon::accumulation, MuonMomentum::sum)},
                    {"row_blocks", set(&Muon::row_blocks, 2)},
                    {"column_blocks", set(&Muon::column_blocks, 2)},
                    {"orthogonalizer", set(&Muon::orthogonalizer, convergent)}},
                   {{"learning_rate", set(&Muon::learning_rate, -1.0)},
                    {"momentum", set(&Muon::momentum, 1.0)},
                    {"weight_decay", set(&Muon::weight_decay, -1.0)},
                    {"row_blocks", set(&Muon::row_blocks, 0)},
                    {"column_blocks", set(&Muon::column_blocks, -1)},
                    {"steps", [](auto& o) { o.orthogonalizer.steps = 0; }},
                    {"epsilon", [](auto& o) { o.orthogonalizer.epsilon = -1; }},
                    {"coefficients",
                     [nan](auto& o) {
                       o.orthogonalizer.coefficients = Quintic{1, nan, 0};
                     }}},
                   false};

  NorMuon speedrun = presets::normuon_speedrun;
  speedrun.weight_decay = 0.5;
  Entry<NorMuon> normuon{
      "NorMuon",
      {.learning_rate = 0.05, .weight_decay = 0.1, .orthogonalizer = guarded},
      {{"plain", {.learning_rate = 0.002}},
       {"options",
        {.learning_rate = 0.002, .momentum = 0.9, .beta2 = 0.8, .epsilon = 1e-3, .weight_decay = 0.5}},
       {"speedrun", with_rate(speedrun, 0.002)}},
      {{"learning_rate", set(&NorMuon::learning_rate, 0.1)},
       {"momentum", set(&NorMuon::momentum, 0.5)},
       {"beta2", set(&NorMuon::beta2, 0.5)},
       {"epsilon", set(&NorMuon::epsilon, 0.1)},
       {"nesterov", set(&NorMuon::nesterov, false)},
       {"weight_decay", set(&NorMuon::weight_decay, 0.2)},
       {"cautious", set(&NorMuon::cautious, true)},
       {"scale", set(&NorMuon::scale, MuonScale::match_rms_adamw)},
       {"layout", set(&NorMuon::layout, MuonLayout::inputs_by_outputs)},
       {"statistics", set(&NorMuon::statistics, NorMuonStatistics::longer_side)},
       {"orthogonalizer", set(&NorMuon::orthogonalizer, convergent)}},
      {{"learning_rate", set(&NorMuon::learning_rate, -1.0)},
       {"momentum", set(&NorMuon::momentum, 1.0)},
       {"beta2", set(&NorMuon::beta2, 1.0)},
       {"epsilon", set(&NorMuon::epsilon, 0.0)},
       {"weight_decay", set(&NorMuon::weight_decay, nan)},
       {"steps", [](auto& o) { o.orthogonalizer.steps = 0; }}},
      false};

  Entry<AdaMuon> adamuon{
      "AdaMuon",
      {.learning_rate = 0.05, .orthogonalizer = guarded},
      {{"plain", {.learning_rate = 0.002}},
       {"no_nesterov", {.learning_rate = 0.002, .nesterov = false, .weight_decay = 0}},
       {"options",
        {.learning_rate = 0.002, .momentum = 0.9, .beta2 = 0.9, .epsilon = 1e-3, .weight_decay = 0.5}}},
      {{"learning_rate", set(&AdaMuon::learning_rate, 0.1)},
       {"momentum", set(&AdaMuon::momentum, 0.5)},
       {"beta2", set(&AdaMuon::beta2, 0.5)},
       {"epsilon", set(&AdaMuon::epsilon, 0.1)},
       {"nesterov", set(&AdaMuon::nesterov, false)},
       {"weight_decay", set(&AdaMuon::weight_decay, 0.2)},
       {"orthogonalizer", set(&AdaMuon::orthogonalizer, convergent)}},
      {{"learning_rate", set(&AdaMuon::learning_rate, nan)},
       {"momentum", set(&AdaMuon::momentum, -0.1)},
       {"beta2", set(&AdaMuon::beta2, 1.0)},
       {"epsilon", set(&AdaMuon::epsilon, -1.0)},
       {"weight_decay", set(&AdaMuon::weight_decay, -1.0)},
       {"steps", [](auto& o) { o.orthogonalizer.steps = 0; }}},
      false};

  Entry<Dion> dion{
      "Dion",
      {.learning_rate = 0.05},
      {{"plain", {.learning_rate = 0.001}},
       {"low_rank", {.learning_rate = 0.002, .weight_decay = 0, .rank_fraction = 0.25, .seed = 1}},
       {"options",
        {.learning_rate = 0.002,
         .momentum = 0.8,
         .weight_decay = 0.5,
         .rank_fraction = 0.5,
         .epsilon = 1e-3}}},
      {{"learning_rate", set(&Dion::learning_rate, 0.1)},
       {"momentum", set(&Dion::momentum, 0.5)},
       {"weight_decay", set(&Dion::weight_decay, 0.2)},
       {"rank_fraction", set(&Dion::rank_fraction, 0.5)},
       {"epsilon", set(&Dion::epsilon, 0.1)},
       {"seed", set(&Dion::seed, 1u)}},
      {{"learning_rate", set(&Dion::learning_rate, -1.0)},
       {"momentum", set(&Dion::momentum, 1.1)},
       {"weight_decay", set(&Dion::weight_decay, nan)},
       {"rank_fraction", set(&Dion::rank_fraction, 0.0)},
       {"epsilon", set(&Dion::epsilon, 0.0)}},
      false};

  return std::tuple{sgd, momentum, adagrad, rmsprop, adam, adamw, muon, normuon, adamuon, dion};
}

/// Calls `visitor(entry)` for every optimizer.
template <class Visitor>
void for_each_optimizer(Visitor&& visitor) {
  std::apply([&](const auto&... entry) { (visitor(entry), ...); }, optimizers());
}

}  // namespace gradus_test
