// SPDX-License-Identifier: MIT
//
// Trees of parameters: what they are, and how several of one structure are walked side by side.
#pragma once

#include <Eigen/Core>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace gradus {

using Eigen::Index;

namespace detail {

template <class Derived>
void accept_dense(const Eigen::DenseBase<Derived>&);

}  // namespace detail

/// A dense Eigen object or expression.
template <class T>
concept Dense = requires(const std::remove_cvref_t<T>& t) {
  detail::accept_dense(t);
};

/// A dense Eigen object with its own memory layout: `Matrix`, `Array`, `Map`, `Ref`, `Block`, `Transpose`, of
/// fixed or dynamic size and any stride. Expressions such as `2 * m` are not leaves: evaluate them first.
template <class T>
concept Leaf = Dense<T> &&(std::remove_cvref_t<T>::Flags& Eigen::DirectAccessBit) != 0;

namespace detail {

template <class T>
concept StructNode = requires(T& t) {
  t.leaves();
  { std::remove_cvref_t<T>::leaf_names() } -> std::convertible_to<std::string_view>;
};
template <class T>
concept SequenceNode = !Leaf<T> && requires(T & t) {
  t[std::size_t{}];
  { t.size() } -> std::convertible_to<std::size_t>;
}
&&!requires { typename std::remove_cvref_t<T>::key_type; };
template <class T>
concept MapNode = requires {
  typename std::remove_cvref_t<T>::mapped_type;
  typename std::remove_cvref_t<T>::key_compare;  // an unordered map has no order to rely on
}
&&std::convertible_to<typename std::remove_cvref_t<T>::key_type, std::string_view>;
template <class T>
concept TupleNode = !Leaf<T> && !SequenceNode<T> && requires {
  std::tuple_size<std::remove_cvref_t<T>>::value;
};

/// A tree of which only the leaves with `choice[ordinal] == wanted` are seen. Made by `route`.
template <class Tree>
struct Subset {
  Tree& tree;
  const std::uint8_t* choice;
  std::uint8_t wanted;

  bool sees(Index ordinal) const { return choice[ordinal] == wanted; }
};

template <class T>
inline constexpr bool is_subset = false;
template <class Tree>
inline constexpr bool is_subset<Subset<Tree>> = true;

// Constness is deep: the child of a const tree is const, also through the references of `std::tie`.
template <class Tree, class Child>
constexpr auto& as_deep_const(Child& child) {
  if constexpr (std::is_const_v<Tree>) {
    return std::as_const(child);
  } else {
    return child;
  }
}

template <std::size_t I, class Tree>
decltype(auto) child(Tree& tree) {
  if constexpr (StructNode<Tree>) {
    auto&& leaves = tree.leaves();
    return as_deep_const<Tree>(std::get<I>(leaves));
  } else if constexpr (TupleNode<Tree>) {
    return as_deep_const<Tree>(std::get<I>(tree));
  } else {
    return tree.template child<I>();
  }
}

// By position in a sequence, or by key in a map, which must have it.
template <class Tree, class Where>
decltype(auto) child(Tree& tree, const Where& where) {
  if constexpr (SequenceNode<Tree>) {
    return as_deep_const<Tree>(tree[where]);
  } else if constexpr (MapNode<Tree>) {
    return as_deep_const<Tree>(tree.find(where)->second);
  } else {
    return tree.child(where);
  }
}

// The i-th of the comma-separated names that GRADUS_LEAVES spelled out.
constexpr std::string_view nth_name(std::string_view names, std::size_t i) {
  for (; i > 0; --i) names.remove_prefix(names.find(',') + 1);
  names = names.substr(0, names.find(','));
  names.remove_prefix(names.find_first_not_of(' '));
  return names.substr(0, names.find_last_not_of(' ') + 1);
}

// A lazy tree has the structure of the tree that it is made of, which is what `structure` returns.
template <class Tree>
const auto& structure(const Tree& tree) {
  if constexpr (requires { tree.underlying(); }) {
    return structure(tree.underlying());
  } else {
    return tree;
  }
}
template <class T>
using structure_t = std::remove_cvref_t<decltype(structure(std::declval<const std::remove_cvref_t<T>&>()))>;

template <class T>
constexpr std::size_t static_child_count() {
  using Tree = structure_t<T>;
  if constexpr (StructNode<Tree>) {
    return std::tuple_size_v<std::remove_cvref_t<decltype(std::declval<Tree&>().leaves())>>;
  } else {
    return std::tuple_size_v<Tree>;
  }
}

template <class T, std::size_t I>
constexpr std::string_view static_child_name() {
  if constexpr (StructNode<structure_t<T>>) {
    return nth_name(structure_t<T>::leaf_names(), I);
  } else {
    return {};
  }
}

template <class T>
consteval bool is_parameters() {
  using Tree = std::remove_cvref_t<T>;
  if constexpr (Leaf<Tree>) {
    return true;
  } else if constexpr (is_subset<Tree>) {
    return is_parameters<decltype(std::declval<Tree&>().tree)>();
  } else if constexpr (StructNode<Tree>) {
    return is_parameters<decltype(std::declval<Tree&>().leaves())>();
  } else if constexpr (SequenceNode<Tree>) {
    return is_parameters<decltype(std::declval<Tree&>()[0])>();
  } else if constexpr (MapNode<Tree>) {
    return is_parameters<typename Tree::mapped_type>();
  } else if constexpr (TupleNode<Tree>) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return (is_parameters<std::tuple_element_t<I, Tree>>() && ...);
    }
    (std::make_index_sequence<std::tuple_size_v<Tree>>{});
  } else {
    return false;
  }
}

}  // namespace detail

