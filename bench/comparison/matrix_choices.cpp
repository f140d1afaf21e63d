// SPDX-License-Identifier: MIT
#include <gradus/gradus.hpp>

#include "choices.hpp"

namespace {

// For the hidden matrices; embeddings and gains get AdamW, at a rate that is good for it here.
template <class Optimizer>
comparison::Choice hidden(const Optimizer& optimizer) {
  return comparison::choice(optimizer, &Optimizer::learning_rate, [](const Optimizer& changed) {
    return gradus::route(gpt::is_hidden_matrix, changed, gradus::AdamW{.learning_rate = 5e-3});
  });
}

}  // namespace

std::vector<comparison::Choice> comparison::matrix_choices() {
  using namespace gradus;
  return {hidden(Shampoo{.period = 10}),
          hidden(SOAP{}),
          hidden(Muon{}),
          hidden(NorMuon{}),
          hidden(AdaMuon{}),
          hidden(Dion{}),
          hidden(presets::scion_hidden(50)),
          hidden(SteepestDescent<>{})};
}
