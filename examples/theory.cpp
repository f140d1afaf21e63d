// SPDX-License-Identifier: MIT
//
// The theory of optimizers, checked: what every statement predicts beside what is measured. Exits with status
// 1 if a statement does not hold. The statements, with their formulas and sources, are in theory/.
//
//     ./theory [TEXT]       only the sections with this text in their titles
#include <cstdio>
#include <string_view>

#include "theory/sections.hpp"

int main(int argc, char** argv) {
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  int failed = 0;
  bool found = false;
  for (const theory::Section& section : theory::sections) {
    if (std::string_view(section.title).find(wanted) == std::string_view::npos) continue;
    found = true;
    std::printf("\n%-74s %12s    %12s\n", section.title, "measured", "predicted");
    for (const theory::Row& row : section.rows()) {
      std::printf("  %-72s %12.6g %-2s %12.6g  %s\n", row.statement.c_str(), row.measured,
                  row.relation.c_str(), row.predicted, row.holds ? "holds" : "FAILS");
      failed += row.holds ? 0 : 1;
    }
  }
  if (!found) std::fprintf(stderr, "error: no section has '%s' in its title\n", argv[1]);
  if (failed > 0) std::fprintf(stderr, "error: %d statements do not hold\n", failed);
  return failed > 0 || !found ? 1 : 0;
}
