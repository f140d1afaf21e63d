// SPDX-License-Identifier: MIT
//
// The header of a safetensors file: parsed, and checked against the size of the file.
// not in the umbrella: it needs nlohmann-json 3.11 or later (Debian: nlohmann-json3-dev)
#pragma once

#include <gradus/io/tensor_info.hpp>
#include <map>
#include <nlohmann/json.hpp>

namespace GRADUS_NAMESPACE::io {

/// What a file says of its content. Made by `parse_safetensors_header` alone, so that it holds what is
/// checked there.
struct SafetensorsHeader {
  std::map<std::string, TensorInfo, std::less<>> tensors;  ///< by name
  std::map<std::string, std::string> metadata;             ///< text that the writer has added
};

namespace detail {

// Takes the events of the JSON parser, which alone show every key, even one that is there twice, and every
// number as it is written. What has no place in a header is refused at once, so that nothing is kept of it.
class HeaderHandler {
 public:
  explicit HeaderHandler(SafetensorsHeader& header) : header_(header) {}

  bool null() { refuse("null"); }
  bool boolean(bool) { refuse("true or false"); }
  bool number_integer(std::int64_t) {
    if (inside_ != Inside::list) refuse("number");
    fail("a negative number");
  }
  bool number_float(double, const std::string&) {
    if (inside_ != Inside::list) refuse("number");
    fail("a number that is not an integer below 2^64");
  }
  bool number_unsigned(std::uint64_t number) {
    if (inside_ != Inside::list) refuse("number");
    std::vector<std::uint64_t>& list = fields_.back() == "shape" ? tensor_->shape : offsets_;
    list.push_back(number);
    detail::require_dimensions(tensor_->name, tensor_->shape.size());
    if (offsets_.size() > 2) fail("data_offsets must be two numbers");
    return true;
  }
  bool string(std::string& text) {
    if (inside_ == Inside::metadata) {
      header_.metadata[key_] = text;
    } else if (inside_ == Inside::tensor && fields_.back() == "dtype") {
      const auto* found = std::find_if(std::begin(dtypes), std::end(dtypes),
                                       [&](const Dtype& dtype) { return dtype.name == text; });
      if (found == std::end(dtypes)) fail("unknown dtype " + detail::quote(text));
      tensor_->dtype = *found;
    } else {
      refuse("text");
    }
    return true;
  }
  bool binary(nlohmann::json::binary_t&) { refuse("binary"); }

  bool start_object(std::size_t) {
    if (inside_ == Inside::nothing) {
      inside_ = Inside::header;
    } else if (inside_ == Inside::header) {
      inside_ = key_ == metadata_name ? Inside::metadata : Inside::tensor;
      fields_.clear();
      offsets_.clear();
    } else {
      refuse("object");
    }
    return true;
  }
  bool key(std::string& key) {
    if (inside_ == Inside::header) {
      begin_entry(key);
    } else if (inside_ == Inside::metadata) {
      if (!header_.metadata.try_emplace(key).second) {
        throw std::invalid_argument("duplicate metadata " + detail::quote(key));
      }
      key_ = key;
    } else {
      if (key != "dtype" && key != "shape" && key != "data_offsets")
        fail("unknown key " + detail::quote(key));
      if (has(key)) fail("duplicate " + key);
      fields_.push_back(key);
    }
    return true;
  }
  bool end_object() {
    if (inside_ == Inside::tensor) finish_tensor();
    inside_ = inside_ == Inside::header ? Inside::nothing : Inside::header;
    return true;
  }

  bool start_array(std::size_t) {
    if (inside_ != Inside::tensor || fields_.back() == "dtype") refuse("array");
    inside_ = Inside::list;
    return true;
  }
  bool end_array() {
    inside_ = Inside::tensor;
    if (fields_.back() == "data_offsets" && offsets_.size() != 2) fail("data_offsets must be two numbers");
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
    throw std::invalid_argument("header is not JSON (in UTF-8), at its byte " + std::to_string(position));
  }

 private:
  enum class Inside { nothing, header, metadata, tensor, list };

