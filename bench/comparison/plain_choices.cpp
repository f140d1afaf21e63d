// SPDX-License-Identifier: MIT
#include <gradus/gradus.hpp>

#include "choices.hpp"

std::vector<comparison::Choice> comparison::plain_choices() {
  using namespace gradus;
  std::vector<Choice> choices{choice(SGD{}),  choice(Momentum{}),       choice(Nesterov{}),
                              choice(ASGD{}), choice(LARS{}),           choice(Rprop{}, &Rprop::initial_step),
                              choice(Lion{}), choice(ScheduleFreeSGD{})};
  choices.back().constant_rate = true;
  return choices;
}
