// SPDX-License-Identifier: MIT
//
// The calls of the operating system that a durable file is made of: POSIX, or Windows.
// not in the umbrella: only durable_file.hpp needs it
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <gradus/core/namespace.hpp>
#include <system_error>

#ifdef _WIN32
#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace GRADUS_NAMESPACE::io::detail {

#ifdef _WIN32

using FileHandle = HANDLE;
inline const FileHandle no_file = INVALID_HANDLE_VALUE;

inline std::error_code last_error() { return {static_cast<int>(GetLastError()), std::system_category()}; }
inline std::error_code error_unless(BOOL done) { return done ? std::error_code{} : last_error(); }

// A new file that nobody else can open, rename or delete while this handle lives.
inline FileHandle create_locked(const std::filesystem::path& path, std::error_code& error) {
  const FileHandle file =
      CreateFileW(path.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, nullptr);
  error = error_unless(file != no_file);
  return file;
}
inline bool is_taken(const std::error_code& error) {
  return error.value() == ERROR_FILE_EXISTS || error.value() == ERROR_ALREADY_EXISTS;
}
// Deleting fails while a process writes.
inline void remove_unless_locked(const std::filesystem::path& path) { DeleteFileW(path.c_str()); }
inline void copy_mode(FileHandle, const std::filesystem::path&) {}
inline std::error_code reserve(FileHandle, std::uint64_t) { return {}; }

inline std::error_code write_some(FileHandle file, const char* bytes, std::size_t size,
                                  std::size_t& written) {
  DWORD count = 0;
  const auto error = error_unless(
      WriteFile(file, bytes, static_cast<DWORD>(std::min(size, std::size_t{1} << 30)), &count, nullptr));
  written = count;
  return error;
}
inline std::error_code flush(FileHandle file) { return error_unless(FlushFileBuffers(file)); }
inline std::error_code close(FileHandle file) { return error_unless(CloseHandle(file)); }
inline std::error_code close_and_replace(FileHandle file, const std::filesystem::path& from,
                                         const std::filesystem::path& to) {
  if (const auto error = close(file)) return error;
  return error_unless(
      MoveFileExW(from.c_str(), to.c_str(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH));
}
inline std::error_code flush_folder(const std::filesystem::path&) { return {}; }  // Windows cannot

#else

using FileHandle = int;
inline constexpr FileHandle no_file = -1;

inline std::error_code last_error() { return {errno, std::generic_category()}; }
inline std::error_code error_unless(bool done) { return done ? std::error_code{} : last_error(); }

inline bool lock(FileHandle file) { return flock(file, LOCK_EX | LOCK_NB) == 0; }

// A new file with a lock that ends with the process. Where the file system has no locks nobody gets one, so
// that nobody takes the file for abandoned.
inline FileHandle create_locked(const std::filesystem::path& path, std::error_code& error) {
  const FileHandle file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
  error = error_unless(file != no_file);
  if (error) return file;
  // Between the two calls another process may have found it without a lock.
  const bool locked = lock(file) || errno != EWOULDBLOCK;
  struct stat status {};
  if (!locked || (fstat(file, &status) == 0 && status.st_nlink == 0)) {
    ::close(file);
    error = std::make_error_code(std::errc::file_exists);
    return no_file;
  }
  return file;
}
inline bool is_taken(const std::error_code& error) { return error == std::errc::file_exists; }

inline void remove_unless_locked(const std::filesystem::path& path) {
  const FileHandle file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file == no_file) return;
  if (lock(file)) unlink(path.c_str());
  ::close(file);
}

// If there is a file. Best effort: whoever may replace it need not own it.
inline void copy_mode(FileHandle file, const std::filesystem::path& from) {
  struct stat status {};
  if (stat(from.c_str(), &status) == 0) {
    [[maybe_unused]] const int done = fchmod(file, status.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO));
  }
}

// A full disk shows before an hour's work, where the file system can tell.
inline std::error_code reserve([[maybe_unused]] FileHandle file, [[maybe_unused]] std::uint64_t size) {
#ifdef FALLOC_FL_KEEP_SIZE
  if (size != 0 && fallocate(file, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size)) != 0 &&
      (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
    return last_error();
  }
#endif
  return {};
}

inline std::error_code write_some(FileHandle file, const char* bytes, std::size_t size,
                                  std::size_t& written) {
  const ssize_t count = ::write(file, bytes, std::min(size, std::size_t{1} << 30));
  written = count > 0 ? static_cast<std::size_t>(count) : 0;
  return error_unless(count >= 0 || errno == EINTR);
}

inline std::error_code flush(FileHandle file) {
#ifdef F_FULLFSYNC  // macOS: fsync stops at the cache of the drive
  if (fcntl(file, F_FULLFSYNC) == 0) return {};
#endif
  return error_unless(fsync(file) == 0);
}
inline std::error_code close(FileHandle file) { return error_unless(::close(file) == 0 || errno == EINTR); }

// The second handle keeps the lock until the name has changed.
inline std::error_code close_and_replace(FileHandle file, const std::filesystem::path& from,
                                         const std::filesystem::path& to) {
  const FileHandle locked = fcntl(file, F_DUPFD_CLOEXEC, 0);
  auto error = close(file);
  if (!error) error = error_unless(rename(from.c_str(), to.c_str()) == 0);
  if (locked != no_file) ::close(locked);
  return error;
}

// Until then the name may lead to the old file after a power cut.
inline std::error_code flush_folder(const std::filesystem::path& folder) {
  const FileHandle file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file == no_file) return last_error();
  const auto error = error_unless(fsync(file) == 0 || errno == EINVAL || errno == ENOTSUP);
  ::close(file);
  return error;
}

#endif

}  // namespace GRADUS_NAMESPACE::io::detail
