// SPDX-License-Identifier: MIT
//
// Trees of parameters: which types are trees, and how their children are reached.
#pragma once

#include <Eigen/Core>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <gradus/core/namespace.hpp>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace GRADUS_NAMESPACE {

using Eigen::Index;

namespace detail {

template <class Derived>
void accept_dense(const Eigen::DenseBase<Derived>&);

template <class Scalar>
inline constexpr bool is_real = !Eigen::NumTraits<Scalar>::IsComplex && !Eigen::NumTraits<Scalar>::IsInteger;

}  // namespace detail

/// A dense Eigen object or expression.
template <class T>
concept Dense = requires(const std::remove_cvref_t<T>& t) {
  detail::accept_dense(t);
};

/// A dense Eigen object of real numbers with its own memory layout: `Matrix`, `Array`, `Map`, `Ref`, `Block`,
/// `Transpose`, of fixed or dynamic size and any stride. Expressions such as `2 * m` are not leaves: evaluate
/// them first.
template <class T>
concept Leaf = Dense<T> &&(std::remove_cvref_t<T>::Flags& Eigen::DirectAccessBit) != 0 &&
               detail::is_real<typename std::remove_cvref_t<T>::Scalar>;

namespace detail {

// The kinds of containers that are nodes of a tree, each with its children.

// A struct with GRADUS_LEAVES.
template <class T>
concept StructNode = requires(T& t) {
  t.leaves();
  { std::remove_cvref_t<T>::leaf_names() } -> std::convertible_to<std::string_view>;
};

// A vector, deque, array or span.
template <class T>
concept SequenceNode = !Dense<T> && requires(T & t) {
  t[std::size_t{}];
  { t.size() } -> std::convertible_to<std::size_t>;
}
&&!requires { typename std::remove_cvref_t<T>::key_type; };

// A map whose keys are strings, unique, and in the order of their type alone.
template <class T>
concept MapNode = requires(std::remove_cvref_t<T>& t, const typename std::remove_cvref_t<T>::key_type& key) {
  typename std::remove_cvref_t<T>::mapped_type;
  { t[key] } -> std::same_as<typename std::remove_cvref_t<T>::mapped_type&>;
}
&&std::is_empty_v<typename std::remove_cvref_t<T>::key_compare>&&
    std::convertible_to<typename std::remove_cvref_t<T>::key_type, std::string_view>;

// A tuple or pair, also of references.
template <class T>
concept TupleNode = !Dense<T> && !SequenceNode<T> && requires {
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

// A tree of parameters whose coefficients are more than what is in memory; `underlying()` is what is. Made by
// the wrappers of precision/.
template <class T>
concept WidenedNode = requires(T& t) {
  t.underlying();
  requires std::remove_cvref_t<T>::is_widened;
};
// A leaf among them in which steps are rounded at random, so that what they change is partly noise.
template <class T>
concept RandomlyRounded = WidenedNode<T> && std::remove_cvref_t<T>::rounds_at_random;

template <class Tree>
auto& without_subset(Tree& tree) {
  if constexpr (is_subset<std::remove_const_t<Tree>>) {
    return detail::without_subset(tree.tree);
  } else {
    return tree;
  }
}

// The tree that the user made, of what a route or a wrapper of precision/ shows in its place.
template <class Tree>
auto& users_own(Tree& tree) {
  if constexpr (is_subset<std::remove_const_t<Tree>>) {
    return detail::users_own(tree.tree);
  } else if constexpr (WidenedNode<Tree>) {
    return detail::users_own(tree.underlying());
  } else {
    return tree;
  }
}

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
    return detail::as_deep_const<Tree>(std::get<I>(leaves));
  } else if constexpr (TupleNode<Tree>) {
    return detail::as_deep_const<Tree>(std::get<I>(tree));
  } else {
    return tree.template child<I>();
  }
}

// By position in a sequence, or by key in a map, which must have it.
template <class Tree, class Where>
decltype(auto) child(Tree& tree, const Where& where) {
  if constexpr (SequenceNode<Tree>) {
    return detail::as_deep_const<Tree>(tree[where]);
  } else if constexpr (MapNode<Tree>) {
    return detail::as_deep_const<Tree>(tree.find(where)->second);
  } else {
    return tree.child(where);
  }
}

// The i-th of the comma-separated names that a macro spelled out.
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
    return detail::structure(tree.underlying());
  } else {
    return tree;
  }
}
template <class T>
using structure_t =
    std::remove_cvref_t<decltype(detail::structure(std::declval<const std::remove_cvref_t<T>&>()))>;

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
    return detail::nth_name(structure_t<T>::leaf_names(), I);
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
  } else if constexpr (WidenedNode<Tree>) {
    return is_parameters<structure_t<Tree>>();
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

/// A leaf, or a container of `Parameters`: tuple, pair, array, vector, deque, span, ordered map with string
/// keys, a tuple of references (`std::tie`), or a struct that names its leaves with GRADUS_LEAVES.
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

}  // namespace GRADUS_NAMESPACE
