// SPDX-License-Identifier: MIT
//
// Fields may change between steps; what that asks of a state which `init` did not make so is refused. The
// battery holds every field of every optimizer to this; here are the sentences, fixed sizes, and the
// wrappers.
#include <gradus/objectives/objectives.hpp>

#include "catch.hpp"
#include "wrappers.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

// Steps `late` on a state that `early` made.
template <class O, class P = Tree<double>>
void refuses(const O& early, const O& late, const std::string& what,
             P params = make_tree<double>({{6, 4}, {3, 3}})) {
  auto state = early.init(params);
  run(early, params, state, 1, 2);
  const auto before = params;
  const auto bytes = bytes_of(state);
  CHECK_THROWS_AS(late.step(params, before, state), std::invalid_argument);
  CHECK_THROWS_WITH(late.step(params, before, state), contains(what));
  CHECK(same_bits(params, before));
  CHECK(bytes_of(state) == bytes);
}

}  // namespace

TEST_CASE("an option that needs state of its own is refused by name when it comes after init") {
  refuses(RMSProp{}, RMSProp{.momentum = 0.9}, "RMSProp: momentum was set after init");
  refuses(RMSProp{}, RMSProp{.centered = true}, "RMSProp: centered was set after init");
  refuses(RMSProp{}, RMSProp{.centered = true}, "RMSProp: centered was set after init",
          Eigen::Vector2d(1, 2));
  refuses(Adafactor{}, Adafactor{.beta1 = 0.9}, "Adafactor: beta1 was set after init");
  refuses(Adafactor{}, Adafactor{.min_dim_size_to_factor = 5}, "Adafactor: min_dim_size_to_factor is 5");
  refuses(Shampoo{}, Shampoo{.beta1 = 0.9}, "Shampoo: beta1 was set after init");
  refuses(Shampoo{}, Shampoo{.graft = ShampooGraft::adagrad}, "Shampoo: graft was set after init");
  refuses(Shampoo{}, Shampoo{.block_size = 2}, "Shampoo: block_size is 2, but must stay what it was at init");
  refuses(NorMuon{}, NorMuon{.layout = Layout::inputs_by_outputs}, "NorMuon: layout was changed after init");
  refuses(NorMuon{}, NorMuon{.statistics = NorMuonStatistics::longer_side},
          "NorMuon: statistics was changed");
  refuses(Dion{}, Dion{.rank_fraction = 0.5}, "Dion: rank_fraction is 0.5");
  refuses(Dion{}, Dion{.seed = 3}, "Dion: seed is 3");
  refuses(SOAP{}, SOAP{.one_sided = true}, "SOAP: one_sided was changed after init");
  refuses(SOAP{}, SOAP{.kullback_leibler = true}, "SOAP: kullback_leibler was changed after init");
  refuses(PSGDKron{}, PSGDKron{.max_skew = 2}, "PSGDKron: max_skew is 2");
  refuses(AdaGrad{}, AdaGrad{.initial_accumulator = 1}, "AdaGrad: initial_accumulator is 1");
  refuses(Rprop{}, Rprop{.initial_step = 1}, "Rprop: initial_step is 1");
}

TEST_CASE("a method of orthogonalization that goes bad after init is refused before anything moves") {
  refuses(Muon{}, Muon{.orthogonalizer = {.steps = 0}}, "Muon: steps is 0");
  Muon cut = presets::muon_dion();
  cut.orthogonalizer.steps = 3;
  refuses(presets::muon_dion(), cut,
          "Muon: steps is 3, but must be the number of rows of the coefficients, 5");
}

TEST_CASE("wrappers, too, refuse a field that goes bad between two steps, before anything moves") {
  const SGD sgd{.learning_rate = 0.1};
  refuses(lookahead(sgd), lookahead(sgd, 0), "Lookahead: steps is 0");
  refuses(accumulate(sgd, 2), accumulate(sgd, 0), "Accumulate: batches is 0");
  refuses(polyak_average(sgd), stochastic_weight_average(sgd, 0, 0), "Average: period is 0");
  refuses(skip_nonfinite(sgd), skip_nonfinite(sgd, -1), "SkipNonfinite: max_consecutive is -1");
  refuses(sharpness_aware(Sphere{}, sgd), sharpness_aware(Sphere{}, sgd, -1), "SharpnessAware: radius is -1",
          Eigen::VectorXd(Eigen::VectorXd::Ones(3)));
  const auto inner = [](double rate) {
    return lookahead(accumulate(cautious(SGD{.learning_rate = rate}), 2));
  };
  refuses(inner(0.1), inner(-1), "SGD: learning_rate is -1");
  refuses(route(is_matrix, sgd, sgd), route(is_matrix, sgd, SGD{.learning_rate = -1}),
          "SGD: learning_rate is -1", make_tree<double>({{6, 4}, {3, 1}}));
  const auto falling = [](double last) {
    return scheduled<&SGD::learning_rate>(SGD{}, [=](std::int64_t t) { return t < 2 ? 0.1 : last; });
  };
  refuses(falling(-1), falling(-1), "SGD: learning_rate is -1");
}
