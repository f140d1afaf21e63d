// SPDX-License-Identifier: MIT
//
// The search for a learning rate.
#pragma once

#include <algorithm>
#include <map>

namespace comparison {

/// Looks for the k with the least `loss(k)`, where k counts quarters of a decade from the usual learning
/// rate. First a grid of half decades around it, which grows until its best is not at its edge; then the
/// quarters on both sides of the best. A loss may be infinite. The grid ends five decades away.
template <class Loss>
int best_rate(const Loss& loss) {
  std::map<int, double> seen;
  const auto look = [&](int k) { seen[k] = loss(k); };
  const auto best = [&] {
    return std::min_element(seen.begin(), seen.end(), [](auto& a, auto& b) { return a.second < b.second; })
        ->first;
  };
  for (const int k : {-2, 0, 2}) look(k);
  while (best() == seen.begin()->first && best() > -20) look(best() - 2);
  while (best() == seen.rbegin()->first && best() < 20) look(best() + 2);
  const int coarse = best();
  for (const int k : {coarse - 1, coarse + 1}) look(k);
  return best();
}

}  // namespace comparison
