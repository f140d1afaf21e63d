// SPDX-License-Identifier: MIT
//
// Those that know more than the gradient's coefficients: curvature, or what correlates.
#include "optimizers/entry.hpp"
#include "optimizers/lists.hpp"

using namespace gradus;

namespace gradus_test {

namespace {

// Takes the squares of the problem's gradient for the curvature, as reference/transcribed.py does.
struct SquaredGradient {
  double factor = 1;

  template <class P, class Estimate>
  void operator()(const P& params, Estimate& estimate, std::int64_t t) const {
    write_gradient(params, estimate, static_cast<int>(t));
    gradus::for_each_block([f = factor](auto& h) { h = f * h.square(); }, estimate);
  }
};

Entry soap_muon() {
  // With an ε that lets the length of the momentum be seen.
  const NewtonSchulz guarded{.epsilon = 0.1, .guard = NormGuard::add};
  auto result = entry<SOAPMuon>(
      {.name = "SOAPMuon",
       .usual = {.learning_rate = 0.05, .epsilon = 0.05, .weight_decay = 0.1, .period = 3},
       .variants = {{"plain", {.learning_rate = 0x1p-8}},
                    {"options",
                     {.learning_rate = 0x1p-8,
                      .momentum = 0.9,
                      .beta2 = 0.8,
                      .shampoo_beta = 0.7,
                      .epsilon = 0.1,
                      .weight_decay = 0.5,
                      .nesterov = false,
                      .period = 3}},
                    {"one_sided", {.learning_rate = 0x1p-8, .period = 5, .one_sided = true}}},
       .fields = {{"learning_rate", set(&SOAPMuon::learning_rate, 0.1)},
                  {"momentum", set(&SOAPMuon::momentum, 0.5)},
                  {"beta2", set(&SOAPMuon::beta2, 0.5)},
                  {"shampoo_beta", set(&SOAPMuon::shampoo_beta, 0.5)},
                  {"epsilon", set(&SOAPMuon::epsilon, 0.5)},
                  {"weight_decay", set(&SOAPMuon::weight_decay, 0.2)},
                  {"nesterov", set(&SOAPMuon::nesterov, false)},
                  {"scale", set(&SOAPMuon::scale, MuonScale::match_rms_adamw)},
                  {"layout", set(&SOAPMuon::layout, Layout::inputs_by_outputs)},
                  {"cautious_decay", set(&SOAPMuon::cautious_decay, true)},
                  {"period", set(&SOAPMuon::period, 2)},
                  {"max_dimension", set(&SOAPMuon::max_dimension, Index{3})},
                  {"one_sided", set(&SOAPMuon::one_sided, true)},
                  {"orthogonalizer", set(&SOAPMuon::orthogonalizer, guarded)}},
       .bad = {{"learning_rate", set(&SOAPMuon::learning_rate, -1.0)},
               {"momentum", set(&SOAPMuon::momentum, 1.0)},
               {"beta2", set(&SOAPMuon::beta2, 1.0)},
               {"shampoo_beta", set(&SOAPMuon::shampoo_beta, -0.1)},
               {"epsilon", set(&SOAPMuon::epsilon, nan)},
               {"weight_decay", set(&SOAPMuon::weight_decay, -1.0)},
               {"period", set(&SOAPMuon::period, 0)},
               {"max_dimension", set(&SOAPMuon::max_dimension, Index{0})},
               {"steps", [](auto& o) { o.orthogonalizer.steps = 0; }}},
       .coefficient_wise = false,
       .without_epsilon = SOAPMuon{.learning_rate = 0.05,
                                   .epsilon = 0,
                                   .period = 3,
                                   .orthogonalizer = {.steps = 12, .coefficients = quintics::flat}}});
  // The records, made of the same stages as in user code.
  const auto record = [](double rate, double decay, bool by_rows) {
    const SOAPMuon muon{};
    return StageList{"record",
                     std::tuple{stages::EigenbasisWhitening{}, stages::Orthogonalize<>{muon.orthogonalizer},
                                stages::ScaleByShape{}, stages::RadialBrake{},
                                stages::UpdateFloor{.ratio = 0.3825, .by_neuron = by_rows},
                                stages::DescendToRadius{rate, decay}}};
  };
  result.variants.emplace_back("record_44", erase(record(0x1p-7, 0, false)));
  result.variants.emplace_back("record_46", erase(record(0x1p-8, 0.5, true)));
  return result;
}

}  // namespace

std::vector<Entry> curvature() {
  using Sophia = BasicSophia<SquaredGradient>;
  return {
      entry<Sophia>(
          {.name = "Sophia",
           .usual = {.learning_rate = 0.05, .gamma = 4, .period = 3, .estimator = {}},
           .variants =
               {{"default", {}},
                {"unclipped",
                 {.learning_rate = 0x1p-7, .weight_decay = 0, .gamma = 4, .period = 3, .estimator = {}}},
                {"options",
                 {.learning_rate = 0x1p-6,
                  .beta1 = 0.9,
                  .beta2 = 0.8,
                  .epsilon = 0.2,
                  .weight_decay = 0.5,
                  .gamma = 0.5,
                  .clip = 0.5,
                  .period = 1,
                  .estimator = {}}},
                {"cautious",
                 {.learning_rate = 0x1p-6,
                  .weight_decay = 0.5,
                  .cautious_decay = true,
                  .gamma = 4,
                  .period = 3,
                  .estimator = {}}}},
           .fields = {{"learning_rate", set(&Sophia::learning_rate, 0.1)},
                      {"beta1", set(&Sophia::beta1, 0.5)},
                      {"beta2", set(&Sophia::beta2, 0.5)},
                      {"gamma", set(&Sophia::gamma, 8.0)},
                      {"epsilon", set(&Sophia::epsilon, 0.2)},
                      {"weight_decay", set(&Sophia::weight_decay, 0.5)},
                      {"cautious_decay", set(&Sophia::cautious_decay, true)},
                      {"clip", set(&Sophia::clip, 0.1)},
                      {"period", set(&Sophia::period, 2)},
                      {"estimator", set(&Sophia::estimator, SquaredGradient{2})}},
           .bad = {{"learning_rate", set(&Sophia::learning_rate, -1.0)},
                   {"beta1", set(&Sophia::beta1, 1.0)},
                   {"beta2", set(&Sophia::beta2, 1.0)},
                   {"gamma", set(&Sophia::gamma, 0.0)},
                   {"epsilon", set(&Sophia::epsilon, 0.0)},
                   {"weight_decay", set(&Sophia::weight_decay, nan)},
                   {"clip", set(&Sophia::clip, 0.0)},
                   {"period", set(&Sophia::period, 0)}},
           .coefficient_wise = false,  // because the curvature here depends on the place
           .couples_leaves = true}),
      entry<Shampoo>(
          {.name = "Shampoo",
           .usual = {.learning_rate = 0.1, .beta2 = 0.9, .epsilon = 1e-2, .block_size = 4},
           .variants = {{"default", {}},
                        {"sgd",
                         {.learning_rate = 0.02,
                          .beta1 = 0.5,
                          .epsilon = 1e-2,
                          .weight_decay = 0.1,
                          .graft = ShampooGraft::sgd}},
                        {"adagrad", {.learning_rate = 0.05, .block_size = 2, .graft = ShampooGraft::adagrad}},
                        {"average", {.learning_rate = 0.02, .beta2 = 0.9, .epsilon = 1e-2}},
                        {"options",
                         {.learning_rate = 0.05,
                          .beta1 = 0.9,
                          .beta2 = 0.9,
                          .epsilon = 1e-3,
                          .weight_decay = 0.05,
                          .period = 3,
                          .block_size = 3,
                          .graft = ShampooGraft::adagrad}}},
           .fields = {{"learning_rate", set(&Shampoo::learning_rate, 0.2)},
                      {"beta1", set(&Shampoo::beta1, 0.5)},
                      {"beta2", set(&Shampoo::beta2, 1.0)},
                      {"epsilon", set(&Shampoo::epsilon, 0.1)},
                      {"weight_decay", set(&Shampoo::weight_decay, 0.1)},
                      {"period", set(&Shampoo::period, 3)},
                      {"block_size", set(&Shampoo::block_size, 2)},
                      {"graft", set(&Shampoo::graft, ShampooGraft::sgd)}},
           .bad = {{"learning_rate", set(&Shampoo::learning_rate, -1.0)},
                   {"beta1", set(&Shampoo::beta1, 1.0)},
                   {"beta2", set(&Shampoo::beta2, 0.0)},
                   {"epsilon", set(&Shampoo::epsilon, 0.0)},
                   {"weight_decay", set(&Shampoo::weight_decay, nan)},
                   {"period", set(&Shampoo::period, 0)},
                   {"block_size", set(&Shampoo::block_size, 0)}},
           .coefficient_wise = false}),
      entry<PSGDKron>(
          {.name = "PSGDKron",
           .usual = {.learning_rate = 0.05},
           .variants = {{"plain", {.learning_rate = 0.01}},
                        {"no_momentum", {.learning_rate = 0.002, .momentum = 0, .period = 2, .max_skew = 2}},
                        {"diagonal",
                         {.learning_rate = 0.01, .weight_decay = 0.1, .max_dimension = 3, .max_skew = 4}},
                        {"options",
                         {.learning_rate = 0.02,
                          .momentum = 0.5,
                          .weight_decay = 0.2,
                          .preconditioner_rate = 0.5,
                          .beta = 0.5,
                          .damping = 0.1,
                          .period = 3,
                          .max_skew = 2,
                          .clip_rms = 0.5,
                          .clip = 0.7}}},
           .fields = {{"learning_rate", set(&PSGDKron::learning_rate, 0.1)},
                      {"momentum", set(&PSGDKron::momentum, 0.5)},
                      {"weight_decay", set(&PSGDKron::weight_decay, 0.1)},
                      {"preconditioner_rate", set(&PSGDKron::preconditioner_rate, 0.5)},
                      {"beta", set(&PSGDKron::beta, 0.1)},
                      {"damping", set(&PSGDKron::damping, 0.5)},
                      {"period", set(&PSGDKron::period, 2)},
                      {"max_dimension", set(&PSGDKron::max_dimension, Index{1})},
                      {"max_skew", set(&PSGDKron::max_skew, 5.0)},
                      {"clip_rms", set(&PSGDKron::clip_rms, 0.1)},
                      {"clip", set(&PSGDKron::clip, 0.1)}},
           .bad = {{"learning_rate", set(&PSGDKron::learning_rate, -1.0)},
                   {"momentum", set(&PSGDKron::momentum, 1.0)},
                   {"weight_decay", set(&PSGDKron::weight_decay, -1.0)},
                   {"preconditioner_rate", set(&PSGDKron::preconditioner_rate, 1.1)},
                   {"beta", set(&PSGDKron::beta, 1.0)},
                   {"damping", set(&PSGDKron::damping, 0.0)},
                   {"period", set(&PSGDKron::period, 0)},
                   {"max_dimension", set(&PSGDKron::max_dimension, Index{0})},
                   {"max_skew", set(&PSGDKron::max_skew, nan)},
                   {"clip_rms", set(&PSGDKron::clip_rms, 0.0)},
                   {"clip", set(&PSGDKron::clip, 0.0)}},
           .coefficient_wise = false}),
      entry<SOAP>(
          {.name = "SOAP",
           .usual = {.learning_rate = 0.05, .period = 3},
           .variants = {{"default", {}},
                        {"options",
                         {.learning_rate = 0.01,
                          .beta1 = 0.9,
                          .beta2 = 0.8,
                          .shampoo_beta = 0.7,
                          .epsilon = 1e-3,
                          .weight_decay = 0.1,
                          .period = 3}},
                        {"one_sided", {.learning_rate = 0.01, .period = 5, .one_sided = true}},
                        {"max_dimension",
                         {.learning_rate = 0.01, .beta1 = 0.9, .period = 1, .max_dimension = 3}},
                        {"kl",
                         {.learning_rate = 0.01, .beta1 = 0.9, .beta2 = 0.98, .kullback_leibler = true}},
                        {"kl_options",
                         {.learning_rate = 0.004,
                          .beta1 = 0.8,
                          .beta2 = 0.9,
                          .shampoo_beta = 0.7,
                          .epsilon = 1e-3,
                          .weight_decay = 0.1,
                          .period = 3,
                          .kullback_leibler = true}},
                        {"kl_one_sided",
                         {.learning_rate = 0.01,
                          .beta1 = 0.9,
                          .beta2 = 0.98,
                          .period = 5,
                          .one_sided = true,
                          .kullback_leibler = true}}},
           .fields = {{"learning_rate", set(&SOAP::learning_rate, 0.1)},
                      {"beta1", set(&SOAP::beta1, 0.5)},
                      {"beta2", set(&SOAP::beta2, 0.5)},
                      {"shampoo_beta", set(&SOAP::shampoo_beta, 0.5)},
                      {"epsilon", set(&SOAP::epsilon, 0.1)},
                      {"weight_decay", set(&SOAP::weight_decay, 0.1)},
                      {"period", set(&SOAP::period, 2)},
                      {"max_dimension", set(&SOAP::max_dimension, Index{3})},
                      {"one_sided", set(&SOAP::one_sided, true)},
                      {"kullback_leibler", set(&SOAP::kullback_leibler, true)}},
           .bad = {{"learning_rate", set(&SOAP::learning_rate, -1.0)},
                   {"beta1", set(&SOAP::beta1, 1.0)},
                   {"beta2", set(&SOAP::beta2, 1.0)},
                   {"shampoo_beta", set(&SOAP::shampoo_beta, -0.1)},
                   {"epsilon", set(&SOAP::epsilon, nan)},
                   {"weight_decay", set(&SOAP::weight_decay, -1.0)},
                   {"period", set(&SOAP::period, 0)},
                   {"max_dimension", set(&SOAP::max_dimension, Index{0})}},
           .coefficient_wise = false,
           .without_epsilon = SOAP{.learning_rate = 0.05, .epsilon = 0, .period = 3}}),
      soap_muon(),
  };
}

}  // namespace gradus_test
