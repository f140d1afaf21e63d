// SPDX-License-Identifier: MIT
#include "optimizer.hpp"

std::vector<playground::Optimizer> playground::plain_optimizers() {
  using namespace gradus;
  return {entry<SGD>(),   entry<Momentum>(), entry<Nesterov>(), entry<ASGD>(),           entry<LARS>(),
          entry<Rprop>(), entry<Lion>(),     entry<Signum>(),   entry<ScheduleFreeSGD>()};
}
