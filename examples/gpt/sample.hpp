// SPDX-License-Identifier: MIT
//
// Text that the model writes.
#pragma once

#include "text.hpp"

namespace gpt {

/// Continues `prompt` by so many characters. Lower temperatures make likely characters likelier.
template <class Scalar>
std::string sample(const Model<Scalar>& model, const Configuration& sizes, const Text& text,
                   const std::string& prompt, int characters, double temperature, std::uint64_t seed) {
  Transformer<Scalar> transformer(sizes, 1, sizes.context);
  gradus::PortableRandom random(seed);
  std::vector<int> tokens = text.encode(prompt), seen(static_cast<std::size_t>(sizes.context));
  std::string result = prompt;
  for (int i = 0; i < characters; ++i) {
    // The model looks at the last characters. What stands behind them, it does not see.
    const std::size_t count = std::min(tokens.size(), seen.size());
    std::copy(tokens.end() - static_cast<Index>(count), tokens.end(), seen.begin());
    transformer.forward(model, seen);
    tokens.push_back(
        draw_character(transformer.logits.col(static_cast<Index>(count) - 1), temperature, random));
    result += text.alphabet[static_cast<std::size_t>(tokens.back())];
  }
  return result;
}

}  // namespace gpt
