// SPDX-License-Identifier: MIT
//
// Writes the files of io/safetensors_cases.hpp into a folder, from which the fuzzer starts.
#include <filesystem>
#include <fstream>

#include "io/safetensors_cases.hpp"

int main(int, char** arguments) {
  const std::filesystem::path folder = arguments[1];
  create_directories(folder);
  for (const auto& file : gradus_test::safetensors_cases()) {
    if (file.bytes.size() > 10'000) continue;  // slow to change, and no other path through the parser
    std::ofstream(folder / file.what, std::ios::binary).write(file.bytes.data(), std::ssize(file.bytes));
  }
}
