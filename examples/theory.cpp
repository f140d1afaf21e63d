// SPDX-License-Identifier: MIT
//
// The theory of optimizers, checked: what every statement predicts beside what is measured. Exits with status
// 1 if a statement does not hold. The statements, with their formulas and sources, are in theory/.
#include <cstdio>

#include "theory/sections.hpp"

int main() {
  int failed = 0;
  for (const theory::Section& section : theory::sections) {
    std::printf("\n%-74s %12s    %12s\n", section.title, "measured", "predicted");
    for (const theory::Row& row : section.rows()) {
      std::printf("  %-72s %12.6g %-2s %12.6g  %s\n", row.statement.c_str(), row.measured,
                  row.relation.c_str(), row.predicted, row.holds ? "holds" : "FAILS");
      failed += row.holds ? 0 : 1;
    }
  }
  if (failed > 0) std::fprintf(stderr, "error: %d statements do not hold\n", failed);
  return failed > 0 ? 1 : 0;
}
