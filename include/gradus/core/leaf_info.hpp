// SPDX-License-Identifier: MIT
//
// What a predicate that chooses leaves is told about them.
#pragma once

#include <concepts>
#include <gradus/core/tree.hpp>

namespace GRADUS_NAMESPACE {

/// What a predicate on leaves is told about one.
struct LeafInfo {
  std::string name;  ///< "w1", "layers.0.w", "3"; empty if the tree is a single leaf
  Index rows, cols;  ///< its shape
};

/// True for a leaf with more than one row and more than one column.
inline constexpr auto is_matrix = [](const LeafInfo& leaf) { return leaf.rows > 1 && leaf.cols > 1; };

/// True for every leaf.
inline constexpr auto any_leaf = [](const LeafInfo&) { return true; };

/// A choice of leaves: callable as `bool(const LeafInfo&)`.
template <class F>
concept LeafPredicate = std::predicate<const F&, const LeafInfo&>;

}  // namespace GRADUS_NAMESPACE
