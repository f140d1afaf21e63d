// SPDX-License-Identifier: MIT
//
// What the tests of several processes share: the ranks, and what one process would do in their place.
#pragma once

#include <gradus/distributed/mpi.hpp>
#include <gradus/gradus.hpp>

#include "catch.hpp"
#include "problem.hpp"

namespace gradus_test {

extern gradus::mpi::Communicator* all_ranks;
inline gradus::mpi::Communicator& ranks() { return *all_ranks; }

/// Writes the gradient of micro-batch `batch` in step t.
template <class P, class G>
void write_batch_gradient(const P& params, G& grads, int t, int batch) {
  write_gradient(params, grads, t);
  fill(grads, [batch](double g, double l, double i, double j) {
    return g + 0.1 * std::sin(3.0 * batch + l + 2 * i - j);
  });
}

/// The sum of gradients first, ..., last − 1 of `all`: that of the largest power of two in front, and that of
/// the rest.
template <class G>
G tree_sum(const std::vector<G>& all, std::size_t first, std::size_t last) {
  if (last - first == 1) return all[first];
  std::size_t half = 1;
  while (2 * half < last - first) half *= 2;
  G sum = tree_sum(all, first, first + half);
  const G rest = tree_sum(all, first + half, last);
  gradus::for_each_block([](auto& a, const auto& b) { a = a + b; }, sum, rest);
  return sum;
}

/// The mean of the gradients of `batches` micro-batches, as one process makes it, of `float` or `double`.
template <class P>
auto mean_gradient(const P& params, int t, int batches) {
  std::vector<gradus::state_like<P>> all;
  for (int batch = 0; batch < batches; ++batch) {
    auto grads = gradus::zeros_like(params);
    write_batch_gradient(params, grads, t, batch);
    all.push_back(gradus::zero_state(params));
    gradus::for_each_block([](auto& to, const auto& from) { to = from; }, all.back(), grads);
  }
  auto mean = tree_sum(all, 0, all.size());
  gradus::walk(
      "mean",
      [&](const gradus::Path&, auto& leaf) {
        using Scalar = typename std::remove_cvref_t<decltype(leaf)>::Scalar;
        for (Index j = 0; j < leaf.cols(); ++j) {
          for (Index i = 0; i < leaf.rows(); ++i) leaf(i, j) /= static_cast<Scalar>(batches);
        }
      },
      mean);
  return mean;
}

// Empty leaves at both ends and between, vectors, and matrices that are cut.
inline const Shapes several_shapes{{0, 5}, {30, 20}, {16, 16}, {1, 70}, {20, 1},
                                   {7, 3}, {0, 4},   {12, 33}, {5, 0}};

}  // namespace gradus_test
