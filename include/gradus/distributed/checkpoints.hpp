// SPDX-License-Identifier: MIT
//
// The checkpoints of many ranks in a folder, of which the newest are kept.
// not in the umbrella: it needs MPI 3.1 or later and nlohmann-json 3.11 or later
#pragma once

#include <gradus/distributed/checkpoint.hpp>
#include <gradus/io/checkpoints.hpp>

namespace GRADUS_NAMESPACE::mpi {

/// Numbered files of `mpi::save` in a folder that all ranks see: `io::Checkpoints` of all ranks together,
/// with the same files.
///
///     const gradus::mpi::Checkpoints checkpoints{ranks, "run"};
///     std::int64_t step = 0;
///     if (const auto latest = checkpoints.latest()) {
///       gradus::mpi::load(ranks, latest->path, model, optimizer, state);
///       step = latest->step;
///     }
///     while (step < last) {
///       ...
///       if (++step % 1000 == 0) checkpoints.save(step, model, optimizer, state);
///     }
struct Checkpoints {
  Communicator& ranks;           ///< outlives it
  std::filesystem::path folder;  ///< made by the first `save`
  int keep = 3;                  ///< how many files stay, at least 1; 0: all

  /// The newest that rank 0 sees, on all ranks. Throws `RankError`, on all, if it cannot read the folder.
  std::optional<io::Checkpoints::Checkpoint> latest() const {
    std::array<std::uint64_t, 1> end{0};  // the step after it
    on_first([&](const io::Checkpoints& files) {
      if (const auto found = files.latest()) end[0] = static_cast<std::uint64_t>(found->step) + 1;
    });
    end = ranks.largest(end);
    if (end[0] == 0) return std::nullopt;
    const auto step = static_cast<std::int64_t>(end[0] - 1);
    return io::Checkpoints::Checkpoint{step, io::Checkpoints{folder}.path_of(step)};
  }

  /// Saves a run that has taken `step` ≥ 0 steps, then removes the oldest of more than `keep` files. Throws
  /// `RankError`, on all ranks, for what `io::Checkpoints::save` and `mpi::save` refuse.
  template <class P, class O, class State>
  void save(std::int64_t step, const P& params, const O& optimizer, const State& state,
            io::Metadata metadata = {}) const {
    on_first([&](const io::Checkpoints& files) { files.prepare(step); });
    mpi::save(ranks, io::Checkpoints{folder}.path_of(step), params, optimizer, state, std::move(metadata));
    on_first([](const io::Checkpoints& files) { files.remove_old(); });
  }

 private:
  template <class F>
  void on_first(const F& f) const {
    mpi::agree(ranks, [&] {
      if (ranks.rank() == 0) f(io::Checkpoints{folder, keep});
    });
  }
};

}  // namespace GRADUS_NAMESPACE::mpi
