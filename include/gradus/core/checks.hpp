// SPDX-License-Identifier: MIT
//
// What is refused, and with which words. Every check runs before anything is changed.
#pragma once

#include <cmath>
#include <gradus/core/lazy.hpp>
#include <gradus/core/tree.hpp>

namespace GRADUS_NAMESPACE {

/// True for a leaf that can be written through: not const, not a `Map` or `Ref` of const.
template <class L>
concept WritableLeaf = Leaf<L> && !std::is_const_v<std::remove_reference_t<L>> &&
                       (std::remove_cvref_t<L>::Flags & Eigen::LvalueBit) != 0;

namespace detail {

inline std::string shape_text(Index rows, Index cols) {
  return std::to_string(rows) + " x " + std::to_string(cols);
}

template <class A, class B>
constexpr bool fixed_shapes_differ() {
  constexpr auto differ = [](int a, int b) { return a != Eigen::Dynamic && b != Eigen::Dynamic && a != b; };
  return differ(A::RowsAtCompileTime, B::RowsAtCompileTime) ||
         differ(A::ColsAtCompileTime, B::ColsAtCompileTime);
}

template <class Param, class Other>
void require_same_shape(const Path& path, const Param& param, const Other& other, std::size_t k) {
  if constexpr (requires { other.fits(param); }) {  // it has no shape of its own
    if (!other.fits(param)) {
      path.fail("is " + shape_text(param.rows(), param.cols()) + ", but its " + tree_label(k) +
                " was transformed at another shape");
    }
  } else {
    static_assert(!fixed_shapes_differ<structure_t<Param>, structure_t<Other>>(),
                  "gradus: a parameter and its gradient (or its state) have different fixed sizes");
    if (param.rows() != other.rows() || param.cols() != other.cols()) {
      path.fail("is " + shape_text(param.rows(), param.cols()) + ", but its " + tree_label(k) + " is " +
                shape_text(other.rows(), other.cols()));
    }
    if constexpr (is_lazy<Other>) {  // every tree inside a lazy one must fit as well
      std::apply([&](const auto&... inner) { (require_same_shape(path, param, inner, k), ...); },
                 other.trees);
    }
  }
}

// The trees have the structure and shapes of `params`, which is only read.
template <class P, class... Trees>
void require_same_shapes(std::string_view who, const P& params, const Trees&... trees) {
  walk(
      who,
      [](const Path& path, const auto& param, const auto&... others) {
        std::size_t k = 0;
        (require_same_shape(path, param, others, k++), ...);
      },
      params, trees...);
}

template <class P>
consteval bool is_writable() {
  bool writable = true;
  using Tree = std::remove_reference_t<P>;
  if constexpr (Leaf<Tree>) {
    writable = WritableLeaf<Tree>;
  } else if constexpr (is_subset<std::remove_const_t<Tree>>) {
    writable = is_writable<decltype(as_deep_const<Tree>(std::declval<Tree&>().tree))>();
  } else if constexpr (SequenceNode<Tree>) {
    writable = is_writable<decltype(child(std::declval<Tree&>(), std::size_t{}))>();
  } else if constexpr (MapNode<Tree>) {
    writable = is_writable<decltype(child(std::declval<Tree&>(), std::declval<typename Tree::key_type>()))>();
  } else {
    writable = []<std::size_t... I>(std::index_sequence<I...>) {
      return (is_writable<decltype(child<I>(std::declval<Tree&>()))>() && ...);
    }
    (std::make_index_sequence<static_child_count<Tree>()>{});
  }
  return writable;
}

}  // namespace detail

/// The check that opens every step: `grads` and each tree of `state` have the structure and shapes of
/// `params`, and `params` can be written. Throws `std::invalid_argument` that names `who`, the leaf and both
/// shapes.
template <class P, class G, class... State>
void require_same_structure(std::string_view who, P& params, const G& grads, const State&... state) {
  static_assert(
      Parameters<P>,
      "gradus: parameters must be an Eigen Matrix, Array, Map, Ref or Block, or a tuple, array, vector, "
      "string-keyed ordered map or GRADUS_LEAVES struct of such");
  static_assert(
      Gradients<G>,
      "gradus: gradients must be Eigen objects in memory (evaluate expressions first), containers of "
      "such, or gradus's lazy views");
  if constexpr (Parameters<P> && Gradients<G>) {
    static_assert(detail::is_writable<P>(), "gradus: the parameters are const, so a step cannot change them");
    detail::require_same_shapes(who, params, grads, state...);
  }
}

/// Throws `std::invalid_argument` "Adam: beta1 is 1.5, but must lie in [0, 1)" unless `holds`.
inline void require_field(bool holds, std::string_view who, std::string_view field, double value,
                          std::string_view rule) {
  if (!holds) {
    std::ostringstream message;
    message << who << ": " << field << " is " << value << ", but must " << rule;
    throw std::invalid_argument(message.str());
  }
}

/// Refuses a hyperparameter that is negative, infinite or NaN.
inline void require_nonnegative(std::string_view who, std::string_view field, double value) {
  require_field(value >= 0 && std::isfinite(value), who, field, value, "be finite and at least 0");
}

/// Refuses a hyperparameter that is zero, negative, infinite or NaN.
inline void require_positive(std::string_view who, std::string_view field, double value) {
  require_field(value > 0 && std::isfinite(value), who, field, value, "be finite and positive");
}

/// Refuses a decay factor outside [0, 1).
inline void require_fraction(std::string_view who, std::string_view field, double value) {
  require_field(value >= 0 && value < 1, who, field, value, "lie in [0, 1)");
}

}  // namespace GRADUS_NAMESPACE
