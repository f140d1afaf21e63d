// SPDX-License-Identifier: MIT
#include "optimizers.hpp"

#include "optimizers/lists.hpp"

namespace gradus_test {

const std::vector<Entry>& optimizers() {
  static const std::vector<Entry> entries = [] {
    std::vector<Entry> all;
    for (const auto& list : {first_order(), adaptive(), others(), adam_relatives(), averaging(), layerwise(),
                             curvature(), muon(), geometry()})
      all.insert(all.end(), list.begin(), list.end());
    return all;
  }();
  return entries;
}

}  // namespace gradus_test