  [[noreturn]] void fail(const std::string& what) const {
    const bool in_tensor = inside_ == Inside::tensor || inside_ == Inside::list;
    const std::string where = inside_ == Inside::metadata ? std::string(metadata_name)
                                                          : detail::quote(in_tensor ? tensor_->name : key_);
    throw std::invalid_argument(where + ": " + what);
  }
  [[noreturn]] void refuse(const std::string& kind) const { fail(kind + " where none is allowed"); }

  bool has(std::string_view field) const {
    return std::find(fields_.begin(), fields_.end(), field) != fields_.end();
  }

  void begin_entry(const std::string& key) {
    key_ = key;
    if (key == metadata_name) {
      if (has_metadata_) throw std::invalid_argument("duplicate __metadata__");
      has_metadata_ = true;
    } else {
      detail::require_tensor_name(key);
      const auto [place, is_new] = header_.tensors.try_emplace(key);
      if (!is_new) throw std::invalid_argument(detail::quote(key) + " is there twice");
      tensor_ = &place->second;
      tensor_->name = key;
    }
  }
  void finish_tensor() {
    for (const std::string_view field : {"dtype", "shape", "data_offsets"}) {
      if (!has(field))
        throw std::invalid_argument(detail::quote(tensor_->name) + " has no " + std::string(field));
    }
    tensor_->begin = offsets_[0];
    tensor_->end = offsets_[1];
    if (tensor_->end < tensor_->begin) fail("data_offsets reversed");
  }

  SafetensorsHeader& header_;
  Inside inside_ = Inside::nothing;
  std::string key_;  // of the header or of the metadata
  bool has_metadata_ = false;
  TensorInfo* tensor_ = nullptr;
  std::vector<std::string> fields_;  // keys of this tensor so far
  std::vector<std::uint64_t> offsets_;
};

// The tensors cover the data from the first byte to the last, each beginning where the one before it ends,
// and each has as many bytes as its shape needs.
inline void require_coverage(const SafetensorsHeader& header, std::uint64_t data_size) {
  std::vector<const TensorInfo*> tensors;
  tensors.reserve(header.tensors.size());
  for (const auto& entry : header.tensors) tensors.push_back(&entry.second);
  std::sort(tensors.begin(), tensors.end(), [](const TensorInfo* a, const TensorInfo* b) {
    return a->begin != b->begin ? a->begin < b->begin : a->end < b->end;
  });
  std::uint64_t last = 0;
  for (const TensorInfo* tensor : tensors) {
    const std::string name = detail::quote(tensor->name);
    if (tensor->begin != last) {
      throw std::invalid_argument(name + " begins at " + std::to_string(tensor->begin) +
                                  ", but the tensor before ends at " + std::to_string(last));
    }
    const std::uint64_t needed = detail::byte_count(*tensor), given = tensor->end - tensor->begin;
    if (needed != given) {
      throw std::invalid_argument(name + ": shape needs " + std::to_string(needed) +
                                  " bytes, data_offsets give " + std::to_string(given));
    }
    last = tensor->end;
  }
  if (last != data_size) {
    throw std::invalid_argument("tensors need " + std::to_string(last) + " bytes, the file has " +
                                std::to_string(data_size));
  }
}

}  // namespace detail

/// The content of a header, `text`, that is followed by `data_size` bytes of data. Throws
/// `std::invalid_argument` with a sentence unless it is what the safetensors format describes, without the
/// liberties that some readers take: one JSON object, nothing in it twice, nothing unknown, and tensors that
/// cover the data without gap and overlap. Allocates in proportion to `text`, not to a number in it.
inline SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_size) {
  if (!text.starts_with('{')) throw std::invalid_argument("header does not begin with '{'");
  if (text.find('\0') != text.npos) throw std::invalid_argument("header has a NUL");
  SafetensorsHeader header;
  detail::HeaderHandler handler(header);
  nlohmann::json::sax_parse(text.begin(), text.end(), &handler);
  detail::require_coverage(header, data_size);
  return header;
}

}  // namespace GRADUS_NAMESPACE::io
