// SPDX-License-Identifier: MIT
//
// Files that all ranks see.
#pragma once

#include <filesystem>
#include <fstream>
#include <random>

#include "distributed/ranks.hpp"

namespace gradus_test {

inline std::string bytes_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A folder that all ranks see, and that goes with the test.
struct SharedFolder {
  std::filesystem::path path;

  SharedFolder() {
    std::random_device random;
    const auto name = "gradus-" + std::to_string(random()) + std::to_string(random());
    path = ranks().broadcast((std::filesystem::temp_directory_path() / name).string(), 0);
    if (ranks().rank() == 0) create_directory(path);
    ranks().barrier();
  }
  ~SharedFolder() {
    ranks().barrier();
    std::error_code ignored;
    if (ranks().rank() == 0) remove_all(path, ignored);
  }
};

}  // namespace gradus_test
