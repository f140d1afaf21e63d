// SPDX-License-Identifier: MIT
//
// Trees of matrices beside the parameters: for state that has another shape than its leaf.
#pragma once

#include <gradus/core/like.hpp>
#include <gradus/core/strip.hpp>

namespace gradus {

namespace detail {

template <class Tree>
struct MatricesLike;

template <Leaf T>
struct MatricesLike<T> {
  using type = Eigen::MatrixX<Compute<typename T::Scalar>>;
};
template <class Struct, class Tuple>
struct MatricesLike<LikeStruct<Struct, Tuple>> {
  using type = LikeStruct<Struct, typename MatricesLike<Tuple>::type>;
};
template <class... T>
struct MatricesLike<std::tuple<T...>> {
  using type = std::tuple<typename MatricesLike<T>::type...>;
};
template <class A, class B>
struct MatricesLike<std::pair<A, B>> {
  using type = std::pair<typename MatricesLike<A>::type, typename MatricesLike<B>::type>;
};
template <class T, std::size_t N>
struct MatricesLike<std::array<T, N>> {
  using type = std::array<typename MatricesLike<T>::type, N>;
};
template <template <class...> class Vector, class T, class Allocator>
requires SequenceNode<Vector<T, Allocator>>
struct MatricesLike<Vector<T, Allocator>> {
  using type = Vector<typename MatricesLike<T>::type>;
};
template <template <class...> class Map, class K, class T, class Compare, class Allocator>
requires MapNode<Map<K, T, Compare, Allocator>>
struct MatricesLike<Map<K, T, Compare, Allocator>> {
  using type = Map<K, typename MatricesLike<T>::type, Compare>;
};

}  // namespace detail

/// The tree of the structure of `P` with a matrix of any size in the place of every leaf, in the scalar that
/// the leaf is computed in: `float` for the 16-bit ones.
template <Parameters P>
using matrices_like = typename detail::MatricesLike<like<P>>::type;

/// A tree of matrices beside `params`, each as `make(path, leaf)` makes it.
template <Parameters P, class Make>
matrices_like<P> make_matrices_like(const P& params, const Make& make) {
  matrices_like<P> tree;
  detail::grow(tree, params);
  walk(
      "make_matrices_like",
      [&](const Path& path, const auto& leaf, auto& matrix) { matrix = make(path, leaf); }, params, tree);
  return tree;
}

}  // namespace gradus
