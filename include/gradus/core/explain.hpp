// SPDX-License-Identifier: MIT
//
// Why a type is not a tree, said by the compiler in one sentence.
#pragma once

#include <gradus/core/node.hpp>

namespace GRADUS_NAMESPACE::detail {

template <class T>
concept Associative = requires {
  typename T::key_type;
  typename T::mapped_type;
};
template <class T>
concept PointerLike = std::is_pointer_v<T> || requires(T& t) {
  *t;
  t.get();
};
template <class T>
concept ListLike = requires(T& t) {
  t.begin();
  t.end();
};
template <class Derived>
void accept_eigen(const Eigen::EigenBase<Derived>&);
template <class T>
concept OfEigen = requires(const T& t) {
  detail::accept_eigen(t);
};

// A type to go on with behind the sentence.
struct NotATree {};

// Every sentence is the first, and with most compilers the only one that stands behind "error:". A sentence
// is said once for a type, so functions that are called by each other may all ask for it. Returns true, so
// that whoever asks adds no error of his own.
template <class Tree>
consteval bool explain() {
  if constexpr (is_parameters<Tree>() || std::is_same_v<Tree, NotATree>) {
    return true;
  } else if constexpr (StructNode<Tree>) {
    return explain<std::remove_cvref_t<decltype(std::declval<Tree&>().leaves())>>();
  } else if constexpr (SequenceNode<Tree>) {
    return explain<std::remove_cvref_t<decltype(std::declval<Tree&>()[0])>>();
  } else if constexpr (MapNode<Tree>) {
    return explain<std::remove_cvref_t<typename Tree::mapped_type>>();
  } else if constexpr (TupleNode<Tree>) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return (explain<std::remove_cvref_t<std::tuple_element_t<I, Tree>>>() && ...);
    }
    (std::make_index_sequence<std::tuple_size_v<Tree>>{});
  } else {
    constexpr bool fits = is_parameters<Tree>();
    if constexpr (Dense<Tree>) {
      static_assert(fits || is_real<typename Tree::Scalar>,
                    "gradus: leaves hold real floating-point numbers, not integers or complex numbers");
      if constexpr (is_real<typename Tree::Scalar>) {
        static_assert(fits,
                      "gradus: this is an expression of Eigen: evaluate it first, as in (2 * m).eval()");
      }
    } else if constexpr (OfEigen<Tree>) {
      static_assert(fits,
                    "gradus: of Eigen's matrices only dense ones are leaves, not sparse or special ones");
    } else if constexpr (std::is_arithmetic_v<Tree>) {
      static_assert(fits,
                    "gradus: a number is not a leaf: use an Eigen vector, or an Eigen::Map of the numbers");
    } else if constexpr (PointerLike<Tree>) {
      static_assert(fits,
                    "gradus: a pointer is not a tree: use what it points to, or std::tie, or Eigen::Map");
    } else if constexpr (Associative<Tree>) {
      static_assert(fits,
                    "gradus: of maps only those with unique strings as keys, in the order of their type, are "
                    "trees, as std::map<std::string, Eigen::MatrixXd>");
    } else if constexpr (ListLike<Tree>) {
      static_assert(fits, "gradus: a container without index is not a tree: use std::vector or std::deque");
    } else if constexpr (std::is_class_v<Tree>) {
      static_assert(
          fits,
          "gradus: this struct does not name its leaves: write GRADUS_LEAVES(w1, b1) with the names "
          "of its members inside it");
    } else {
      static_assert(
          fits,
          "gradus: this type is no tree of parameters: those are Eigen objects, and tuples, arrays, "
          "vectors, string-keyed maps and GRADUS_LEAVES structs of them");
    }
    return true;
  }
}

// Of a tree, or of what a lazy one is made of.
template <class T>
consteval bool explain_tree() {
  return explain<structure_t<T>>();
}

}  // namespace GRADUS_NAMESPACE::detail
