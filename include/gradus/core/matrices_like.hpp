// SPDX-License-Identifier: MIT
//
// Trees of matrices beside the parameters: for state that has another shape than its leaf.
#pragma once

#include <gradus/core/like.hpp>
#include <gradus/core/strip.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

template <class Tree, class Scalar>
struct MatricesLike;

template <Leaf T, class Scalar>
struct MatricesLike<T, Scalar> {
  using type =
      Eigen::MatrixX<std::conditional_t<std::is_void_v<Scalar>, Compute<typename T::Scalar>, Scalar>>;
};
template <class Struct, class Tuple, class Scalar>
struct MatricesLike<LikeStruct<Struct, Tuple>, Scalar> {
  using type = LikeStruct<Struct, typename MatricesLike<Tuple, Scalar>::type>;
};
template <class... T, class Scalar>
struct MatricesLike<std::tuple<T...>, Scalar> {
  using type = std::tuple<typename MatricesLike<T, Scalar>::type...>;
};
template <class A, class B, class Scalar>
struct MatricesLike<std::pair<A, B>, Scalar> {
  using type = std::pair<typename MatricesLike<A, Scalar>::type, typename MatricesLike<B, Scalar>::type>;
};
template <class T, std::size_t N, class Scalar>
struct MatricesLike<std::array<T, N>, Scalar> {
  using type = std::array<typename MatricesLike<T, Scalar>::type, N>;
};
template <template <class...> class Vector, class T, class Allocator, class Scalar>
requires SequenceNode<Vector<T, Allocator>>
struct MatricesLike<Vector<T, Allocator>, Scalar> {
  using type = Vector<typename MatricesLike<T, Scalar>::type>;
};
template <template <class...> class Map, class K, class T, class Compare, class Allocator, class Scalar>
requires MapNode<Map<K, T, Compare, Allocator>>
struct MatricesLike<Map<K, T, Compare, Allocator>, Scalar> {
  using type = Map<K, typename MatricesLike<T, Scalar>::type, Compare>;
};

}  // namespace detail

/// The tree of the structure of `P` with a matrix of any size in the place of every leaf, of the given
/// scalar, or else the one that the leaf is computed in: `float` for the 16-bit ones.
template <Parameters P, class Scalar = void>
using matrices_like = typename detail::MatricesLike<like<P>, Scalar>::type;

/// A tree of matrices beside `params`, each as `make(path, leaf)` makes it.
template <class Scalar = void, Parameters P, class Make>
matrices_like<P, Scalar> make_matrices_like(const P& params, const Make& make) {
  matrices_like<P, Scalar> tree;
  detail::grow(tree, params);
  walk(
      "make_matrices_like",
      [&](const Path& path, const auto& leaf, auto& matrix) {
        using Made = typename std::remove_cvref_t<decltype(matrix)>::Scalar;
        matrix = make(path, leaf).template cast<Made>();
      },
      params, tree);
  return tree;
}

}  // namespace GRADUS_NAMESPACE
