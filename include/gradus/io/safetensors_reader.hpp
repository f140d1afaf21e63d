// SPDX-License-Identifier: MIT
//
// Reading safetensors files: everything is checked when the file is opened, then tensors are streamed.
// not in the umbrella: it needs nlohmann-json 3.11 or later (Debian: nlohmann-json3-dev)
#pragma once

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gradus/io/file_order.hpp>
#include <gradus/io/safetensors_header.hpp>
#include <memory>
#include <span>
#include <system_error>

namespace GRADUS_NAMESPACE::io {

/// An open safetensors file.
///
///     const gradus::io::SafetensorsReader file("run-000100.safetensors");
///     Eigen::MatrixXf w(32, 16);
///     file.read("layers.0.w", w);
///
/// The constructors check the whole header; after that every tensor has as many bytes as its shape needs, and
/// they are in the file. The file is neither mapped nor held in memory. One thread at a time may read.
class SafetensorsReader {
 public:
  /// Opens a file. Throws `std::runtime_error` if it cannot be read and `std::invalid_argument` if it is not
  /// a valid safetensors file; both name the path and what is wrong.
  explicit SafetensorsReader(const std::filesystem::path& path) : who_(path.string()) {
    std::error_code error;
    const auto type = std::filesystem::status(path, error).type();
    if (type == std::filesystem::file_type::not_found) fail_io("there is no such file");
    if (type == std::filesystem::file_type::directory) fail_io("is a folder");
    if (error) fail_io("cannot be opened: " + error.message());
    // A pipe would block, and has no size.
    if (type != std::filesystem::file_type::regular) fail_io("is not a regular file");

    auto file = std::make_shared<std::ifstream>();
    file->rdbuf()->pubsetbuf(nullptr, 0);  // what is read here is large, or read once
    errno = 0;
    file->open(path, std::ios::binary);
    if (!*file) fail_io("cannot be opened: " + std::generic_category().message(errno));
    file->seekg(0, std::ios::end);
    const auto size = static_cast<std::streamoff>(file->tellg());
    if (size < 0) fail_io("has no size");
    read_bytes_ = [file](std::uint64_t at, void* to, std::size_t count) {
      file->clear();  // of an earlier failure
      file->seekg(static_cast<std::streamoff>(at));
      file->read(static_cast<char*>(to), static_cast<std::streamsize>(count));
      return static_cast<bool>(*file);
    };
    open(static_cast<std::uint64_t>(size));
  }

  /// Reads a file that is in memory, and must stay there. `who` stands for its path in messages.
  SafetensorsReader(std::span<const std::byte> bytes, std::string who) : who_(std::move(who)) {
    read_bytes_ = [bytes](std::uint64_t at, void* to, std::size_t count) {
      if (count != 0) std::memcpy(to, bytes.data() + at, count);
      return true;
    };
    open(bytes.size());
  }

  /// What is in the file, by name.
  const std::map<std::string, TensorInfo, std::less<>>& tensors() const { return header_.tensors; }

  /// The text that the writer has added, by key.
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }

  /// Throws `std::invalid_argument` unless `read(name, destination)` would find the tensor, of the same dtype
  /// and shape. Names path, tensor, what is expected and what is found.
  void check(std::string_view name, const TensorView& destination) const {
    const auto found = tensors().find(name);
    const std::string expected = io::describe(destination.dtype, destination.shape);
    if (found == tensors().end()) {
      fail("there is no tensor " + detail::quote(name) + ", expected " + expected);
    }
    const TensorInfo& tensor = found->second;
    if (tensor.dtype != destination.dtype || tensor.shape != destination.shape) {
      fail(detail::quote(name) + " is " + io::describe(tensor.dtype, tensor.shape) + ", expected " +
           expected);
    }
  }
  /// The same for a number or an Eigen object.
  template <class T>
  requires(!std::is_same_v<T, TensorView>) void check(std::string_view name, const T& destination) const {
    check(name, io::view(destination));
  }

  /// Fills `destination` with the tensor: a number (shape []), or an Eigen object that has its shape already:
  /// [rows, cols], or [n] for a vector by its type. Matrix, Map, Ref and Block of any storage order and
  /// stride, Array too. Nothing is resized, converted or broadcast. Throws as `check` does, before anything
  /// is changed. Throws `std::runtime_error` if the file fails while it is read; the destination may then be
  /// filled in part.
  void read(std::string_view name, const TensorView& destination) const {
    check(name, destination);
    std::uint64_t at = data_begin_ + tensors().find(name)->second.begin;
    io::receive(destination, [&](void* to, std::size_t count) {
      fetch(at, to, count);
      at += count;
    });
  }
  /// The same for a number or an Eigen object.
  template <class T>
  requires(!std::is_same_v<std::remove_cvref_t<T>, TensorView>) void read(std::string_view name,
                                                                          T&& destination) const {
    if constexpr (requires { destination.data(); }) {
      static_assert(!std::is_const_v<std::remove_pointer_t<decltype(destination.data())>>,
                    "gradus: a tensor is read into something that can be written, not into what is const");
    } else {
      static_assert(!std::is_const_v<std::remove_reference_t<T>>,
                    "gradus: a tensor is read into something that can be written, not into what is const");
    }
    read(name, io::view(destination));
  }

 private:
  [[noreturn]] void fail_io(const std::string& what) const { throw std::runtime_error(who_ + ": " + what); }
  [[noreturn]] void fail(const std::string& what) const { throw std::invalid_argument(who_ + ": " + what); }

  void fetch(std::uint64_t at, void* to, std::size_t count) const {
    if (!read_bytes_(at, to, count)) {
      fail_io("cannot read " + std::to_string(count) + " bytes at " + std::to_string(at) +
              ": the file was shortened, or its disk failed");
    }
  }

  // No number of the file is believed before it was compared with the file's size, by subtraction.
  void open(std::uint64_t size) {
    if (size < 8) fail("shorter than 8 bytes");
    unsigned char bytes[8];
    fetch(0, bytes, 8);
    std::uint64_t length = 0;
    for (int i = 7; i >= 0; --i) length = length << 8 | bytes[i];
    if (length > detail::largest_header) {
      fail("header of " + std::to_string(length) + " bytes is larger than " +
           std::to_string(detail::largest_header));
    }
    if (length > size - 8) {
      fail("header of " + std::to_string(length) + " bytes, but the file has " + std::to_string(size));
    }
    std::string text(static_cast<std::size_t>(length), '\0');
    fetch(8, text.data(), text.size());
    data_begin_ = 8 + length;
    try {
      header_ = io::parse_safetensors_header(text, size - data_begin_);
    } catch (const std::invalid_argument& error) {
      fail(error.what());
    }
  }

  std::string who_;
  std::function<bool(std::uint64_t at, void* to, std::size_t count)> read_bytes_;
  std::uint64_t data_begin_ = 0;
  SafetensorsHeader header_;
};

}  // namespace GRADUS_NAMESPACE::io
