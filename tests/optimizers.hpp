// SPDX-License-Identifier: MIT
//
// The list of optimizers that the battery runs over. A new optimizer is one entry in a file of optimizers/.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "any_optimizer.hpp"
#include "catch.hpp"

namespace gradus_test {

using NamedOptimizers = std::vector<std::pair<std::string, AnyOptimizer>>;

/// What the battery knows about an optimizer; optimizers/entry.hpp says how it is written.
struct Entry {
  std::string name;
  AnyOptimizer usual;
  NamedOptimizers variants;              // the cases `name/variant` of data/trajectories.txt
  NamedOptimizers fields;                // the usual one with another value of the field that is named
  NamedOptimizers bad;                   // with a value that `init` must refuse
  std::vector<std::string> field_names;  // as it names them
  std::size_t field_count;               // as the compiler counts them
  gradus::Scope scope;
  bool coefficient_wise;
  bool couples_leaves;
  bool moves_at_zero_gradient;
  std::optional<AnyOptimizer> without_epsilon;  // which does the same to gradients of any length
};

/// All entries.
const std::vector<Entry>& optimizers();

/// Calls `law(entry)` for every optimizer, in a section of its own: `-c Adam` runs that of Adam alone.
template <class Law>
void for_each_optimizer(const Law& law) {
  for (const Entry& entry : optimizers()) {
    DYNAMIC_SECTION(entry.name) { law(entry); }
  }
}

}  // namespace gradus_test
