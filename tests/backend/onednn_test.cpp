// SPDX-License-Identifier: MIT
#include <gradus/backend/onednn.hpp>
#include <gradus/optimizers/muon.hpp>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

TEST_CASE("oneDNN computes in float what the library's own products compute") {
  using Method = BasicNewtonSchulz<OneDnnProducts>;
  for (const auto& [rows, cols] : Shapes{{1, 1}, {7, 7}, {33, 90}, {90, 33}, {300, 300}, {520, 600}}) {
    const auto x = make_tree<float>({{rows, cols}})[0];
    for (const auto form : {NewtonSchulzForm::plain, NewtonSchulzForm::gram}) {
      const NewtonSchulz expected{.prescale = Prescale::schatten4, .form = form};
      const Method method{.prescale = Prescale::schatten4, .form = form};
      CHECK(relative_difference(orthogonalize(x, method), orthogonalize(x, expected)) < 2e-4);
    }
    const NewtonSchulz cubic{.coefficients = quintics::cubic};
    CHECK(relative_difference(orthogonalize(x, Method{.coefficients = quintics::cubic}),
                              orthogonalize(x, cubic)) < 1e-4);
  }
}

TEST_CASE("oneDNN's bfloat16 is as near as bfloat16 can be") {
  using Method = BasicNewtonSchulz<OneDnnProducts, Eigen::bfloat16>;
  Eigen::MatrixXf x(300, 400);
  for (Index i = 0; i < x.size(); ++i) x(i) = static_cast<float>(std::sin(0.1 * static_cast<double>(i * i)));
  for (const auto prescale : {Prescale::frobenius, Prescale::schatten4, Prescale::spectral, Prescale::aol}) {
    const NewtonSchulz in_float{.prescale = prescale};
    const double difference =
        relative_difference(orthogonalize(x, Method{.prescale = prescale}), orthogonalize(x, in_float));
    CHECK(difference > 1e-4);
    CHECK(difference < 0.2);
  }
}

TEST_CASE("Muon takes oneDNN") {
  using Brief = BasicMuon<BasicNewtonSchulz<OneDnnProducts, Eigen::bfloat16>>;
  auto params = make_tree<float>({{40, 30}, {30, 40}, {64, 64}}), expected = params;
  const auto grads = params;
  const Brief brief{.learning_rate = 0.01};
  const Muon muon{.learning_rate = 0.01};
  auto brief_state = brief.init(params);
  auto state = muon.init(expected);
  for (int t = 0; t < 3; ++t) {
    brief.step(params, grads, brief_state);
    muon.step(expected, grads, state);
  }
  for (std::size_t i = 0; i < params.size(); ++i) {
    CHECK(relative_difference(params[i], expected[i]) < 2e-3);
    CHECK(params[i] != expected[i]);
  }
}
