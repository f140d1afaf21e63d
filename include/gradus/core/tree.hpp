// SPDX-License-Identifier: MIT
//
// Walking trees: how several of one structure are passed through side by side, leaf by leaf.
#pragma once

#include <gradus/core/explain.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace GRADUS_NAMESPACE {

/// Where a leaf is: the chain of keys that leads to it. Lives on the stack while a tree is walked, so that a
/// walk allocates nothing; `name()` spells it out on demand.
struct Path {
  const Path* parent = nullptr;  ///< null at the root
  std::string_view key{};        ///< of a struct member or map entry; at the root: who walks, for messages
  std::size_t position = 0;      ///< among the children of the parent
  Index ordinal = 0;             ///< of a leaf: how many leaves come before it

  /// "w1", "layers.0.w", "3"; empty for a tree that is a single leaf.
  EIGEN_DONT_INLINE std::string name() const {
    if (parent == nullptr) return {};
    std::ostringstream text;
    text << parent->name();
    if (parent->parent != nullptr) text << '.';
    key.empty() ? text << position : text << key;
    return text.str();
  }

  /// Throws `std::invalid_argument` with a sentence about this place: "Adam: leaf 'w1' is ...".
  [[noreturn]] EIGEN_DONT_INLINE void fail(const std::string& what) const {
    const Path* root = this;
    while (root->parent != nullptr) root = root->parent;
    std::ostringstream message;
    message << root->key << ": ";
    if (this == root) {
      message << "the tree ";
    } else {
      message << "leaf '" << name() << "' ";
    }
    message << what;
    throw std::invalid_argument(message.str());
  }
};

