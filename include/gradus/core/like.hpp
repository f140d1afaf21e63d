// SPDX-License-Identifier: MIT
//
// Owning trees of a given structure: what an optimizer's state is made of.
#pragma once

#include <array>
#include <gradus/core/explain.hpp>
#include <gradus/core/numerics.hpp>
#include <gradus/core/tree.hpp>
#include <span>
#include <vector>

namespace GRADUS_NAMESPACE {

namespace detail {

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

// Gives `tree` the containers of `params`, with leaves that are still empty (of fixed size: zero).
template <class Tree, class P>
void grow(Tree& tree, const P& params) {
  if constexpr (is_subset<P>) {
    detail::grow(tree, params.tree);
  } else if constexpr (WidenedNode<P>) {
    detail::grow(tree, params.underlying());
  } else if constexpr (Leaf<P>) {
    tree = Tree();  // a struct of the user's may have given it a size
    tree.setZero();
  } else if constexpr (SequenceNode<P>) {
    if constexpr (requires { tree.resize(params.size()); }) tree.resize(params.size());
    for (std::size_t i = 0; i < params.size(); ++i) detail::grow(tree[i], params[i]);
  } else if constexpr (MapNode<P>) {
    for (const auto& [key, value] : params) detail::grow(tree[key], value);
  } else {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (detail::grow(detail::child<I>(tree), detail::child<I>(params)), ...);
    }
    (std::make_index_sequence<static_child_count<P>()>{});
  }
}

// A tree beside `params` of which `make(path, leaf, its)` makes every leaf.
template <class Tree, class P, class Make>
Tree made_like(const P& params, const Make& make) {
  Tree tree{};
  if constexpr (Parameters<P>) {
    detail::grow(tree, params);
    gradus::walk("gradus", make, params, tree);
  }
  return tree;
}

template <class Tree, class P>
Tree filled(const P& params, double value) {
  return detail::made_like<Tree>(params, [value](const Path&, const auto& leaf, auto& out) {
    using Scalar = typename std::remove_cvref_t<decltype(out)>::Scalar;
    out.setConstant(leaf.rows(), leaf.cols(), static_cast<Scalar>(value));
  });
}

template <class Tree, class P>
Tree copied(const P& params) {
  return detail::made_like<Tree>(params, [](const Path&, const auto& from, auto& to) {
    using Scalar = typename std::remove_cvref_t<decltype(to)>::Scalar;
    to = from.template cast<Scalar>();
  });
}

}  // namespace detail

/// The owning tree of the structure of `P`: every `Map`, `Ref` or `Block` becomes a `Matrix` or `Array` of
/// its own, a struct that owns its leaves stays itself. Trees that differ only in who owns the memory have
/// the same `like`, so one state serves them all.
template <class P>
using like = detail::rebind<P, detail::OwnLeaf>;

/// The same for what is handed to the user's own functions, whatever the wrappers of precision/ make of
/// states.
template <class P>
using users_like = detail::rebind<P, detail::UsersLeaf>;

/// The same tree as a part of a state: sixteen-bit leaves become `float`.
template <class P>
using state_like = detail::rebind<P, detail::StateLeaf>;

/// `state_like` for copies of the parameters, which `small_state` leaves in full precision: it makes a
/// difference where a state keeps points, not averages of gradients.
template <class P>
using iterate_like = detail::rebind<P, detail::IterateLeaf>;

/// The tree of the structure of `P` with a matrix of any size in the place of every leaf, of the given
/// scalar, or else the one that the leaf is computed in: `float` for the sixteen-bit ones.
template <class P, class Scalar = void>
using matrices_like = detail::rebind<P, detail::MatrixLeaf<Scalar>>;

/// A tree of the structure, shapes and scalars of `params`, filled with `value`.
template <class P>
like<P> full_like(const P& params, double value) {
  return detail::filled<like<P>>(params, value);
}

/// A tree of the structure, shapes and scalars of `params`, filled with zeros.
template <class P>
like<P> zeros_like(const P& params) {
  return gradus::full_like(params, 0.0);
}

/// An owning tree with the structure, shapes, scalars and values of `params`.
template <class P>
like<P> copy_like(const P& params) {
  return detail::copied<like<P>>(params);
}

/// `full_like` as a part of a state.
template <class P>
state_like<P> full_state(const P& params, double value) {
  return detail::filled<state_like<P>>(params, value);
}

/// `zeros_like` as a part of a state.
template <class P>
state_like<P> zero_state(const P& params) {
  return gradus::full_state(params, 0.0);
}

/// `copy_like` as a part of a state.
template <class P>
iterate_like<P> copy_state(const P& params) {
  return detail::copied<iterate_like<P>>(params);
}

/// A tree of matrices beside `params`, each as `make(path, leaf)` makes it.
template <class Scalar = void, class P, class Make>
matrices_like<P, Scalar> make_matrices_like(const P& params, const Make& make) {
  return detail::made_like<matrices_like<P, Scalar>>(
      params, [&](const Path& path, const auto& leaf, auto& matrix) {
        using Made = typename std::remove_cvref_t<decltype(matrix)>::Scalar;
        matrix = make(path, leaf).template cast<Made>();
      });
}

namespace detail {

// Whether a copy of a tree has matrices of its own. A copy of a view shares those of the original.
template <class P>
inline constexpr bool copies_deeply = std::is_same_v<P, like<P>>;

// A copy of a tree, or of the value of an expression, that shares no memory with it.
template <class P>
auto deep_copy(const P& x) {
  if constexpr (Dense<P>) {
    return typename P::PlainObject(x);
  } else if constexpr (copies_deeply<P>) {
    return x;
  } else {
    return gradus::copy_like(x);
  }
}

}  // namespace detail

}  // namespace GRADUS_NAMESPACE
