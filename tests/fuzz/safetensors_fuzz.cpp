// SPDX-License-Identifier: MIT
//
// A libFuzzer target: any bytes are either refused by an exception or a valid file. What is read of a valid
// one is what the bytes say, and what is refused leaves its destination as it was.
#include <cstdlib>
#include <cstring>
#include <gradus/io/safetensors_reader.hpp>

namespace {

using gradus::io::SafetensorsReader;
using gradus::io::TensorInfo;

void require(bool holds) {
  if (!holds) std::abort();
}

// Reads into a destination of sevens, which then has what `data` says, row by row, or still the sevens.
template <class Destination>
void read(const SafetensorsReader& file, std::span<const std::byte> data, const TensorInfo& tensor,
          Destination& destination) {
  using Scalar = typename Destination::Scalar;
  destination.setConstant(Scalar(7));
  const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> before = destination;
  Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> expected = before;
  try {
    file.read(tensor.name, destination);
    require(tensor.end - tensor.begin == static_cast<std::size_t>(expected.size()) * sizeof(Scalar));
    std::memcpy(expected.data(), data.data() + tensor.begin, tensor.end - tensor.begin);
  } catch (const std::invalid_argument&) {
  }
  const decltype(expected) after = destination;
  require(std::memcmp(after.data(), expected.data(),
                      static_cast<std::size_t>(after.size()) * sizeof(Scalar)) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto all = std::as_bytes(std::span(bytes, size));
  try {
    const SafetensorsReader file(all, "fuzz");
    std::uint64_t sum = 0;
    for (const auto& [name, tensor] : file.tensors()) {
      require(name == tensor.name && tensor.begin <= tensor.end && tensor.end <= size);
      sum += tensor.end - tensor.begin;
    }
    require(sum <= size - 8);
    const auto data = all.last(static_cast<std::size_t>(sum));  // the tensors cover it
    Eigen::Matrix2f matrix;
    Eigen::MatrixXd around = Eigen::MatrixXd::Constant(4, 6, 5);
    auto block = around.block(1, 2, 2, 3);
    Eigen::Vector<Eigen::half, 4> halves;
    Eigen::Matrix<std::int64_t, 1, 1> one;
    for (const auto& [name, tensor] : file.tensors()) {
      read(file, data, tensor, matrix);
      read(file, data, tensor, block);
      read(file, data, tensor, halves);
      read(file, data, tensor, one);
    }
    block.setZero();
    require(around.sum() == 5 * (24 - 6));  // nothing beside the block has changed
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
