// SPDX-License-Identifier: MIT
//
// Lazy trees: a function of the coefficients of other trees, evaluated where it is used.
#pragma once

#include <gradus/core/tree.hpp>

namespace GRADUS_NAMESPACE {

/// The tree `f(a, b, ...)` of the trees a, b, ... of one structure, coefficient by coefficient, without
/// storage. `f` takes Eigen arrays (a block of coefficients of each tree) and returns an array expression of
/// the same size. Trees given as lvalues are referred to and must outlive the lazy tree; temporaries, such as
/// other lazy trees, are kept inside. Made by `lazy`; every optimizer takes it as gradients.
template <class F, class... Trees>
struct Lazy {
  F f;                         ///< of the coefficients
  std::tuple<Trees...> trees;  ///< or references to them

  /// The first of the trees, which has the structure and shapes of all.
  const auto& underlying() const { return std::get<0>(trees); }

  /// The I-th child, lazily.
  template <std::size_t I>
  auto child() const {
    return zip([](const auto& tree) -> decltype(auto) { return detail::child<I>(tree); });
  }
  /// The lazy tree below, at an index or a key.
  template <class Where>
  auto child(const Where& where) const {
    return zip([&](const auto& tree) -> decltype(auto) { return detail::child(tree, where); });
  }

  Index rows() const { return underlying().rows(); }  ///< of a lazy leaf
  Index cols() const { return underlying().cols(); }  ///< of a lazy leaf
  Index size() const { return underlying().size(); }  ///< of a lazy leaf

 private:
  template <class Get>
  auto zip(const Get& get) const {
    return std::apply(
        [&](const auto&... tree) {
          return Lazy<F, decltype(get(tree))...>{f, {get(tree)...}};
        },
        trees);
  }
};

/// Whether a type is a `Lazy` tree.
template <class T>
inline constexpr bool is_lazy = false;
/// Specialization: it is.
template <class F, class... Trees>
inline constexpr bool is_lazy<Lazy<F, Trees...>> = true;

namespace detail {

// What a lazy tree holds: the tree itself, or a reference. Of a `Subset` it holds the whole, because it is
// the tree walked first, the parameters, that says which leaves are seen.
template <class Tree>
using Held = std::conditional_t<is_subset<std::remove_cvref_t<Tree>>,
                                decltype(detail::without_subset(std::declval<Tree&>())), Tree>;

// Parameters that a lazy tree refers to, read only; temporaries, such as a `std::tie`, it keeps.
template <class P>
decltype(auto) read_only(std::remove_reference_t<P>& params) {
  if constexpr (std::is_lvalue_reference_v<P>) {
    return std::as_const(params);
  } else {
    return std::move(params);
  }
}

}  // namespace detail

/// Makes a `Lazy` tree. Shapes are checked where it is used, against the parameters.
template <class F, class... Trees>
auto lazy(F f, Trees&&... trees) {
  static_assert((detail::explain_tree<Trees>() && ...));
  if constexpr ((Gradients<Trees> && ...)) {
    return Lazy<F, detail::Held<Trees>...>{
        std::move(f), {static_cast<detail::Held<Trees>&&>(detail::without_subset(trees))...}};
  } else {
    return detail::NotATree{};
  }
}

}  // namespace GRADUS_NAMESPACE
