// SPDX-License-Identifier: MIT
//
// What each rank owns of a tree, brought to all ranks.
// not in the umbrella: it needs MPI 3.1 or later (Debian: libopenmpi-dev)
#pragma once

#include <gradus/distributed/communicator.hpp>
#include <gradus/distributed/part.hpp>

namespace GRADUS_NAMESPACE::mpi::detail {

// The parts of all ranks travel in rounds, in each of which the ranks that have not sent all send about as
// much as each other. A rank receives what it does not own, once. Made of the plan and the scalars alone, so
// alike on all ranks.
class Spread {
 public:
  Spread() = default;

  // `widths[leaf]` is the size of its numbers.
  Spread(const Plan& plan, const std::vector<std::size_t>& widths, std::size_t bucket_bytes) {
    std::size_t largest = 0;
    std::vector<std::size_t> next(plan.size(), 0);
    std::vector<Index> done(plan.size(), 0);
    const auto senders = [&] {
      std::size_t count = 0;
      for (std::size_t rank = 0; rank < plan.size(); ++rank) count += next[rank] < plan[rank].size();
      return count;
    };
    while (const std::size_t left = senders()) {
      const std::size_t most = std::max<std::size_t>(bucket_bytes / left, 64);
      Round round;
      std::size_t end = 0;
      for (std::size_t rank = 0; rank < plan.size(); ++rank) {
        round.at.push_back(static_cast<int>(end));
        const std::size_t limit = end + most;
        for (auto& i = next[rank]; i < plan[rank].size(); ++i, done[rank] = 0) {
          const Piece& piece = plan[rank][i];
          const std::size_t width = widths[static_cast<std::size_t>(piece.leaf)], at = aligned(end, width);
          const Index begin = piece.begin + done[rank];
          const Index fits = at < limit ? static_cast<Index>((limit - at) / width) : 0;
          const Index count = std::min(piece.end - begin, fits);
          if (count > 0) {
            round.entries.push_back({piece.leaf, begin, begin + count, piece.begin, rank, at});
            end = at + static_cast<std::size_t>(count) * width;
            done[rank] += count;
          }
          if (begin + count < piece.end) break;
        }
      }
      round.at.push_back(static_cast<int>(end));
      std::sort(round.entries.begin(), round.entries.end(), [](const Entry& a, const Entry& b) {
        return std::pair(a.leaf, a.begin) < std::pair(b.leaf, b.begin);
      });
      largest = std::max(largest, end);
      if (!round.entries.empty()) rounds_.push_back(std::move(round));
    }
    buffer_.resize(largest);
  }

  // Fills `to` with the parts of all ranks, of which `part` is this one's.
  template <class To, class Part>
  void run(Communicator& ranks, To& to, const Part& part) {
    const auto me = static_cast<std::size_t>(ranks.rank());
    for (const Round& round : rounds_) {
      for_each_entry(round, std::as_const(to), part, [&](const Entry& entry, const auto&, const auto& mine) {
        using Number = typename std::remove_cvref_t<decltype(mine)>::Scalar;
        if (entry.rank != me) return;
        std::copy_n(mine.data() + (entry.begin - entry.piece_begin), entry.end - entry.begin,
                    reinterpret_cast<Number*>(buffer_.data() + entry.at));
      });
      MPI_Request request = ranks.start_gather(buffer_.data(), round.at, lengths_);
      ranks.wait(request);
      for_each_entry(round, to, part, [&](const Entry& entry, auto& leaf, const auto& mine) {
        using Number = typename std::remove_cvref_t<decltype(mine)>::Scalar;
        gradus::detail::copy_to_leaf(entry.begin, entry.end,
                                     reinterpret_cast<const Number*>(buffer_.data() + entry.at), leaf);
      });
    }
  }

 private:
  struct Entry {
    Index leaf, begin, end, piece_begin;
    std::size_t rank, at;
  };
  struct Round {
    std::vector<int> at;         // of ranks, in bytes
    std::vector<Entry> entries;  // in the order of leaves
  };

  static std::size_t aligned(std::size_t at, std::size_t width) { return (at + width - 1) / width * width; }

  template <class To, class Part, class F>
  static void for_each_entry(const Round& round, To& to, const Part& part, const F& f) {
    gradus::walk(
        "gradus",
        [&, next = round.entries.begin()](const Path& path, auto& leaf, const auto& mine) mutable {
          for (; next != round.entries.end() && next->leaf == path.ordinal; ++next) f(*next, leaf, mine);
        },
        to, part);
  }

  std::vector<Round> rounds_;
  std::vector<std::byte> buffer_;
  std::vector<int> lengths_;
};

}  // namespace GRADUS_NAMESPACE::mpi::detail
