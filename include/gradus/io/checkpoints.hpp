// SPDX-License-Identifier: MIT
//
// The checkpoints of a run in a folder, of which the newest are kept.
// not in the umbrella: it needs nlohmann-json 3.11 or later (Debian: nlohmann-json3-dev)
#pragma once

#include <charconv>
#include <gradus/io/checkpoint.hpp>

namespace GRADUS_NAMESPACE::io {

/// Numbered files of `save`, "step-000001000.safetensors", in a folder of a run's own.
///
///     const gradus::io::Checkpoints checkpoints{"run"};
///     std::int64_t step = 0;
///     if (const auto latest = checkpoints.latest()) {
///       gradus::io::load(latest->path, model, optimizer, state);
///       step = latest->step;
///     }
///     while (step < last) {
///       ...
///       if (++step % 1000 == 0) checkpoints.save(step, model, optimizer, state);
///     }
///
/// One process at a time may save.
struct Checkpoints {
  std::filesystem::path folder;  ///< made by the first `save`
  int keep = 3;                  ///< how many files stay, at least 1; 0: all

  /// A file and its number.
  struct Checkpoint {
    std::int64_t step;           ///< as given to `save`
    std::filesystem::path path;  ///< for `load`
  };

  /// All of them, the oldest first; none if there is no folder. Other files are passed over. Throws
  /// `std::runtime_error` if the folder cannot be read.
  std::vector<Checkpoint> all() const {
    std::error_code error;
    std::vector<Checkpoint> found;
    for (auto entry = std::filesystem::directory_iterator(folder, error);
         !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
      if (const auto step = step_of(entry->path().filename().string())) {
        found.push_back({*step, entry->path()});
      }
    }
    if (error && error != std::errc::no_such_file_or_directory) fail("cannot be read", error);
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.step < b.step; });
    return found;
  }

  /// The newest, by its number. It is not opened: if it is damaged, `load` says so.
  std::optional<Checkpoint> latest() const {
    const auto found = all();
    return found.empty() ? std::nullopt : std::optional(found.back());
  }

  /// Saves a run that has taken `step` ≥ 0 steps, then removes the oldest of more than `keep` files: they
  /// stay until the new one is on the disk. Throws what `io::save` throws, `std::invalid_argument` for a
  /// negative field and for a step before the latest in the folder, which must be another run's, and
  /// `std::runtime_error` if the folder cannot be made or an old file not be removed.
  template <class P, class O, class State>
  void save(std::int64_t step, const P& params, const O& optimizer, const State& state,
            Metadata metadata = {}) const {
    prepare(step);
    io::save(path_of(step), params, optimizer, state, std::move(metadata));
    remove_old();
  }

  /// The file of a step.
  std::filesystem::path path_of(std::int64_t step) const { return folder / name_of(step); }

  /// The first half of `save`, for who writes the file by other means, as `mpi::Checkpoints` does: makes the
  /// folder. Throws what `save` throws for `step`, `keep` and the folder.
  void prepare(std::int64_t step) const {
    gradus::require_at_least("Checkpoints", "step", step, 0);
    gradus::require_at_least("Checkpoints", "keep", keep, 0);
    if (const auto last = latest(); last && last->step > step) {
      detail::fail(folder, "has a checkpoint of step " + std::to_string(last->step) + ", after step " +
                               std::to_string(step) + " that shall be saved: go on from it, or remove it");
    }
    make_folder();
  }

  /// The second half: removes the oldest of more than `keep` files. Throws `std::runtime_error` if one cannot
  /// be removed.
  void remove_old() const {
    auto old = all();
    if (keep == 0 || old.size() <= static_cast<std::size_t>(keep)) return;
    old.resize(old.size() - static_cast<std::size_t>(keep));
    for (const auto& checkpoint : old) {
      std::error_code error;
      remove(checkpoint.path, error);
      if (error) fail("cannot remove " + checkpoint.path.filename().string(), error);
    }
  }

 private:
  static constexpr std::string_view before = "step-", after = ".safetensors";
  static constexpr std::size_t digits = 9;  // at least

  static std::string name_of(std::int64_t step) {
    const std::string number = std::to_string(step);
    return std::string(before) + std::string(digits - std::min(digits, number.size()), '0') + number +
           std::string(after);
  }

  // Nothing for a name that `name_of` does not give.
  static std::optional<std::int64_t> step_of(const std::string& name) {
    std::int64_t step = -1;
    if (name.size() > before.size()) {
      std::from_chars(name.data() + before.size(), name.data() + name.size(), step);
    }
    return step >= 0 && name_of(step) == name ? std::optional(step) : std::nullopt;
  }

  void make_folder() const {
    std::error_code error;
    const bool made = create_directories(folder, error);
    if (error) fail("the folder cannot be made", error);
    if (!made) return;
    const auto parent = absolute(folder / "file").parent_path().parent_path();  // of "run/", too
    if (const auto why = detail::flush_folder(parent)) fail("cannot flush the folder around it", why);
  }

  [[noreturn]] void fail(const std::string& what, const std::error_code& why) const {
    throw std::runtime_error(folder.string() + ": " + what + ": " + why.message());
  }
};

}  // namespace GRADUS_NAMESPACE::io
