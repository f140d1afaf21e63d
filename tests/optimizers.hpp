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

  Muon jordan = presets::muon_jordan, moonlight = presets::muon_moonlight;
  jordan.learning_rate = 0.01;
  moonlight.learning_rate = 0.01;
  const NewtonSchulz other{.steps = 12, .coefficients = quintics::convergent};
  Entry<Muon> muon{
      "Muon",
      // With an ε that lets the length of the momentum be seen.
      {.learning_rate = 0.05, .weight_decay = 0, .orthogonalizer = {.epsilon = 0.1, .guard = NormGuard::add}},
      {{"default", {}},
       {"match_rms_adamw", {.learning_rate = 0.01, .scale = MuonScale::match_rms_adamw}},
       {"no_nesterov", {.learning_rate = 0.01, .nesterov = false, .weight_decay = 0}},
       {"options",
        {.learning_rate = 0.05,
         .momentum = 0.8,
         .weight_decay = 0.2,
         .orthogonalizer = {.steps = 3, .coefficients = quintics::convergent}}},
       {"keller", jordan},
       {"moonlight", moonlight}},
      {{"learning_rate", set(&Muon::learning_rate, 0.1)},
       {"momentum", set(&Muon::momentum, 0.5)},
       {"nesterov", set(&Muon::nesterov, false)},
       {"weight_decay", set(&Muon::weight_decay, 0.2)},
       {"scale", set(&Muon::scale, MuonScale::match_rms_adamw)},
       {"accumulation", set(&Muon::accumulation, MuonMomentum::sum)},
       {"orthogonalizer", set(&Muon::orthogonalizer, other)}},
      {{"learning_rate", set(&Muon::learning_rate, -1.0)},
       {"momentum", set(&Muon::momentum, 1.0)},
       {"weight_decay", set(&Muon::weight_decay, -1.0)},
       {"steps", [](auto& o) { o.orthogonalizer.steps = 0; }},
       {"epsilon", [](auto& o) { o.orthogonalizer.epsilon = -1; }},
       {"coefficients", [nan](auto& o) { o.orthogonalizer.coefficients.b = nan; }}},
      false};

  return std::tuple{sgd, momentum, adagrad, rmsprop, adam, adamw, muon};
}

/// Calls `visitor(entry)` for every optimizer.
template <class Visitor>
void for_each_optimizer(Visitor&& visitor) {
  std::apply([&](const auto&... entry) { (visitor(entry), ...); }, optimizers());
}

}  // namespace gradus_test
