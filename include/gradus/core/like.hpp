// SPDX-License-Identifier: MIT
//
// Owning trees of a given structure: what an optimizer's state is made of.
#pragma once

#include <gradus/core/tree.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

template <class T>
struct Like;

// The state of a struct keeps the names of the struct's leaves.
template <class Struct, class Tuple>
struct LikeStruct {
  Tuple values;

  Tuple& leaves() { return values; }
  const Tuple& leaves() const { return values; }
  static constexpr std::string_view leaf_names() { return Struct::leaf_names(); }
};

template <Leaf T>
struct Like<T> {
  using type = typename T::PlainObject;
};
template <StructNode T>
struct Like<T> {
  using type = LikeStruct<T, typename Like<std::remove_cvref_t<decltype(std::declval<T&>().leaves())>>::type>;
};
template <class Struct, class Tuple>
struct Like<LikeStruct<Struct, Tuple>> {
  using type = LikeStruct<Struct, Tuple>;
};
template <class... T>
struct Like<std::tuple<T...>> {
  using type = std::tuple<typename Like<std::remove_cvref_t<T>>::type...>;
};
template <class A, class B>
struct Like<std::pair<A, B>> {
  using type =
      std::pair<typename Like<std::remove_cvref_t<A>>::type, typename Like<std::remove_cvref_t<B>>::type>;
};
template <class T, std::size_t N>
struct Like<std::array<T, N>> {
  using type = std::array<typename Like<T>::type, N>;
};
template <template <class...> class Vector, class T, class Allocator>
requires SequenceNode<Vector<T, Allocator>>
struct Like<Vector<T, Allocator>> {
  using type = Vector<typename Like<T>::type>;
};
template <template <class...> class Map, class K, class T, class Compare, class Allocator>
requires MapNode<Map<K, T, Compare, Allocator>>
struct Like<Map<K, T, Compare, Allocator>> {
  using type = Map<K, typename Like<T>::type, Compare>;
};
template <class Tree>
struct Like<Subset<Tree>> {
  using type = typename Like<std::remove_const_t<Tree>>::type;
};

// Gives `tree` the containers of `params`, with leaves that are still empty (of fixed size: zero).
template <class Tree, class P>
void grow(Tree& tree, const P& params) {
  if constexpr (is_subset<P>) {
    grow(tree, params.tree);
  } else if constexpr (Leaf<P>) {
    tree.setZero();
  } else if constexpr (SequenceNode<P>) {
    if constexpr (requires { tree.resize(params.size()); }) tree.resize(params.size());
    for (std::size_t i = 0; i < params.size(); ++i) grow(tree[i], params[i]);
  } else if constexpr (MapNode<P>) {
    for (const auto& [key, value] : params) grow(tree[key], value);
  } else {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (grow(child<I>(tree), child<I>(params)), ...); }
    (std::make_index_sequence<static_child_count<P>()>{});
  }
}

}  // namespace detail

/// The owning tree of the structure of `P`: every `Map`, `Ref` or `Block` becomes a `Matrix` or `Array` of
/// its own. Trees that differ only in who owns the memory have the same `like`, so one state serves them all.
template <Parameters P>
using like = typename detail::Like<std::remove_cvref_t<P>>::type;

namespace detail {

template <class Tree, class P>
Tree filled(const P& params, double value) {
  Tree tree;
  grow(tree, params);
  walk(
      "full_like",
      [value](const Path&, const auto& leaf, auto& out) {
        using Scalar = typename std::remove_cvref_t<decltype(out)>::Scalar;
        out.setConstant(leaf.rows(), leaf.cols(), static_cast<Scalar>(value));
      },
      params, tree);
  return tree;
}

}  // namespace detail

/// A tree of the structure, shapes and scalars of `params`, filled with `value`.
template <Parameters P>
like<P> full_like(const P& params, double value) {
  return detail::filled<like<P>>(params, value);
}

/// A tree of the structure, shapes and scalars of `params`, filled with zeros.
template <Parameters P>
like<P> zeros_like(const P& params) {
  return full_like(params, 0.0);
}

/// An owning tree with the structure, shapes, scalars and values of `params`.
template <Parameters P>
like<P> copy_like(const P& params) {
  like<P> copy;
  detail::grow(copy, params);
  walk(
      "copy_like", [](const Path&, const auto& from, auto& to) { to = from; }, params, copy);
  return copy;
}

namespace detail {

// What the user calls a tree: his struct, where it owns its leaves, in the place of our `LikeStruct`.
template <class Tree>
struct Original {
  using type = Tree;
};
template <class Struct, class Tuple>
struct Original<LikeStruct<Struct, Tuple>> {
  using type = std::conditional_t<std::default_initializable<Struct>, Struct, LikeStruct<Struct, Tuple>>;
};
template <class T, std::size_t N>
struct Original<std::array<T, N>> {
  using type = std::array<typename Original<T>::type, N>;
};
template <template <class...> class Container, class... T>
struct Original<Container<T...>> {
  using type = Container<typename Original<T>::type...>;
};

// Whether a copy of a tree has matrices of its own. A copy of a view shares those of the original.
template <class P>
consteval bool copies_deeply() {
  if constexpr (std::is_reference_v<P> || is_subset<P>) {
    return false;
  } else if constexpr (Leaf<P>) {
    return std::derived_from<P, Eigen::PlainObjectBase<P>>;
  } else if constexpr (StructNode<P>) {
    return std::default_initializable<P>;  // a struct of views is not: they have nothing to refer to
  } else if constexpr (SequenceNode<P>) {
    return copies_deeply<std::remove_cvref_t<decltype(std::declval<P&>()[0])>>();
  } else if constexpr (MapNode<P>) {
    return copies_deeply<typename P::mapped_type>();
  } else {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return (copies_deeply<std::tuple_element_t<I, P>>() && ...);
    }
    (std::make_index_sequence<std::tuple_size_v<P>>{});
  }
}

// A copy of a tree, or of the value of an expression, that shares no memory with it.
template <class P>
auto deep_copy(const P& x) {
  if constexpr (Dense<P>) {
    return typename P::PlainObject(x);
  } else if constexpr (copies_deeply<P>()) {
    return x;
  } else {
    return copy_like(x);
  }
}

}  // namespace detail

}  // namespace GRADUS_NAMESPACE
