// SPDX-License-Identifier: MIT
//
// Prints the answer to a question of the companion, or all of them: ./answers [NAME]
#include "introduction.hpp"
#include "theory.hpp"

namespace {

struct Answer {
  const char* name;
  void (*print)();
};

constexpr Answer answers[] = {
    {"surface", companion::surface},
    {"ravine", companion::ravine},
    {"velocity", companion::velocity},
    {"effective_rate", companion::effective_rate},
    {"bias_correction", companion::bias_correction},
    {"decay", companion::decay},
    {"odd_polynomial", companion::odd_polynomial},
    {"newton_schulz", companion::newton_schulz},
    {"muon_in_the_plane", companion::muon_in_the_plane},
    {"narrow_valley", companion::narrow_valley},
    {"strongly_convex_steps", companion::strongly_convex_steps},
    {"warmup", companion::warmup},
    {"warmup_cosine", companion::warmup_cosine},
};

}  // namespace

int main(int argc, char** argv) {
  const std::string wanted = argc > 1 ? argv[1] : "";
  bool found = false;
  for (const auto& [name, print] : answers) {
    if (!wanted.empty() && wanted != name) continue;
    found = true;
    if (wanted.empty()) std::printf("\n%s\n", name);
    print();
  }
  if (found) return 0;
  std::fprintf(stderr, "error: no answer '%s'; known are:", wanted.c_str());
  for (const Answer& answer : answers) std::fprintf(stderr, " %s", answer.name);
  std::fprintf(stderr, "\n");
  return 2;
}
