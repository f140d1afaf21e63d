// SPDX-License-Identifier: MIT
//
// What is refused, and in which words. Every check runs before anything is changed.
#pragma once

#include <algorithm>
#include <cmath>
#include <gradus/core/explain.hpp>
#include <gradus/core/lazy.hpp>
#include <gradus/core/scope.hpp>
#include <gradus/core/tree.hpp>
#include <sstream>
#include <vector>

namespace GRADUS_NAMESPACE {

/// True for a leaf that can be written through: not const, not a `Map` or `Ref` of const.
template <class L>
concept WritableLeaf = Leaf<L> && !std::is_const_v<std::remove_reference_t<L>> &&
                       (std::remove_cvref_t<L>::Flags & Eigen::LvalueBit) != 0;

namespace detail {

EIGEN_DONT_INLINE inline std::string shape_text(Index rows, Index cols) {
  std::ostringstream text;
  text << rows << " x " << cols;
  return text.str();
}

template <class A, class B>
constexpr bool fixed_shapes_differ() {
  constexpr auto differ = [](int a, int b) { return a != Eigen::Dynamic && b != Eigen::Dynamic && a != b; };
  return differ(A::RowsAtCompileTime, B::RowsAtCompileTime) ||
         differ(A::ColsAtCompileTime, B::ColsAtCompileTime);
}

[[noreturn]] EIGEN_DONT_INLINE inline void fail_shape(const Path& path, Index rows, Index cols, std::size_t k,
                                                      Index other_rows, Index other_cols) {
  std::ostringstream what;
  what << "is " << rows << " x " << cols << ", but its " << detail::tree_label(k) << " is " << other_rows
       << " x " << other_cols;
  path.fail(what.str());
}

template <class Param, class Other>
void require_same_shape(const Path& path, const Param& param, const Other& other, std::size_t k) {
  if constexpr (requires { other.fits(param); }) {  // it has no shape of its own
    if (!other.fits(param)) {
      path.fail("is " + detail::shape_text(param.rows(), param.cols()) + ", but its " +
                detail::tree_label(k) + " was transformed at another shape");
    }
  } else {
    static_assert(!fixed_shapes_differ<structure_t<Param>, structure_t<Other>>(),
                  "gradus: a parameter and its gradient (or its state) have different fixed sizes");
    if (param.rows() != other.rows() || param.cols() != other.cols()) {
      detail::fail_shape(path, param.rows(), param.cols(), k, other.rows(), other.cols());
    }
    if constexpr (is_lazy<Other>) {  // every tree inside a lazy one must fit as well
      std::apply([&](const auto&... inner) { (detail::require_same_shape(path, param, inner, k), ...); },
                 other.trees);
    }
  }
}

// The trees have the structure and shapes of `params`, which is only read.
template <class P, class... Trees>
void require_same_shapes(std::string_view who, const P& params, const Trees&... trees) {
  gradus::walk(
      who,
      [](const Path& path, const auto& param, const auto&... others) {
        [[maybe_unused]] std::size_t k = 0;
        (detail::require_same_shape(path, param, others, k++), ...);
      },
      params, trees...);
}

// All trees inside a lazy one have the shapes of the first of them.
template <class Tree>
void require_consistent(std::string_view who, const Tree& tree) {
  if constexpr (is_lazy<Tree>) {
    constexpr bool has_several = std::tuple_size_v<decltype(tree.trees)> != 1;
    if constexpr (has_several || is_lazy<std::remove_cvref_t<decltype(tree.underlying())>>) {
      detail::require_same_shapes(who, detail::structure(tree), tree);
    }
  }
}

template <class P>
consteval bool is_writable() {
  bool writable = true;
  using Tree = std::remove_reference_t<P>;
  if constexpr (Leaf<Tree>) {
    writable = WritableLeaf<Tree>;
  } else if constexpr (WidenedNode<Tree>) {
    writable = !std::is_const_v<Tree>;
  } else if constexpr (is_subset<std::remove_const_t<Tree>>) {
    writable = is_writable<decltype(detail::as_deep_const<Tree>(std::declval<Tree&>().tree))>();
  } else if constexpr (SequenceNode<Tree>) {
    writable = is_writable<decltype(detail::child(std::declval<Tree&>(), std::size_t{}))>();
  } else if constexpr (MapNode<Tree>) {
    writable = is_writable<decltype(detail::child(std::declval<Tree&>(),
                                                  std::declval<typename Tree::key_type>()))>();
  } else {
    writable = []<std::size_t... I>(std::index_sequence<I...>) {
      return (is_writable<decltype(detail::child<I>(std::declval<Tree&>()))>() && ...);
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
  static_assert(detail::explain_tree<P>());
  static_assert(detail::explain_tree<G>());
  if constexpr (Parameters<P> && Gradients<G>) {
    static_assert(detail::is_writable<P>(), "gradus: the parameters are const, so a step cannot change them");
    detail::require_same_shapes(who, params, grads, state...);
  }
}

namespace detail {

// The memory of the leaves that were passed. Not a template: one compilation for leaves of all types.
struct SeenLeaves {
  std::vector<const void*> data;

  EIGEN_DONT_INLINE void add(const Path& path, const void* leaf, Index size) {
    if (size == 0) return;
    if (std::find(data.begin(), data.end(), leaf) != data.end()) {
      path.fail("shares its memory with a leaf before it: every leaf must stand in the tree once");
    }
    data.push_back(leaf);
  }
};

}  // namespace detail

/// The check that opens every `init`: `params` is a tree of parameters, or the compiler says in one sentence
/// why not, and no leaf stands in it twice. Throws `std::invalid_argument` that names `who` and the leaf.
template <class P>
void require_parameters(std::string_view who, const P& params) {
  static_assert(detail::explain_tree<P>());
  if constexpr (Parameters<P> && !Leaf<P>) {
    detail::SeenLeaves seen;
    gradus::walk(
        who, [&](const Path& path, const auto& leaf) { seen.add(path, leaf.data(), leaf.size()); }, params);
  }
}

namespace detail {

[[noreturn]] EIGEN_DONT_INLINE inline void fail_field(std::string_view who, std::string_view field,
                                                      double value, std::string_view rule) {
  std::ostringstream message;
  message << who << ": " << field << " is " << value << ", but must " << rule;
  throw std::invalid_argument(message.str());
}

}  // namespace detail

/// Throws `std::invalid_argument` "Adam: beta1 is 1.5, but must lie in [0, 1)" unless `holds`.
inline void require_field(bool holds, std::string_view who, std::string_view field, double value,
                          std::string_view rule) {
  if (!holds) detail::fail_field(who, field, value, rule);
}

/// Refuses an integer that is less than `least`.
inline void require_at_least(std::string_view who, std::string_view field, std::int64_t value,
                             std::int64_t least) {
  if (value < least) {
    detail::fail_field(who, field, static_cast<double>(value), "be at least " + std::to_string(least));
  }
}

/// Refuses a field that `init` read and that has changed since: `made_with` is what the state remembers of
/// it.
inline void require_unchanged(std::string_view who, std::string_view field, double value, double made_with) {
  if (value != made_with) {
    detail::fail_field(who, field, value, "stay what it was at init, " + std::to_string(made_with));
  }
}

/// The same for a field that is a choice of an enumeration, or on or off.
template <class Choice>
void require_same_choice(std::string_view who, std::string_view field, Choice value, Choice made_with) {
  if (value != made_with) {
    throw std::invalid_argument(std::string(who) + ": " + std::string(field) +
                                " was changed after init, which made the state for another choice");
  }
}

/// Refuses a field that needs a part of the state which `init` did not make.
inline void require_made(std::string_view who, std::string_view field, bool made) {
  if (!made) {
    throw std::invalid_argument(std::string(who) + ": " + std::string(field) +
                                " was set after init, which made no state for it");
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
