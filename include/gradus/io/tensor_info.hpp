// SPDX-License-Identifier: MIT
//
// What a safetensors file says of a tensor: its name, its type, its shape and where its bytes are.
// not in the umbrella: only who reads or writes files needs it
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <bit>
#include <cstdint>
#include <gradus/core/namespace.hpp>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace GRADUS_NAMESPACE::io {

/// The type of a tensor's coefficients in a file: its name and how many bits one takes. Two of one name are
/// equal.
struct Dtype {
  std::string_view name;
  unsigned bits = 0;

  friend bool operator==(const Dtype& a, const Dtype& b) { return a.name == b.name; }
};

/// All types that a file may contain. `dtype_of` names those that can be read and written here.
inline constexpr Dtype dtypes[] = {
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6},     {"F6_E3M2", 6},     {"U8", 8},   {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8},     {"F8_E4M3FNUZ", 8}, {"I16", 16}, {"U16", 16},
    {"F16", 16},    {"BF16", 16},   {"F8_E5M2FNUZ", 8}, {"I32", 32},        {"U32", 32}, {"F32", 32},
    {"C64", 64},    {"F64", 64},    {"I64", 64},        {"U64", 64}};

namespace detail {

template <class T, class... List>
constexpr bool is_one_of = (std::is_same_v<T, List> || ...);

template <class Scalar>
constexpr Dtype find_dtype() {
  if constexpr (is_one_of<Scalar, double>) {
    return {"F64", 64};
  } else if constexpr (is_one_of<Scalar, float>) {
    return {"F32", 32};
  } else if constexpr (is_one_of<Scalar, Eigen::half>) {
    return {"F16", 16};
  } else if constexpr (is_one_of<Scalar, Eigen::bfloat16>) {
    return {"BF16", 16};
  } else if constexpr (is_one_of<Scalar, signed char, short, int, long, long long>) {
    constexpr std::string_view names[] = {"I8", "I16", "I32", "I64"};
    return {names[std::countr_zero(sizeof(Scalar))], 8 * sizeof(Scalar)};
  } else if constexpr (is_one_of<Scalar, unsigned char, unsigned short, unsigned, unsigned long,
                                 unsigned long long>) {
    constexpr std::string_view names[] = {"U8", "U16", "U32", "U64"};
    return {names[std::countr_zero(sizeof(Scalar))], 8 * sizeof(Scalar)};
  } else if constexpr (requires { typename Scalar::Stored; }) {
    return find_dtype<typename Scalar::Stored>();
  } else {
    return {};
  }
}

}  // namespace detail

/// The type in a file for coefficients of the C++ type `Scalar`: double F64, float F32, `Eigen::half` F16,
/// `Eigen::bfloat16` BF16, integers I8 to I64 and U8 to U64; of a type with a member type `Stored` it is that
/// of this.
template <class Scalar>
constexpr Dtype dtype_of() {
  static_assert(std::endian::native == std::endian::little,
                "gradus: safetensors files are little-endian, and this machine is not");
  static_assert(detail::find_dtype<Scalar>().bits != 0,
                "gradus: a safetensors file cannot hold this scalar, such as long double: it holds double, "
                "float, half, bfloat16 and integers of 8 to 64 bits");
  return detail::find_dtype<Scalar>();
}

/// A tensor of a file. `shape` is empty for a scalar; coefficients follow each other row by row. Its bytes
/// are those from `begin` up to `end`, counted from the end of the header.
struct TensorInfo {
  std::string name;
  Dtype dtype;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// "F32 [2, 3]", for messages.
inline std::string describe(const Dtype& dtype, const std::vector<std::uint64_t>& shape) {
  std::string text = std::string(dtype.name) + " [";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + ']';
}

namespace detail {

inline constexpr std::string_view metadata_name = "__metadata__";
inline constexpr std::size_t most_dimensions = 8, longest_name = 1024, largest_header = 100'000'000;

// A name of a file in a message: whoever wrote the file does not get the reader's terminal.
inline std::string quote(std::string_view name) {
  constexpr std::size_t most = 200;
  std::string text(name.substr(0, most));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
      '?');
  return '\'' + text + (name.size() > most ? "...'" : "'");
}

inline void require_tensor_name(std::string_view name) {
  if (name.empty()) throw std::invalid_argument("a tensor without a name");
  if (name.find('\0') != name.npos) throw std::invalid_argument("a name with a NUL");
  if (name.size() > longest_name) {
    throw std::invalid_argument(detail::quote(name) + ": a name of " + std::to_string(name.size()) +
                                " bytes, but at most " + std::to_string(longest_name) + " are allowed");
  }
}

inline void require_dimensions(std::string_view name, std::size_t count) {
  if (count > most_dimensions) {
    throw std::invalid_argument(detail::quote(name) + " has more than " + std::to_string(most_dimensions) +
                                " dimensions");
  }
}

// How many bytes the shape needs. Nothing wraps: what does not fit into 64 bits is refused.
inline std::uint64_t byte_count(const TensorInfo& tensor) {
  constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
  const auto product = [&](std::uint64_t a, std::uint64_t b, const char* what) {
    if (b != 0 && a > largest / b)
      throw std::invalid_argument(detail::quote(tensor.name) + ": " + what + " overflows");
    return a * b;
  };
  std::uint64_t count = 1;
  for (const std::uint64_t size : tensor.shape) count = product(count, size, "shape");
  const std::uint64_t bits = product(count, tensor.dtype.bits, "size");
  if (bits % 8 != 0) {
    throw std::invalid_argument(detail::quote(tensor.name) + ": " + describe(tensor.dtype, tensor.shape) +
                                " is not whole bytes");
  }
  return bits / 8;
}

}  // namespace detail

}  // namespace GRADUS_NAMESPACE::io
