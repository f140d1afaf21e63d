// SPDX-License-Identifier: MIT
//
// A text as numbers: which characters it has, and batches of sequences drawn from it.
#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "loss.hpp"

namespace gpt {

/// A text, its alphabet (its different bytes in order) and the numbers of its characters there. The first
/// nine tenths are for training, the rest for validation.
struct Text {
  std::string alphabet;
  std::vector<int> training, validation;

  static Text read(const std::string& path, Index context) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot open the text '" + path + "'; --text names another file");
    return Text(std::string(std::istreambuf_iterator<char>(file), {}), path, context);
  }

  Text(const std::string& text, const std::string& path, Index context) : alphabet(text) {
    std::sort(alphabet.begin(), alphabet.end(),
              [](char a, char b) { return static_cast<unsigned char>(a) < static_cast<unsigned char>(b); });
    alphabet.erase(std::unique(alphabet.begin(), alphabet.end()), alphabet.end());
    const std::size_t split = text.size() * 9 / 10;
    training = encode(text.substr(0, split)), validation = encode(text.substr(split));
    if (static_cast<Index>(validation.size()) <= context) {
      throw std::runtime_error("'" + path + "' is too short: a tenth of it, which is for validation, has " +
                               std::to_string(validation.size()) + " characters, and must have more than " +
                               std::to_string(context));
    }
  }

  /// The numbers of characters. Throws `std::invalid_argument` for one that is not in the alphabet.
  std::vector<int> encode(const std::string& text) const {
    std::vector<int> numbers(256, -1), tokens;
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
      numbers[static_cast<unsigned char>(alphabet[i])] = static_cast<int>(i);
    }
    for (const char c : text) {
      tokens.push_back(numbers[static_cast<unsigned char>(c)]);
      if (tokens.back() < 0) {
        throw std::invalid_argument(std::string("the text has no character '") + c + "'");
      }
    }
    return tokens;
  }
};

/// Sequences that begin anywhere in the tokens. Batch number n of a seed is always the same, so a run that is
/// resumed draws what it would have drawn.
inline void draw(Batch& batch, const std::vector<int>& tokens, Index sequences, Index length,
                 std::uint64_t seed, std::int64_t n) {
  gradus::PortableRandom random((seed << 32) + static_cast<std::uint64_t>(n));
  batch.inputs.clear(), batch.targets.clear();
  for (Index i = 0; i < sequences; ++i) {
    const std::uint64_t places = tokens.size() - static_cast<std::size_t>(length);
    const auto first = tokens.begin() + static_cast<Index>(random.below(places));
    batch.inputs.insert(batch.inputs.end(), first, first + length);
    batch.targets.insert(batch.targets.end(), first + 1, first + length + 1);
  }
}

}  // namespace gpt
