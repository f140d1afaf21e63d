// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <random>
#include <string>

namespace gradus_test {

/// A folder of a test's own, removed with all that is in it.
struct TemporaryFolder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() /
      ("gradus-test-" + std::to_string(std::random_device{}()) + std::to_string(std::random_device{}()));

  TemporaryFolder() { create_directory(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    remove_all(path, ignored);
  }

  /// How many entries it has.
  auto count() const { return std::distance(std::filesystem::directory_iterator(path), {}); }
};

}  // namespace gradus_test
