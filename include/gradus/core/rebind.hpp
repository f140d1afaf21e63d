// SPDX-License-Identifier: MIT
//
// The type of a tree that has the structure of another, and other leaves.
#pragma once

#include <array>
#include <gradus/core/explain.hpp>
#include <gradus/core/numerics.hpp>
#include <span>
#include <vector>

namespace GRADUS_NAMESPACE::detail {

// What becomes of a leaf: an object of its own ...
struct OwnLeaf {
  template <class L>
  using type = typename L::PlainObject;
};

// ... also where a wrapper wants other states ...
struct UsersLeaf : OwnLeaf {};

// ... that computes as the leaf is computed ...
template <class Plain, class Scalar>
struct WithScalar;
template <template <class, int, int, int, int, int> class Plain, class S, int R, int C, int O, int MR, int MC,
          class Scalar>
struct WithScalar<Plain<S, R, C, O, MR, MC>, Scalar> {
  using type = Plain<Scalar, R, C, O, MR, MC>;
};
struct StateLeaf {
  template <class L>
  using type = typename WithScalar<typename L::PlainObject, Compute<typename L::Scalar>>::type;
};

// ... and keeps every digit, because small steps are added to it ...
struct IterateLeaf : StateLeaf {};

// ... or a matrix of any size; with the scalar `void` that in which the leaf is computed.
template <class Scalar>
struct MatrixLeaf {
  template <class L>
  using type =
      Eigen::MatrixX<std::conditional_t<std::is_void_v<Scalar>, Compute<typename L::Scalar>, Scalar>>;
};

// The leaves of a struct in another type than its own, with their names.
template <class Struct, class Tuple>
struct LeavesOf {
  Tuple values;

  Tuple& leaves() { return values; }
  const Tuple& leaves() const { return values; }
  static constexpr std::string_view leaf_names() { return Struct::leaf_names(); }
};

// The tree of the structure of T with `LeafMap` of its leaves.
template <class T, class LeafMap>
struct Rebind {
  static_assert(explain_tree<T>());
  using type = NotATree;
};
template <class T, class LeafMap>
using rebind = typename Rebind<std::remove_cvref_t<T>, LeafMap>::type;

template <Leaf T, class LeafMap>
struct Rebind<T, LeafMap> {
  using type = typename LeafMap::template type<T>;
};
// A struct keeps its type if it owns its leaves and their types do not change.
template <StructNode T, class LeafMap>
struct Rebind<T, LeafMap> {
  template <class Leaves>
  struct Of;
  template <class... L>
  struct Of<std::tuple<L...>> {
    static constexpr bool stays = (std::is_same_v<std::remove_cvref_t<L>, rebind<L, LeafMap>> && ...);
    using Tuple = std::tuple<rebind<L, LeafMap>...>;
  };
  using Leaves = Of<decltype(std::declval<T&>().leaves())>;
  using type = std::conditional_t<Leaves::stays && std::default_initializable<T> && std::copyable<T>, T,
                                  LeavesOf<T, typename Leaves::Tuple>>;
};
template <class Struct, class Tuple, class LeafMap>
struct Rebind<LeavesOf<Struct, Tuple>, LeafMap> {
  using type = LeavesOf<Struct, rebind<Tuple, LeafMap>>;
};
template <class... T, class LeafMap>
struct Rebind<std::tuple<T...>, LeafMap> {
  using type = std::tuple<rebind<T, LeafMap>...>;
};
template <class A, class B, class LeafMap>
struct Rebind<std::pair<A, B>, LeafMap> {
  using type = std::pair<rebind<A, LeafMap>, rebind<B, LeafMap>>;
};
template <class T, std::size_t N, class LeafMap>
struct Rebind<std::array<T, N>, LeafMap> {
  using type = std::array<rebind<T, LeafMap>, N>;
};
template <class T, std::size_t N, class LeafMap>
struct Rebind<std::span<T, N>, LeafMap> {
  using type = std::vector<rebind<T, LeafMap>>;
};
template <template <class...> class Vector, class T, class Allocator, class LeafMap>
requires SequenceNode<Vector<T, Allocator>>
struct Rebind<Vector<T, Allocator>, LeafMap> {
  using type = Vector<rebind<T, LeafMap>>;
};
template <template <class...> class Map, class K, class T, class Compare, class Allocator, class LeafMap>
requires MapNode<Map<K, T, Compare, Allocator>>
struct Rebind<Map<K, T, Compare, Allocator>, LeafMap> {
  using type = Map<K, rebind<T, LeafMap>, Compare>;
};
template <class Tree, class LeafMap>
struct Rebind<Subset<Tree>, LeafMap> {
  using type = rebind<Tree, LeafMap>;
};

}  // namespace GRADUS_NAMESPACE::detail