/// A leaf, or a container of `Parameters`: tuple, pair, array, vector, ordered map with string keys, a tuple
/// of references (`std::tie`), or a struct that names its leaves with GRADUS_LEAVES.
template <class T>
concept Parameters = detail::is_parameters<T>();

/// A tree of the same kind as `Parameters`, or a lazy view of such trees (`clip_by_global_norm`, ...).
template <class T>
concept Gradients = Parameters<detail::structure_t<T>>;

/// Makes a struct a tree of parameters: `GRADUS_LEAVES(w1, b1)` inside it gives `leaves()`, a tuple of
/// references to the named members, and their names. A member may itself be a tree.
#define GRADUS_LEAVES(...)                              \
  auto leaves() { return std::tie(__VA_ARGS__); }       \
  auto leaves() const { return std::tie(__VA_ARGS__); } \
  static constexpr std::string_view leaf_names() { return #__VA_ARGS__; }

/// Where a leaf is: the chain of keys that leads to it. Lives on the stack while a tree is walked, so that a
/// walk allocates nothing; `name()` spells it out when somebody asks.
struct Path {
  const Path* parent = nullptr;
  std::string_view key{};  // of a struct member or map entry; at the root: who walks, for messages
  std::size_t position = 0;
  Index ordinal = 0;  // of a leaf: how many leaves come before it

  /// "w1", "layers.0.w", "3"; empty for a tree that is a single leaf.
  std::string name() const {
    if (parent == nullptr) return {};
    const std::string prefix = parent->name();
    return (prefix.empty() ? prefix : prefix + '.') +
           (key.empty() ? std::to_string(position) : std::string(key));
  }

  /// Throws `std::invalid_argument` with a sentence about this place: "Adam: leaf 'w1' is ...".
  [[noreturn]] EIGEN_DONT_INLINE void fail(const std::string& what) const {
    const Path* root = this;
    while (root->parent != nullptr) root = root->parent;
    const std::string leaf = name();
    throw std::invalid_argument(std::string(root->key) + ": " +
                                (leaf.empty() ? "the tree" : "leaf '" + leaf + "'") + ' ' + what);
  }
};

namespace detail {

// The trees of an optimizer's step come in this order.
inline std::string tree_label(std::size_t k) { return k == 0 ? "gradient" : "state"; }

template <class... Counts>
void require_equal_counts(const Path& path, std::size_t expected, Counts... counts) {
  std::size_t k = 0;
  [[maybe_unused]] const auto check = [&](std::size_t count) {
    if (count != expected) {
      path.fail("has " + std::to_string(expected) + " children, but its " + tree_label(k) + " has " +
                std::to_string(count));
    }
    ++k;
  };
  (check(static_cast<std::size_t>(counts)), ...);
}

template <class Key, class... Maps>
void require_key(const Path& path, const Key& key, const Maps&... maps) {
  std::size_t k = 0;
  [[maybe_unused]] const auto check = [&](const auto& map) {
    if (map.find(key) == map.end())
      path.fail("has the key '" + std::string(key) + "', but its " + tree_label(k) + " has not");
    ++k;
  };
  (check(maps), ...);
}

template <class Tree>
auto& without_subset(Tree& tree) {
  if constexpr (is_subset<std::remove_const_t<Tree>>) {
    return without_subset(tree.tree);
  } else {
    return tree;
  }
}

template <class F, class First, class... Rest>
void descend(F& f, Path path, Index& ordinal, First&& first, Rest&&... rest) {
  if constexpr (is_subset<std::remove_cvref_t<First>>) {
    auto only_seen = [&](const Path& at, auto&... leaves) {
      if (first.sees(at.ordinal)) f(at, leaves...);
    };
    descend(only_seen, path, ordinal, first.tree, without_subset(rest)...);
  } else if constexpr (Leaf<structure_t<First>>) {
    static_assert((Leaf<structure_t<Rest>> && ...),
                  "gradus: the trees differ in structure: a gradient or a state has a container where the "
                  "parameters have a leaf");
    path.ordinal = ordinal++;
    f(path, first, rest...);
  } else if constexpr (SequenceNode<structure_t<First>>) {
    static_assert(
        (SequenceNode<structure_t<Rest>> && ...),
        "gradus: the trees differ in structure: parameters in a vector or an array need gradients and "
        "state in a vector or an array");
    const std::size_t count = structure(first).size();
    require_equal_counts(path, count, structure(rest).size()...);
    for (std::size_t i = 0; i < count; ++i) {
      descend(f, Path{&path, {}, i}, ordinal, child(first, i), child(rest, i)...);
    }
  } else if constexpr (MapNode<structure_t<First>>) {
    static_assert(
        (MapNode<structure_t<Rest>> && ...),
        "gradus: the trees differ in structure: parameters in a map need gradients and state in a map");
    require_equal_counts(path, structure(first).size(), structure(rest).size()...);
    for (const auto& entry : structure(first)) {
      const auto& key = entry.first;
      require_key(path, key, structure(rest)...);
      descend(f, Path{&path, key}, ordinal, child(first, key), child(rest, key)...);
    }
  } else {
    constexpr std::size_t count = static_child_count<First>();
    static_assert(
        ((static_child_count<Rest>() == count) && ...),
        "gradus: the trees differ in structure: a gradient or a state has another number of children "
        "than the parameters");
    const auto visit = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
      descend(f, Path{&path, static_child_name<First, I>(), I}, ordinal, child<I>(first), child<I>(rest)...);
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
template <class F, Gradients First, Gradients... Rest>
void walk(std::string_view who, F&& f, First&& first, Rest&&... rest) {
  Index ordinal = 0;
  detail::descend(f, Path{nullptr, who}, ordinal, first, detail::without_subset(rest)...);
}

/// The number of leaves of a tree.
template <Gradients Tree>
Index leaf_count(const Tree& tree) {
  Index count = 0;
  walk(
      "leaf_count", [&](const Path&, const auto&) { ++count; }, tree);
  return count;
}

/// The number of coefficients of all leaves of a tree.
template <Gradients Tree>
Index coefficient_count(const Tree& tree) {
  Index count = 0;
  walk(
      "coefficient_count", [&](const Path&, const auto& leaf) { count += leaf.size(); }, tree);
  return count;
}

}  // namespace gradus
