// SPDX-License-Identifier: MIT
//
// A file that is there as a whole: a crash leaves the old one or the new one.
// not in the umbrella: only who writes files needs it
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <gradus/io/native_file.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

namespace GRADUS_NAMESPACE::io {

/// A file that is written beside its destination and takes its place at the end.
///
/// The bytes go to a temporary file in the same folder, "NAME.tmp-" and 16 hexadecimal digits. `commit`
/// brings them to the disk, renames the temporary and brings the folder to the disk. At every moment before
/// that, after a crash, too, the destination is what it was; who has the old file open keeps it. The mode is
/// that of the old file, or what the umask leaves; a link is followed, and its target replaced.
///
/// A failure removes the temporary. One that a killed process has left behind is removed by the next
/// `DurableFile` of this name: it has lost its lock (on Windows: its handle). Of two that write to one name
/// at a time the last one wins (on Windows one may fail instead, as it does while somebody has the old file
/// open).
///
/// All functions throw `std::runtime_error` that names the destination, what failed, and why.
class DurableFile {
 public:
  /// Creates the temporary file. `size` bytes are reserved where the file system can do that; 0: unknown.
  explicit DurableFile(const std::filesystem::path& destination, std::uint64_t size = 0)
      : destination_(destination) {
    resolve();
    remove_abandoned();
    create();
    detail::copy_mode(file_, destination_);
    if (const auto error = detail::reserve(file_, size)) {
      fail_and_discard("cannot reserve " + std::to_string(size) + " bytes", error);
    }
  }

  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;

  /// Without `commit` nothing has happened.
  ~DurableFile() { discard(); }

  /// Adds `size` bytes.
  void write(const void* bytes, std::size_t size) {
    const char* from = static_cast<const char*>(bytes);
    while (size != 0) {
      std::size_t written = 0;
      if (const auto error = detail::write_some(file_, from, size, written)) {
        fail_and_discard(
            "cannot write " + std::to_string(size) + " bytes after the first " + std::to_string(written_),
            error);
      }
      from += written;
      size -= written;
      written_ += written;
    }
  }

  /// Puts the file in the place of the old one. Nothing can be written after it.
  void commit() {
    // A second try may report success for what the first has lost.
    if (const auto error = detail::flush(file_)) {
      fail_and_discard("cannot bring the bytes to the disk", error);
    }
    if (const auto error =
            detail::close_and_replace(std::exchange(file_, detail::no_file), temporary_, destination_)) {
      fail_and_discard("cannot put the new file in the place of the old one", error);
    }
    temporary_.clear();
    if (const auto error = detail::flush_folder(folder())) {
      fail("the new file is there, but its name may not be on the disk yet: cannot flush the folder", error);
    }
  }

  /// The temporary file, for others that write it, too.
  const std::filesystem::path& temporary() const { return temporary_; }

 private:
  std::filesystem::path folder() const {
    const auto folder = destination_.parent_path();
    return folder.empty() ? "." : folder;
  }

  // The destination is a regular file or none.
  void resolve() {
    if (!destination_.has_filename()) fail("is not the name of a file", {});
    std::error_code error;
    if (is_symlink(symlink_status(destination_, error))) {
      const auto target = canonical(destination_, error);
      if (error) fail("is a link that leads nowhere", error);
      destination_ = target;
    }
    const auto type = status(destination_, error).type();
    using std::filesystem::file_type;
    if (type == file_type::directory) fail("is a folder", {});
    if (type == file_type::not_found) {
      if (!is_directory(folder(), error)) fail("there is no folder " + folder().string(), {});
    } else if (type != file_type::regular) {
      fail("is not a regular file", error);
    }
  }

  std::filesystem::path::string_type prefix() const { return destination_.filename().native() + suffix(); }
  static std::filesystem::path::string_type suffix() { return std::filesystem::path(".tmp-").native(); }

  void remove_abandoned() const {
    std::error_code ignored;  // what cannot be listed or removed stays
    for (auto entry = std::filesystem::directory_iterator(folder(), ignored);
         !ignored && entry != std::filesystem::directory_iterator(); entry.increment(ignored)) {
      const auto name = entry->path().filename().native();
      const auto digits = name.size() == prefix().size() + 16 && name.starts_with(prefix())
                              ? name.substr(prefix().size())
                              : std::filesystem::path::string_type{};
      const bool ours = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](auto c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
      });
      if (ours) detail::remove_unless_locked(entry->path());
    }
  }

  void create() {
    static std::atomic<unsigned> count{0};
    std::error_code error;
    for (int attempt = 0; attempt < 100; ++attempt) {
      char digits[17];
      std::snprintf(digits, sizeof digits, "%08x%08x", unsigned{std::random_device{}()}, count++);
      temporary_ = folder() / (prefix() + std::filesystem::path(digits).native());
      file_ = detail::create_locked(temporary_, error);
      if (!error) return;
      if (!detail::is_taken(error)) break;
    }
    const auto tried = std::exchange(temporary_, {});
    fail("cannot create " + tried.string(), error);
  }

  void discard() noexcept {
    if (file_ != detail::no_file) detail::close(std::exchange(file_, detail::no_file));
    std::error_code ignored;
    if (!temporary_.empty()) remove(temporary_, ignored);
    temporary_.clear();
  }

  [[noreturn]] void fail(const std::string& what, const std::error_code& why) const {
    throw std::runtime_error(destination_.string() + ": " + what + (why ? ": " + why.message() : ""));
  }
  [[noreturn]] void fail_and_discard(const std::string& what, const std::error_code& why) {
    discard();
    fail(what, why);
  }

  std::filesystem::path destination_;
  std::filesystem::path temporary_;  // empty once it has taken its place, or was removed
  detail::FileHandle file_ = detail::no_file;
  std::uint64_t written_ = 0;
};

}  // namespace GRADUS_NAMESPACE::io
