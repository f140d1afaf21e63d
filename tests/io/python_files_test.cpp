// SPDX-License-Identifier: MIT
//
// Files that Python wrote are read, and written again byte by byte; see reference/safetensors_files.py, which
// also reads what is written here.
#include <fstream>
#include <gradus/io/safetensors_reader.hpp>
#include <gradus/io/safetensors_writer.hpp>
#include <iterator>

#include "catch.hpp"

namespace {

using namespace gradus_test;
using namespace gradus::io;
namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Holds what it has read until it is written.
template <class T>
OutputTensor owning(const std::string& name, T value) {
  const auto held = std::make_shared<T>(std::move(value));
  OutputTensor output = tensor(name, *held);
  output.send = [held, send = output.send](const ByteSink& sink) { send(sink); };
  return output;
}

// The tensor, whose coefficients must be 1, 2, 3, ... row by row.
template <class Scalar>
OutputTensor checked(const SafetensorsReader& file, const TensorInfo& info) {
  const auto read = [&](auto value) {
    file.read(info.name, value);
    if constexpr (std::is_same_v<decltype(value), Scalar>) {
      CHECK(static_cast<double>(value) == 1);
    } else {
      double expected = 0;
      for (Eigen::Index i = 0; i < value.rows(); ++i) {
        for (Eigen::Index j = 0; j < value.cols(); ++j) {
          CHECK(static_cast<double>(value(i, j)) == ++expected);
        }
      }
    }
    return owning(info.name, std::move(value));
  };
  const auto size = [&](std::size_t i) { return static_cast<Eigen::Index>(info.shape.at(i)); };
  if (info.shape.empty()) return read(Scalar{});
  if (info.shape.size() == 1) return read(Eigen::Matrix<Scalar, Eigen::Dynamic, 1>(size(0)));
  return read(Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>(size(0), size(1)));
}

template <class... Scalars>
OutputTensor checked_as_any_of(const SafetensorsReader& file, const TensorInfo& info) {
  OutputTensor output;
  ((info.dtype == dtype_of<Scalars>() ? void(output = checked<Scalars>(file, info)) : void()), ...);
  REQUIRE(output.send);
  return output;
}

}  // namespace

TEST_CASE("files that Python wrote are read and written again byte by byte") {
  const fs::path written = GRADUS_TEST_WRITTEN;
  create_directories(written);
  int count = 0;
  for (const auto& entry : fs::directory_iterator(GRADUS_TEST_DATA "/safetensors")) {
    INFO(entry.path().string());
    const SafetensorsReader file(entry.path());
    std::vector<OutputTensor> tensors;
    for (const auto& [name, info] : file.tensors()) {
      tensors.push_back(checked_as_any_of<double, float, Eigen::half, std::int8_t, std::int16_t, std::int64_t,
                                          std::uint8_t, std::uint32_t, std::uint64_t>(file, info));
    }
    write_safetensors(written / entry.path().filename(), tensors, file.metadata());
    CHECK(content(written / entry.path().filename()) == content(entry.path()));
    ++count;
  }
  CHECK(count == 10);
}
