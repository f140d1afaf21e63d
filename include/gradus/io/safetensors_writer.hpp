// SPDX-License-Identifier: MIT
//
// Writing safetensors files: what is equal gives equal bytes, and a crash leaves the old file or the new one.
// not in the umbrella: it needs nlohmann-json 3.11 or later (Debian: nlohmann-json3-dev)
#pragma once

#include <array>
#include <gradus/io/durable_file.hpp>
#include <gradus/io/file_order.hpp>
#include <gradus/io/tensor_info.hpp>
#include <map>
#include <nlohmann/json.hpp>

namespace GRADUS_NAMESPACE::io {

/// A tensor to be written: what it is, and how to send its bytes, in as many pieces as you like, row by row,
/// little-endian. `io::tensor` makes one of a matrix or a number.
struct OutputTensor {
  std::string name;
  Dtype dtype;
  std::vector<std::uint64_t> shape;
  std::function<void(const ByteSink&)> send;
};

/// A tensor that is viewed. It must live until the file is written.
inline OutputTensor tensor(std::string name, TensorView view) {
  return {std::move(name), view.dtype, view.shape,
          [view = std::move(view)](const ByteSink& sink) { io::send(view, sink); }};
}

/// A tensor made of a number, shape [], or of an Eigen object in memory: shape [rows, cols], or [n] for a
/// vector by its type. A number is copied; a matrix must live until the file is written.
template <class T>
OutputTensor tensor(std::string name, T&& value) {
  using Value = std::remove_cvref_t<T>;
  if constexpr (requires { typename Value::Scalar; }) {
    static_assert(std::is_lvalue_reference_v<T> || !std::is_base_of_v<Eigen::PlainObjectBase<Value>, Value>,
                  "gradus: this matrix is gone before it is written; give it a name");
    return io::tensor(std::move(name), io::view(value));
  } else {
    return {std::move(name), dtype_of<Value>(), {}, [value](const ByteSink& sink) {
              sink(&value, sizeof value);
            }};
  }
}

namespace detail {

// `text` as JSON writes it, quotes included.
inline std::string json_text(const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    throw std::invalid_argument(detail::quote(text) + " is not UTF-8");
  }
}

// Sorts the tensors as they come in the file, the largest coefficients first, so that all are aligned if the
// first is, and refuses what no file can hold.
inline void arrange(std::vector<OutputTensor>& tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](const OutputTensor& a, const OutputTensor& b) { return a.name < b.name; });
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const OutputTensor& tensor = tensors[i];
    detail::require_tensor_name(tensor.name);
    detail::require_dimensions(tensor.name, tensor.shape.size());
    if (tensor.name == metadata_name) throw std::invalid_argument("'__metadata__' is no name for a tensor");
    if (i > 0 && tensors[i - 1].name == tensor.name) {
      throw std::invalid_argument("two tensors are called " + detail::quote(tensor.name) + ": " +
                                  io::describe(tensors[i - 1].dtype, tensors[i - 1].shape) + " and " +
                                  io::describe(tensor.dtype, tensor.shape));
    }
  }
  std::stable_sort(tensors.begin(), tensors.end(),
                   [](const OutputTensor& a, const OutputTensor& b) { return a.dtype.bits > b.dtype.bits; });
}

struct HeaderText {
  std::string text;
  std::vector<std::uint64_t> sizes;  // of the tensors
  std::uint64_t data_size = 0;
};

inline HeaderText header_text(const std::vector<OutputTensor>& tensors,
                              const std::map<std::string, std::string>& metadata) {
  HeaderText header;
  std::string& text = header.text;
  const auto next = [&, first = true]() mutable { text += std::exchange(first, false) ? "{" : ","; };
  auto next_entry = next;
  if (!metadata.empty()) {
    next_entry();
    text += "\"__metadata__\":";
    auto next_text = next;
    for (const auto& [key, value] : metadata) {
      next_text();
      text += json_text(key) + ':' + json_text(value);
    }
    text += '}';
  }
  for (const OutputTensor& tensor : tensors) {
    const std::uint64_t size = detail::byte_count({tensor.name, tensor.dtype, tensor.shape}),
                        begin = header.data_size, end = begin + size;
    if (end < begin) throw std::invalid_argument("the tensors together have more than 2^64 bytes");
    next_entry();
    text += json_text(tensor.name) + ":{\"dtype\":\"" + std::string(tensor.dtype.name) + "\",\"shape\":[";
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
      if (i > 0) text += ',';
      text += std::to_string(tensor.shape[i]);
    }
    text += "],\"data_offsets\":[" + std::to_string(begin) + ',' + std::to_string(end) + "]}";
    header.sizes.push_back(size);
    header.data_size = end;
  }
  text += text.empty() ? "{}" : "}";
  text.append((8 - text.size() % 8) % 8, ' ');
  if (text.size() > largest_header) {
    throw std::invalid_argument("header of " + std::to_string(text.size()) + " bytes is larger than " +
                                std::to_string(largest_header));
  }
  return header;
}

}  // namespace detail

/// Writes a safetensors file, durably: see `DurableFile`. Tensors are streamed; no copy of a large one is
/// made. Equal tensors and metadata give equal bytes, in whatever order they come. Throws
/// `std::invalid_argument` if no file can hold them (two of one name, a name that is empty, longer than 1024
/// bytes or not UTF-8, more than 8 dimensions) and `std::runtime_error` if the file cannot be written; the
/// old file is then as it was.
inline void write_safetensors(const std::filesystem::path& path, std::vector<OutputTensor> tensors,
                              const std::map<std::string, std::string>& metadata = {}) {
  const auto header = [&] {
    try {
      detail::arrange(tensors);
      return detail::header_text(tensors, metadata);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(path.string() + ": " + error.what());
    }
  }();
  std::array<unsigned char, 8> length{};
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<unsigned char>(header.text.size() >> 8 * i);

  DurableFile file(path, length.size() + header.text.size() + header.data_size);
  file.write(length.data(), length.size());
  file.write(header.text.data(), header.text.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    std::uint64_t missing = header.sizes[i];
    const auto fail = [&](const char* amount) {
      throw std::invalid_argument(path.string() + ": " + detail::quote(tensors[i].name) + " sends " + amount +
                                  " bytes than " + io::describe(tensors[i].dtype, tensors[i].shape) + " has");
    };
    tensors[i].send([&](const void* bytes, std::size_t size) {
      if (size > missing) fail("more");
      file.write(bytes, size);
      missing -= size;
    });
    if (missing != 0) fail("fewer");
  }
  file.commit();
}

}  // namespace GRADUS_NAMESPACE::io
