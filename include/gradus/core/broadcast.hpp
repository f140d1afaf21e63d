// SPDX-License-Identifier: MIT
//
// One number for each leaf, row or column of a tree, seen in the shapes of the leaves.
#pragma once

#include <gradus/core/like.hpp>
#include <gradus/core/strip.hpp>
#include <string_view>

namespace GRADUS_NAMESPACE {

/// A tree of small matrices as a part of a `lazy` tree: where its matrix has one row or one column, that is
/// repeated to the shape of the leaf beside it. So a 1 x 1 matrix is a number for the leaf, a column a number
/// for each row, a row a number for each column.
template <class Numbers>
struct Broadcast {
  Numbers numbers;  ///< the tree

  /// The tree, for its structure.
  const auto& underlying() const { return numbers; }

  /// A part of the tree.
  template <std::size_t I>
  auto child() const {
    return Broadcast<decltype(detail::child<I>(numbers))>{detail::child<I>(numbers)};
  }
  /// A part of the tree.
  template <class Where>
  auto child(const Where& where) const {
    return Broadcast<decltype(detail::child(numbers, where))>{detail::child(numbers, where)};
  }

  /// Of a leaf: whether it can be repeated to the shape of `other`.
  template <class Other>
  bool fits(const Other& other) const {
    return (numbers.rows() == 1 || numbers.rows() == other.rows()) &&
           (numbers.cols() == 1 || numbers.cols() == other.cols());
  }

  /// Of a leaf: its memory, with strides that repeat it.
  template <bool RowMajor>
  auto strip() const {
    using Scalar = typename std::remove_cvref_t<Numbers>::Scalar;
    const Index down = numbers.rows() == 1 ? 0 : numbers.rowStride();
    const Index along = numbers.cols() == 1 ? 0 : numbers.colStride();
    return detail::MemoryStrip<const Scalar, true>{numbers.data(), RowMajor ? along : down,
                                                   RowMajor ? down : along};
  }

  /// Of a leaf of small fixed size: all of it.
  template <class Value>
  Value take() const {
    constexpr Index rows = Value::RowsAtCompileTime, cols = Value::ColsAtCompileTime;
    return numbers.array()
        .replicate(rows / numbers.rows(), cols / numbers.cols())
        .template cast<typename Value::Scalar>();
  }
};

/// Makes a `Broadcast` beside `grads`: of each leaf the array of doubles that `make(path, leaf, leaves...)`
/// returns, which has one or all of the leaf's rows, and one or all of its columns. Takes memory.
template <Gradients G, class Make, class... Trees>
auto broadcast(std::string_view who, const Make& make, const G& grads, const Trees&... trees) {
  Broadcast<matrices_like<detail::structure_t<G>>> result;
  detail::grow(result.numbers, detail::structure(grads));
  gradus::walk(
      who,
      [&](const Path& path, const auto& leaf, auto& matrix, const auto&... others) {
        using Scalar = typename std::remove_cvref_t<decltype(matrix)>::Scalar;
        matrix = make(path, leaf, others...).matrix().template cast<Scalar>();
      },
      grads, result.numbers, trees...);
  return result;
}

}  // namespace GRADUS_NAMESPACE