namespace detail {

// The trees of an optimizer's step come in this order.
inline std::string tree_label(std::size_t k) { return k == 0 ? "gradient" : "state"; }

// Calls `f(tree)` for every tree in memory that a tree is made of: itself, or those inside a lazy one.
template <class F, class Tree>
void for_each_constituent(const F& f, const Tree& tree) {
  if constexpr (requires { tree.trees; }) {
    std::apply([&](const auto&... inner) { (detail::for_each_constituent(f, inner), ...); }, tree.trees);
  } else if constexpr (Parameters<structure_t<Tree>>) {
    f(detail::structure(tree));
  }
}

[[noreturn]] EIGEN_DONT_INLINE inline void fail_count(const Path& path, std::size_t expected, std::size_t k,
                                                      std::size_t count) {
  path.fail("has " + std::to_string(expected) + " children, but its " + detail::tree_label(k) + " has " +
            std::to_string(count));
}

// Every tree, and every one inside a lazy one, has as many children as the first.
template <class... Trees>
void require_equal_counts(const Path& path, std::size_t expected, const Trees&... trees) {
  std::size_t k = 0;
  [[maybe_unused]] const auto check = [&](const auto& tree) {
    const auto count = static_cast<std::size_t>(tree.size());
    if (count != expected) detail::fail_count(path, expected, k, count);
  };
  ((detail::for_each_constituent(check, trees), ++k), ...);
}

// The same for a key of a map.
template <class Key, class... Maps>
void require_key(const Path& path, const Key& key, const Maps&... maps) {
  std::size_t k = 0;
  [[maybe_unused]] const auto check = [&](const auto& map) {
    if (map.find(key) == map.end()) {
      path.fail("has the key '" + std::string(key) + "', but its " + detail::tree_label(k) + " has not");
    }
  };
  ((detail::for_each_constituent(check, maps), ++k), ...);
}

// Not inlined where leaves are large: all of one type share one compilation.
template <class F, class First, class... Rest>
EIGEN_DONT_INLINE void visit_large_leaf(F& f, const Path& path, First& first, Rest&... rest) {
  f(path, first, rest...);
}

template <class F, class First, class... Rest>
void descend(F& f, Path path, Index& ordinal, First&& first, Rest&&... rest) {
  if constexpr (is_subset<std::remove_cvref_t<First>>) {
    auto only_seen = [&](const Path& at, auto&... leaves) {
      if (first.sees(at.ordinal)) f(at, leaves...);
    };
    auto& tree = detail::as_deep_const<std::remove_reference_t<First>>(first.tree);
    detail::descend(only_seen, path, ordinal, tree, detail::without_subset(rest)...);
  } else if constexpr (requires { std::remove_cvref_t<First>::is_walked_through; }) {
    detail::descend(f, path, ordinal, first.underlying(), rest...);
  } else if constexpr (Leaf<structure_t<First>>) {
    static_assert((Leaf<structure_t<Rest>> && ...),
                  "gradus: the trees differ in structure: a gradient or a state has a container where the "
                  "parameters have a leaf");
    path.ordinal = ordinal++;
    if constexpr (structure_t<First>::SizeAtCompileTime == Eigen::Dynamic) {
      detail::visit_large_leaf(f, path, first, rest...);
    } else {
      f(path, first, rest...);
    }
  } else if constexpr (SequenceNode<structure_t<First>>) {
    static_assert(
        (SequenceNode<structure_t<Rest>> && ...),
        "gradus: the trees differ in structure: parameters in a vector or an array need gradients and "
        "state in a vector or an array");
    const std::size_t count = detail::structure(first).size();
    detail::require_equal_counts(path, count, rest...);
    if constexpr (requires { first.trees; }) detail::require_equal_counts(path, count, first);
    for (std::size_t i = 0; i < count; ++i) {
      detail::descend(f, Path{&path, {}, i}, ordinal, detail::child(first, i), detail::child(rest, i)...);
    }
  } else if constexpr (MapNode<structure_t<First>>) {
    static_assert(
        (MapNode<structure_t<Rest>> && ...),
        "gradus: the trees differ in structure: parameters in a map need gradients and state in a map");
    detail::require_equal_counts(path, detail::structure(first).size(), rest...);
    if constexpr (requires { first.trees; }) {
      detail::require_equal_counts(path, detail::structure(first).size(), first);
    }
    for (const auto& entry : detail::structure(first)) {
      const auto& key = entry.first;
      detail::require_key(path, key, rest...);
      if constexpr (requires { first.trees; }) detail::require_key(path, key, first);
      detail::descend(f, Path{&path, key}, ordinal, detail::child(first, key), detail::child(rest, key)...);
    }
  } else {
    constexpr std::size_t count = static_child_count<First>();
    static_assert(
        ((static_child_count<Rest>() == count) && ...),
        "gradus: the trees differ in structure: a gradient or a state has another number of children "
        "than the parameters");
    const auto visit = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
      constexpr std::string_view name = static_child_name<First, I>();
      detail::descend(f, Path{&path, name, I}, ordinal, detail::child<I>(first), detail::child<I>(rest)...);
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (visit(std::integral_constant<std::size_t, I>{}), ...);
    }
    (std::make_index_sequence<count>{});
  }
}

}  // namespace detail

/// Calls `f(path, leaf, leaves...)` for every leaf of `first` and the leaves at the same place of the other
/// trees, in order: members as named, elements by position, map entries by key. `who` opens the message of
/// the `std::invalid_argument` that is thrown when a vector's length or a map's keys differ.
template <class F, class First, class... Rest>
void walk(std::string_view who, F&& f, First&& first, Rest&&... rest) {
  static_assert(detail::explain_tree<First>() && (detail::explain_tree<Rest>() && ...));
  if constexpr (Gradients<First> && (Gradients<Rest> && ...)) {
    Index ordinal = 0;
    detail::descend(f, Path{nullptr, who}, ordinal, first, detail::without_subset(rest)...);
  }
}

/// The number of leaves of a tree.
template <class Tree>
Index leaf_count(const Tree& tree) {
  Index count = 0;
  gradus::walk(
      "leaf_count", [&](const Path&, const auto&) { ++count; }, tree);
  return count;
}

/// The number of coefficients of all leaves of a tree.
template <class Tree>
Index coefficient_count(const Tree& tree) {
  Index count = 0;
  gradus::walk(
      "coefficient_count", [&](const Path&, const auto& leaf) { count += leaf.size(); }, tree);
  return count;
}

}  // namespace GRADUS_NAMESPACE
