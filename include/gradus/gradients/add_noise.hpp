// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/checks.hpp>
#include <gradus/core/keyed_tree.hpp>
#include <gradus/core/lazy.hpp>
#include <gradus/core/strip.hpp>
#include <limits>

namespace GRADUS_NAMESPACE {

namespace detail {

// Standard normal numbers along a leaf. Each follows from the key of the leaf, its row and its column.
struct NormalStrip {
  std::uint64_t key;
  Index row, col;
  bool down;  // runs along a column, else along a row
  Index count = std::numeric_limits<Index>::max();

  double at(Index i) const {
    const auto hashed = [](std::uint64_t k, Index place) {
      return hash(k, static_cast<std::uint64_t>(place));
    };
    return normal(hashed(hashed(key, down ? row + i : row), down ? col : col + i));
  }

  bool is_contiguous(Index) const { return false; }  // a run of coefficients stays in its column or row
  bool is_dense() const { return true; }
  NormalStrip along_outer() const { return {key, row, col, !down}; }
  NormalStrip from(Index i, Index j) const { return {key, row + (down ? i : j), col + (down ? j : i), down}; }
  NormalStrip first(Index n) const { return {key, row, col, down, n}; }

  template <class C>
  BlockOf<C> load(Index i) const {
    BlockOf<C> values = BlockOf<C>::Zero();
    for (Index k = 0; k < block_size<C> && k < count; ++k) values(k) = static_cast<C>(at(i + k));
    return values;
  }
  template <class C>
  void store(Index, const BlockOf<C>&) const {}
};

using NormalTree = KeyedTree<NormalStrip>;

}  // namespace detail

/// Gradients with Gaussian noise: g + σz, z standard normal and independent in every coefficient, made inside
/// the optimizer's own pass without memory. z follows from `seed`, `step`, the place of the leaf in its tree
/// (members by position, map entries by key) and the row and column: it has the same bits for any number of
/// threads, storage order and scalar (up to rounding to it), on every platform. Pass another `step` in every
/// step, or the noise is the same.
///
/// Neelakantan et al. (arXiv:1511.06807) let σ decay as σ² = η / (1 + t)^γ with γ = 0.55 and η one of 0.01,
/// 0.3 and 1. Throws `std::invalid_argument` for a σ that is negative or not finite.
template <class G>
auto add_noise(G&& grads, double standard_deviation, std::uint64_t seed, std::uint64_t step) {
  static_assert(detail::explain_tree<G>());
  require_nonnegative("add_noise", "standard_deviation", standard_deviation);
  const auto add = [sigma = standard_deviation](const auto& g, const auto& z) { return g + sigma * z; };
  return Lazy<decltype(add), G, detail::NormalTree>{
      add, {std::forward<G>(grads), detail::NormalTree{detail::hash(detail::hash(0, seed), step)}}};
}

}  // namespace GRADUS_NAMESPACE
