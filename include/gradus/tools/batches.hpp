// SPDX-License-Identifier: MIT
//
// The order in which the samples of a finite sum are visited.
#pragma once

#include <algorithm>
#include <gradus/tools/portable_random.hpp>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace GRADUS_NAMESPACE {

/// Batches of the indices 0, ..., n − 1, in a new random order each epoch (random reshuffling):
///
///     gradus::Batches batches(f.size(), 32, seed);
///     for (int t = 0; t < steps; ++t) {
///       f(x, gradient, batches.next());
///       optimizer.step(x, gradient, state);
///     }
///
/// Every index comes once an epoch. Where `size` does not divide n, the last batch of an epoch holds the
/// rest; a mean over it gives each of its samples more weight than the others get. The sequence follows from
/// the seed alone, on every platform (Fisher & Yates's shuffle, `PortableRandom`). Takes no memory after
/// construction. Throws `std::invalid_argument` unless 1 ≤ size ≤ n.
class Batches {
 public:
  /// Batches of `size` of the indices 0, ..., n − 1.
  Batches(Eigen::Index n, Eigen::Index size, std::uint64_t seed) : random_(seed) {
    if (size < 1 || size > n) {
      throw std::invalid_argument("Batches: size is " + std::to_string(size) + ", needs 1 to n, which is " +
                                  std::to_string(n));
    }
    size_ = static_cast<std::size_t>(size);
    order_.resize(static_cast<std::size_t>(n));
    std::iota(order_.begin(), order_.end(), Eigen::Index{0});
    first_ = order_.size();
  }

  /// The next batch. It can be read until the call after this one.
  std::span<const Eigen::Index> next() {
    if (first_ == order_.size()) {
      shuffle();
      first_ = 0;
    }
    const std::size_t count = std::min(size_, order_.size() - first_);
    first_ += count;
    return {order_.data() + first_ - count, count};
  }

  /// How many batches make an epoch: n / size, rounded up.
  Eigen::Index per_epoch() const { return static_cast<Eigen::Index>((order_.size() + size_ - 1) / size_); }

 private:
  void shuffle() {
    for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random_.below(i)]);
  }

  PortableRandom random_;
  std::vector<Eigen::Index> order_;
  std::size_t size_ = 0, first_ = 0;
};

}  // namespace GRADUS_NAMESPACE
