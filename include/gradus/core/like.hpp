// SPDX-License-Identifier: MIT
//
// Owning trees of a given structure: what an optimizer's state is made of.
#pragma once

#include <gradus/core/rebind.hpp>
#include <gradus/core/tree.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

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
