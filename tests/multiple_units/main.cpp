// SPDX-License-Identifier: MIT
//
// Were functions of both units one to the linker, one unit would run with the threads of the other.
#include <cstdio>

#include "steps.hpp"

int main() {
  const auto a = multiple_units::threaded(), b = multiple_units::serial();
  const bool same = a.weights == b.weights;
  const bool moved = a.weights[0].allFinite() && a.weights[0].norm() > 0;
  std::printf("%d threads and %d, %s bits\n", a.threads, b.threads, same ? "the same" : "different");
  return same && moved && a.threads > 1 && b.threads == 1 ? 0 : 1;
}
