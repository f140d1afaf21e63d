// SPDX-License-Identifier: MIT
//
// A libFuzzer target: a checkpoint whose header is well formed and nearly right, so that what is wrong with
// it is found late. Either it loads, and parameters and state have the bytes of the file, or it is refused by
// an exception, and they are as they were.
#include <cstdlib>
#include <gradus/io/checkpoint.hpp>
#include <gradus/optimizers/adamw.hpp>
#include <gradus/precision/precise.hpp>
#include <gradus/wrappers/lookahead.hpp>

#include "io/temporary_folder.hpp"

namespace {

using gradus::io::detail::Entries;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Model {
  Eigen::MatrixX<Eigen::bfloat16> w = Eigen::MatrixX<Eigen::bfloat16>::Ones(2, 3);
  Eigen::VectorXd b = Eigen::VectorXd::Ones(3);
  std::vector<Eigen::MatrixXf> layers{Eigen::MatrixXf::Ones(3, 2), Eigen::MatrixXf::Ones(1, 1)};
  GRADUS_LEAVES(w, b, layers)
};

// The fuzzer's bytes, as decisions; zeros when they are used up.
struct Decisions {
  std::span<const std::uint8_t> bytes;

  std::size_t below(std::size_t count) {
    if (bytes.empty()) return 0;
    const std::size_t byte = bytes[0];
    bytes = bytes.subspan(1);
    return byte % count;
  }
  template <class List>
  auto& one_of(List& list) {
    return list[below(std::size(list))];
  }
  std::uint64_t number() {
    constexpr std::uint64_t numbers[] = {0,  1,  2,        3,          4,          6,    8,
                                         12, 24, 1U << 31, 1ULL << 62, 1ULL << 63, ~0ULL};
    return one_of(numbers);
  }
};

struct Tensor {
  std::string name, dtype;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;
};

struct File {
  std::vector<Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

// So many bytes as the tensor needs, if these are few.
std::uint64_t size_of(const Tensor& tensor) {
  std::uint64_t bits = 8;
  for (const auto& dtype : gradus::io::dtypes) {
    if (dtype.name == tensor.dtype) bits = dtype.bits;
  }
  for (const std::uint64_t n : tensor.shape)
    bits = std::min<std::uint64_t>(bits * std::min<std::uint64_t>(n, 100), 32768);
  return bits / 8;
}

// One after the other, as they stand.
void lay_out(std::vector<Tensor>& tensors) {
  std::uint64_t at = 0;
  for (auto& tensor : tensors) {
    tensor.begin = at;
    tensor.end = at += size_of(tensor);
  }
}

// What a file may have wrong in a tensor or in the metadata.
void change(File& file, Decisions& decide) {
  constexpr const char* dtypes[] = {"F32", "F64",  "BF16", "F16", "I16", "I64",
                                    "U8",  "BOOL", "F4",   "C64", "F31"};
  constexpr const char* names[] = {"w",      "b", "layers.0", "layers", "state", "state.t", "state.inner.t",
                                   "params", ""};
  constexpr const char* keys[] = {"gradus.format",
                                  "gradus.steps",
                                  "gradus.optimizer",
                                  "gradus.optimizer.inner",
                                  "gradus.optimizer.inner.inner.learning_rate",
                                  "mine"};
  constexpr const char* texts[] = {"", "1", "2", "-1", "1e999", "AdamW", "nan", "\n"};
  if (file.tensors.empty()) return;
  Tensor& tensor = decide.one_of(file.tensors);
  auto& shape = tensor.shape;
  switch (decide.below(12)) {
    case 0:
      tensor.name = decide.one_of(names);
      break;
    case 1:
      tensor.name = decide.one_of(file.tensors).name;
      break;
    case 2:
      tensor.dtype = decide.one_of(dtypes);
      break;
    case 3:
      std::reverse(shape.begin(), shape.end());
      break;
    case 4:
      shape.push_back(decide.number());
      break;
    case 5:
      if (!shape.empty()) decide.one_of(shape) = decide.number();
      break;
    case 6:
      if (!shape.empty()) shape.pop_back();
      break;
    case 7:
      tensor = Tensor(decide.one_of(file.tensors));
      break;
    case 8:
      file.tensors.push_back(Tensor(tensor));
      break;
    case 9:
      file.tensors.erase(file.tensors.begin() + (&tensor - file.tensors.data()));
      break;
    case 10:
      file.metadata[decide.one_of(keys)] = decide.one_of(texts);
      break;
    case 11:
      std::swap(tensor, decide.one_of(file.tensors));
      break;
  }
}

// What it may have wrong in the places of its tensors.
void misplace(std::vector<Tensor>& tensors, Decisions& decide) {
  if (tensors.empty()) return;
  Tensor &tensor = decide.one_of(tensors), &other = decide.one_of(tensors);
  switch (decide.below(4)) {
    case 0:
      tensor.begin = decide.number();
      break;
    case 1:
      tensor.end = decide.number();
      break;
    case 2:
      std::swap(tensor.begin, other.begin), std::swap(tensor.end, other.end);
      break;
    case 3:
      std::swap(tensor.begin, tensor.end);
      break;
  }
}

std::string header_of(const File& file) {
  const auto list = [](const std::vector<std::uint64_t>& numbers) { return nlohmann::json(numbers).dump(); };
  std::string header = "{\"__metadata__\":" + nlohmann::json(file.metadata).dump();
  for (const auto& [name, dtype, shape, begin, end] :
       file.tensors) {  // by hand, because a name may be there twice
    header += ',' + nlohmann::json(name).dump() + ":{\"dtype\":\"" + dtype + "\",\"shape\":" + list(shape) +
              ",\"data_offsets\":" + list({begin, end}) + '}';
  }
  return header + '}';
}

std::string bytes_of(const gradus::io::TensorView& view) {
  std::string bytes;
  gradus::io::send(
      view, [&](const void* from, std::size_t size) { bytes.append(static_cast<const char*>(from), size); });
  return bytes;
}

std::string bytes_of(const Entries& entries) {
  std::string bytes;
  for (const auto& [name, view] : entries.views) bytes += bytes_of(view);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const gradus_test::TemporaryFolder folder;
  const auto path = folder.path / "checkpoint.safetensors";
  const auto optimizer = gradus::compensated(gradus::lookahead(gradus::AdamW{}));
  Model model;
  auto state = optimizer.init(model);
  const Entries entries = gradus::io::detail::entries_of(model, state);
  const std::string before = bytes_of(entries);

  File file{{}, gradus::io::detail::describe_optimizer(optimizer)};
  file.metadata["gradus.format"] = "1";
  for (const auto& [name, view] : entries.views) {
    file.tensors.push_back({name, std::string(view.dtype.name), view.shape});
  }
  Decisions decide{{bytes, size}};
  for (auto count = decide.below(4); count > 0; --count) change(file, decide);
  lay_out(file.tensors);
  std::string data(file.tensors.empty() ? 0 : file.tensors.back().end, '\0');
  for (auto count = decide.below(3); count > 0; --count) misplace(file.tensors, decide);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(7 * i + decide.below(256));
  const std::string header = header_of(file);
  std::ofstream out(path, std::ios::binary);
  for (int i = 0; i < 8; ++i) out << static_cast<char>(header.size() >> 8 * i & 0xff);
  out << header << data;
  out.close();

  try {
    gradus::io::load(path, model, optimizer, state);
  } catch (const std::invalid_argument&) {
    require(bytes_of(entries) == before);
    return 0;
  }
  require(file.tensors.size() == entries.views.size());
  for (const auto& [name, view] : entries.views) {
    const auto found = std::find_if(file.tensors.begin(), file.tensors.end(),
                                    [&, &n = name](const Tensor& tensor) { return tensor.name == n; });
    require(found != file.tensors.end() &&
            bytes_of(view) == data.substr(found->begin, found->end - found->begin));
  }
  return 0;
}
