// SPDX-License-Identifier: MIT
//
// Files hold a matrix row by row; memory holds it as it likes. What is between the two goes through a slab.
// not in the umbrella: only who reads or writes files needs it
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <functional>
#include <gradus/io/tensor_info.hpp>
#include <type_traits>
#include <vector>

namespace GRADUS_NAMESPACE::io {

/// Takes the next `size` bytes of a tensor.
using ByteSink = std::function<void(const void* bytes, std::size_t size)>;

/// Gives the next `size` bytes of a tensor.
using ByteSource = std::function<void(void* bytes, std::size_t size)>;

/// A matrix or a number in memory, of any type: what a file needs to know of it. Made by `view`. It must not
/// outlive what it views, nor be received into if that is const.
struct TensorView {
  Dtype dtype;                          ///< of the coefficients
  std::vector<std::uint64_t> shape;     ///< [rows, cols]; [n] for a vector by its type; [] for a number
  char* data;                           ///< the first coefficient
  Eigen::Index rows, cols;              ///< 1 x 1 for a number, n x 1 for a vector
  Eigen::Index row_stride, col_stride;  ///< coefficients from a row, or a column, to the next
};

namespace detail {

using Eigen::Index;

template <class M>
concept InMemory = requires(const M& m) {
  requires bool(M::Flags & Eigen::DirectAccessBit);
  m.data();
  m.innerStride();
};

template <class T>
consteval auto scalar_of() {
  if constexpr (requires { typename T::Scalar; }) {
    static_assert(InMemory<T>,
                  "gradus: a tensor of a file is a number, or an Eigen object in memory; evaluate the "
                  "expression first");
    return std::type_identity<std::remove_const_t<typename T::Scalar>>{};
  } else {
    return std::type_identity<T>{};
  }
}

// Copies a matrix between two places, in tiles: one side is walked along its rows, the other along its
// columns, and both stay in the cache. Strides are in coefficients.
template <std::size_t Size>
void copy_in_tiles(Index rows, Index cols, char* to, Index to_row, Index to_col, const char* from,
                   Index from_row, Index from_col) {
  constexpr Index tall = 64, wide = 16, size = Size;
  for (Index i0 = 0; i0 < rows; i0 += tall) {
    for (Index j0 = 0; j0 < cols; j0 += wide) {
      const Index i1 = std::min(i0 + tall, rows), j1 = std::min(j0 + wide, cols);
      for (Index j = j0; j < j1; ++j) {
        for (Index i = i0; i < i1; ++i) {
          std::memcpy(to + size * (i * to_row + j * to_col), from + size * (i * from_row + j * from_col),
                      Size);
        }
      }
    }
  }
}

inline void copy(std::size_t size, Index rows, Index cols, char* to, Index to_row, Index to_col,
                 const char* from, Index from_row, Index from_col) {
  auto* const run = size == 8   ? copy_in_tiles<8>
                    : size == 4 ? copy_in_tiles<4>
                    : size == 2 ? copy_in_tiles<2>
                                : copy_in_tiles<1>;
  run(rows, cols, to, to_row, to_col, from, from_row, from_col);
}

// Calls `f(part, slab, rows, cols)` for parts of the matrix that follow each other in the file: as many rows
// as fit into the slab, or a piece of one row. The slab holds the part row by row.
template <class F>
void for_each_slab(const TensorView& m, std::size_t size, const F& f) {
  const Index bytes = static_cast<Index>(size), most = (Index{4} << 20) / bytes;  // 64 rows of 16384 floats
  const Index cols = std::min(m.cols, most), rows = std::min(m.rows, std::max(Index{1}, most / cols));
  std::vector<char> slab(static_cast<std::size_t>(rows * cols * bytes));
  for (Index i = 0; i < m.rows; i += rows) {
    for (Index j = 0; j < m.cols; j += cols) {
      f(m.data + bytes * (i * m.row_stride + j * m.col_stride), slab.data(), std::min(rows, m.rows - i),
        std::min(cols, m.cols - j));
    }
  }
}

inline bool is_in_file_order(const TensorView& m) {
  return (m.rows <= 1 || m.row_stride == m.cols) && (m.cols <= 1 || m.col_stride == 1);
}

}  // namespace detail

/// A view of a number, or of an Eigen object in memory: Matrix, Array, Map, Ref or Block, of any storage
/// order and strides.
template <class T>
TensorView view(const T& value) {
  constexpr Dtype dtype = dtype_of<typename decltype(detail::scalar_of<T>())::type>();
  if constexpr (!requires { typename T::Scalar; }) {
    return {dtype, {}, reinterpret_cast<char*>(const_cast<T*>(&value)), 1, 1, 1, 1};
  } else {
    auto* const data = reinterpret_cast<char*>(const_cast<typename T::Scalar*>(value.data()));
    const auto count = [](Eigen::Index n) { return static_cast<std::uint64_t>(n); };
    if constexpr (bool(T::IsVectorAtCompileTime)) {
      return {dtype, {count(value.size())}, data, value.size(), 1, value.innerStride(), 1};
    } else {
      return {dtype,
              {count(value.rows()), count(value.cols())},
              data,
              value.rows(),
              value.cols(),
              value.rowStride(),
              value.colStride()};
    }
  }
}

/// Sends the coefficients of a matrix row by row. At most 4 MiB are copied at a time; a matrix that is stored
/// row by row goes in one piece.
inline void send(const TensorView& m, const ByteSink& sink) {
  const std::size_t size = m.dtype.bits / 8, total = size * static_cast<std::size_t>(m.rows * m.cols);
  if (total == 0) return;
  if (detail::is_in_file_order(m)) return sink(m.data, total);
  detail::for_each_slab(m, size, [&](const char* part, char* slab, Eigen::Index rows, Eigen::Index cols) {
    detail::copy(size, rows, cols, slab, cols, 1, part, m.row_stride, m.col_stride);
    sink(slab, size * static_cast<std::size_t>(rows * cols));
  });
}

/// Fills a matrix with coefficients that come row by row; the counterpart of `send`.
inline void receive(const TensorView& m, const ByteSource& source) {
  const std::size_t size = m.dtype.bits / 8, total = size * static_cast<std::size_t>(m.rows * m.cols);
  if (total == 0) return;
  if (detail::is_in_file_order(m)) return source(m.data, total);
  detail::for_each_slab(m, size, [&](char* part, char* slab, Eigen::Index rows, Eigen::Index cols) {
    source(slab, size * static_cast<std::size_t>(rows * cols));
    detail::copy(size, rows, cols, part, m.row_stride, m.col_stride, slab, cols, 1);
  });
}

}  // namespace GRADUS_NAMESPACE::io
