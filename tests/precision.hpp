// SPDX-License-Identifier: MIT
//
// What the tests of sixteen-bit parameters share.
#pragma once

#include <gradus/gradus.hpp>

#include "problem.hpp"

namespace gradus_test {

/// A tree in another scalar.
template <class To, class From>
Tree<To> cast_tree(const Tree<From>& tree) {
  Tree<To> result;
  for (const auto& leaf : tree) result.push_back(leaf.template cast<To>());
  return result;
}

/// The start of the problem, rounded to `Narrow`.
template <class Narrow>
Tree<Narrow> narrow_start(const Shapes& shapes) {
  return cast_tree<Narrow>(make_tree<float>(shapes));
}

/// Steps sixteen-bit parameters with `optimizer`, and floats beside them with `plain`, for which the
/// gradients are taken at the roundings. Calls `compare(narrow, floats, state)` after each step.
template <class Narrow, class Optimizer, class Plain, class Compare>
void run_beside_floats(const Optimizer& optimizer, const Plain& plain, const Shapes& shapes, int steps,
                       const Compare& compare) {
  auto narrow = narrow_start<Narrow>(shapes);
  auto floats = cast_tree<float>(narrow);
  auto state = optimizer.init(narrow);
  auto float_state = plain.init(floats);
  auto narrow_grads = narrow;
  for (int t = 1; t <= steps; ++t) {
    auto rounded = cast_tree<Narrow>(floats);
    write_gradient(rounded, rounded, t);
    write_gradient(narrow, narrow_grads, t);
    plain.step(floats, cast_tree<float>(rounded), float_state);
    optimizer.step(narrow, narrow_grads, state);
    compare(narrow, floats, state);
  }
}

}  // namespace gradus_test
