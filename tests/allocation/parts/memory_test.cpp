// SPDX-License-Identifier: MIT
//
// What `memory` says before `init` is what `init` takes from the heap.
#include <malloc.h>

#include <gradus/gradus.hpp>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;

namespace {

struct Model {
  Eigen::MatrixXf wide{300, 401};
  std::vector<Eigen::MatrixXf> square{Eigen::MatrixXf(256, 256), Eigen::MatrixXf(90, 90)};
  Eigen::VectorXf bias{2001};
  Eigen::Vector2f pair;
  Eigen::MatrixXf none{0, 5};
  GRADUS_LEAVES(wide, square, bias, pair, none)
};

long bytes_in_use() {
  const auto info = mallinfo2();
  return static_cast<long>(info.uordblks + info.hblkhd);
}

// But for single numbers, lists of shapes and the allocator's own headers.
template <class O>
void check_memory(const char* name, const O& optimizer, Model& model) {
  INFO(name);
  walk(
      "check_memory", [](const Path&, auto& leaf) { leaf.setOnes(); }, model);
  const Memory expected = memory(optimizer, model);
  CHECK(expected.parameters == 4 * (300 * 401 + 256 * 256 + 90 * 90 + 2001 + 2));
  const long before = bytes_in_use();
  [[maybe_unused]] const auto state = optimizer.init(model);
  const long taken = bytes_in_use() - before;
  CHECK(std::abs(taken - static_cast<long>(expected.state + expected.scratch)) < 4096);
  CHECK(expected.total() == expected.parameters + expected.state + expected.scratch);
}

template <class... O>
void check_all(const O&... optimizers) {
  Model model;
  (check_memory(std::string(optimizers.name()).c_str(), optimizers, model), ...);
}

const auto no_estimate = [](const auto&, auto&, auto) {};
const auto no_gradient = [](const auto&, auto&) { return 0.0; };

}  // namespace

TEST_CASE("the memory of an optimizer is known before it is taken") {
  check_all(SGD{}, Momentum{}, Nesterov{}, AdaGrad{}, AdaDelta{}, RMSProp{}, RMSProp{.centered = true},
            RMSProp{.momentum = 0.9, .centered = true}, Rprop{}, Adam{}, AdamW{}, AMSGrad{}, NAdam{}, RAdam{},
            AdaMax{}, AdaBelief{}, LaProp{}, ADOPT{}, Adan{}, AdEMAMix{}, MARS{}, ASGD{}, Lion{}, Signum{},
            LARS{}, LAMB{}, Adafactor{}, Adafactor{.beta1 = 0.9}, CAME{}, ScheduleFreeSGD{},
            ScheduleFreeAdamW{}, Prodigy{}, sophia(no_estimate));
  check_all(Muon{}, NorMuon{}, AdaMuon{}, Dion{}, Dion{.rank_fraction = 0.2}, Shampoo{}, Scion<>{},
            Scion<MaxNorm>{}, SteepestDescent<>{}, Shampoo{.block_size = 64}, SOAP{},
            SOAP{.max_dimension = 300}, SOAP{.one_sided = true}, SOAP{.kullback_leibler = true}, SOAPMuon{},
            Dion2{}, PSGDKron{}, PSGDKron{.max_skew = 100});
}

TEST_CASE("the memory of wrappers is that of what they hold and their own") {
  const auto is_bias = [](const LeafInfo& leaf) { return leaf.name == "bias"; };
  check_all(lookahead(Muon{}), cautious(AdamW{}), exponential_average(Adam{}, 0.9), accumulate(Lion{}, 3),
            skip_nonfinite(NAdam{}), sharpness_aware(no_gradient, RMSProp{}),
            scheduled<&SOAP::learning_rate>(SOAP{}, Constant{0.1}), stiefel(Adam{}), hyperball(Muon{}),
            update_floor(Adam{}, 0.1, true), ema_nesterov(Lion{}), diloco(AdamW{}, 30),
            route(is_matrix, Muon{}, AdamW{}), route(is_bias, Frozen{}, route(is_matrix, SOAP{}, Lion{})));
}

TEST_CASE("a single matrix is a model, too") {
  const Eigen::MatrixXd m = Eigen::MatrixXd::Ones(20, 30);
  const Memory adam = memory(Adam{}, m);
  CHECK(adam.parameters == 8 * 600);
  CHECK(adam.state == 2 * 8 * 600);
  CHECK(memory(Muon{}, m).scratch > 8 * 600);
}
