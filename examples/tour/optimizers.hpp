// SPDX-License-Identifier: MIT
//
// The optimizers, with hyperparameters that suit the Styblinski-Tang function.
#pragma once

#include <gradus/gradus.hpp>

#include "problems.hpp"

namespace tour {

/// Calls `visit(name, optimizer)` for each. The first nine are the default.
template <class Visitor>
void for_each_optimizer(const Problem& problem, const Visitor& visit) {
  using namespace gradus;
  visit("SGD", SGD{.learning_rate = 0.02});
  visit("Momentum", Momentum{.learning_rate = 0.02, .momentum = 0.9});
  visit("AdaGrad", AdaGrad{.learning_rate = 0.4, .epsilon = 1e-8});
  visit("RMSProp", RMSProp{.learning_rate = 0.01, .decay = 0.9});
  visit("RMSProp centered", RMSProp{.learning_rate = 0.01, .decay = 0.9, .centered = true});
  visit("Adam", Adam{.learning_rate = 0.01});
  visit("Adam with L2", Adam{.learning_rate = 0.01, .weight_decay = 0.01});
  visit("AdamW", AdamW{.learning_rate = 0.01, .weight_decay = 0.01});
  visit("Muon", Muon{.learning_rate = 0.01, .weight_decay = 0.01, .scale = MuonScale::match_rms_adamw});

  visit("Nesterov", Nesterov{.learning_rate = 0.005});
  visit("AdaDelta", AdaDelta{.learning_rate = 0.1, .epsilon = 0.01});
  visit("AMSGrad", AMSGrad{.learning_rate = 0.01});
  visit("AdaMax", AdaMax{.learning_rate = 0.02});
  visit("NAdam", NAdam{.learning_rate = 0.01});
  visit("RAdam", RAdam{.learning_rate = 0.01});
  visit("AdaBelief", AdaBelief{.learning_rate = 0.01, .epsilon = 1e-8});
  visit("LaProp", LaProp{.learning_rate = 0.01});
  visit("ADOPT", ADOPT{.learning_rate = 0.01});
  visit("Adan", Adan{.learning_rate = 0.01});
  visit("AdEMAMix", AdEMAMix{.learning_rate = 0.01, .beta3 = 0.99, .alpha = 1});
  visit("MARS", MARS{.learning_rate = 0.01});
  visit("ASGD", ASGD{.learning_rate = 0.02, .average_from = 100});
  visit("Rprop", Rprop{.initial_step = 0.01});
  visit("Lion", Lion{.learning_rate = 0.003, .weight_decay = 0.01});
  visit("Signum", Signum{.learning_rate = 0.003});
  visit("Adafactor", Adafactor{.learning_rate = 0.003});
  visit("CAME", CAME{.learning_rate = 0.01});
  visit("LAMB", LAMB{.learning_rate = 0.01});
  visit("LARS", LARS{.learning_rate = 1});
  visit("Shampoo", Shampoo{.learning_rate = 0.4});
  visit("SOAP", SOAP{.learning_rate = 0.01});
  visit("PSGDKron", PSGDKron{.learning_rate = 0.01});
  visit("SOAPMuon", SOAPMuon{.learning_rate = 0.01});
  visit("ScheduleFreeSGD", ScheduleFreeSGD{.learning_rate = 0.02});
  visit("ScheduleFreeAdamW", ScheduleFreeAdamW{.learning_rate = 0.05});
  visit("Prodigy", Prodigy{});
  visit("NorMuon", NorMuon{.learning_rate = 0.01});
  visit("AdaMuon", AdaMuon{.learning_rate = 0.05});
  visit("Dion2", Dion2{.learning_rate = 0.01});
  visit("Dion", Dion{.learning_rate = 0.01});
  visit("Scion RMS",
        Scion<FrobeniusNorm>{.learning_rate = 0.01, .constrained = false, .norm = {.rms = true}});
  visit("Scion largest entry", Scion<MaxNorm>{.learning_rate = 0.01, .constrained = false});
  visit("SteepestDescent", SteepestDescent<MaxNorm>{.learning_rate = 0.01});

  // Sophia asks for products of the Hessian with a vector: differences of the gradient.
  auto sophia = gradus::sophia(hutchinson(
      [f = problem.f](const Point& x, const Point& u, Point& product) {
        constexpr double step = 1e-4;
        Point ahead, behind;
        f(x + step * u, ahead), f(x - step * u, behind);
        product = (ahead - behind) / (2 * step);
      },
      1));
  sophia.learning_rate = 0.01;
  visit("Sophia", sophia);
}

}  // namespace tour
