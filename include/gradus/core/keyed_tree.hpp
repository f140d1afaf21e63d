// SPDX-License-Identifier: MIT
//
// Trees of random numbers without memory: each number follows from a key, the way to its leaf, its row and
// its column.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <gradus/core/namespace.hpp>
#include <gradus/core/normal.hpp>
#include <string_view>

namespace GRADUS_NAMESPACE::detail {

// Beside any tree. `Strip{key, row, col, down}` makes the numbers of a leaf from there on.
template <class Strip>
struct KeyedTree {
  std::uint64_t key;

  template <std::size_t I>
  KeyedTree child() const {
    return {hash(key, I)};
  }
  KeyedTree child(std::size_t i) const { return {hash(key, i)}; }
  KeyedTree child(std::string_view name) const {
    KeyedTree result{hash(key, name.size())};
    for (const char c : name) result.key = hash(result.key, static_cast<unsigned char>(c));
    return result;
  }

  template <class Other>
  bool fits(const Other&) const {
    return true;
  }
  template <bool RowMajor>
  Strip strip() const {
    return {key, 0, 0, !RowMajor};
  }
  template <class Value>
  Value take() const {
    Value values;
    for (Eigen::Index j = 0; j < values.cols(); ++j) {
      const Strip column{key, 0, j, true};
      for (Eigen::Index i = 0; i < values.rows(); ++i) {
        values(i, j) = static_cast<typename Value::Scalar>(column.at(i));
      }
    }
    return values;
  }
};

}  // namespace GRADUS_NAMESPACE::detail
