// SPDX-License-Identifier: MIT
//
// Who owns what: the coefficients of a model divided among ranks.
// not in the umbrella: only who divides models needs it
#pragma once

#include <algorithm>
#include <functional>
#include <gradus/core/node.hpp>
#include <numeric>
#include <queue>
#include <vector>

namespace GRADUS_NAMESPACE::mpi {

/// A run of coefficients of one leaf, in the order in which the leaf is stored.
struct Piece {
  Index leaf;        ///< its ordinal in the tree
  Index begin, end;  ///< of the coefficients

  bool operator==(const Piece&) const = default;  ///< Whether both are the same run.
};

/// What each rank owns: `plan[rank]` are its pieces in the order of the leaves, at most one of a leaf. Every
/// coefficient has one owner. Made by `cut_evenly` and `deal_whole` from sizes and the number of ranks alone,
/// so that every rank makes the same.
using Plan = std::vector<std::vector<Piece>>;

/// A plan as one rank sees it, with the leaves that it is about.
struct Ownership {
  /// A leaf: its ordinal, its shape, and whether it is stored row by row.
  struct Place {
    Index ordinal, rows, cols;  ///< of the leaf
    bool by_row;                ///< else by columns
  };
  int rank = 0;               ///< which of the ranks this is
  Plan plan;                  ///< who owns what
  std::vector<Place> leaves;  ///< those that are seen, in order

  /// What this rank owns.
  const std::vector<Piece>& own() const { return plan[static_cast<std::size_t>(rank)]; }
};

/// A leaf to be divided.
struct LeafShare {
  Index leaf;   ///< its ordinal
  Index size;   ///< coefficients
  double cost;  ///< of a step, in any unit that is the same for all; only `deal_whole` asks
};

/// Cuts the coefficients of all leaves, seen as one line, into equal shares. The ends are rounded up to
/// multiples of 64, where shares of large leaves start at a line of the cache; no share is larger than the
/// mean by more.
inline Plan cut_evenly(const std::vector<LeafShare>& leaves, int ranks) {
  Plan plan(static_cast<std::size_t>(ranks));
  const Index total = std::accumulate(leaves.begin(), leaves.end(), Index{0},
                                      [](Index sum, const LeafShare& leaf) { return sum + leaf.size; });
  const Index whole = total / ranks, rest = total % ranks;  // total · r would overflow first
  const auto share_begin = [&](Index r) {
    const Index exact = whole * r + rest * r / ranks;
    return r == ranks ? total : std::min((exact + 63) / 64 * 64, total);
  };
  Index offset = 0;
  int rank = 0;
  for (const LeafShare& leaf : leaves) {
    const Index end = offset + leaf.size;
    while (offset < end) {
      while (share_begin(rank + 1) <= offset) ++rank;
      const Index until = std::min(end, share_begin(rank + 1)), first = end - leaf.size;
      plan[static_cast<std::size_t>(rank)].push_back({leaf.leaf, offset - first, until - first});
      offset = until;
    }
  }
  return plan;
}

/// Deals whole leaves: the longest first (Graham's LPT), each to the rank with the least to do so far; equal
/// leaves in order, among equal ranks to the first. The rank with most to do has at most 4/3 of the best
/// possible. Empty leaves have an owner, too, because their state need not be empty.
inline Plan deal_whole(std::vector<LeafShare> leaves, int ranks) {
  std::stable_sort(leaves.begin(), leaves.end(),
                   [](const LeafShare& a, const LeafShare& b) { return a.cost > b.cost; });
  using Load = std::pair<double, std::size_t>;
  std::priority_queue<Load, std::vector<Load>, std::greater<>> least;
  Plan plan(static_cast<std::size_t>(ranks));
  for (std::size_t r = 0; r < plan.size(); ++r) least.emplace(0.0, r);
  for (const LeafShare& leaf : leaves) {
    const auto [load, rank] = least.top();
    least.pop();
    plan[rank].push_back({leaf.leaf, 0, leaf.size});
    least.emplace(load + leaf.cost, rank);
  }
  for (auto& pieces : plan) {
    std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.leaf < b.leaf; });
  }
  return plan;
}

}  // namespace GRADUS_NAMESPACE::mpi
