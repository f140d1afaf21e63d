// SPDX-License-Identifier: MIT
//
// Files hold a matrix row by row; memory holds it as it likes. What is between the two goes through a slab.
// not in the umbrella: only who reads or writes files needs it
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <gradus/io/tensor_info.hpp>
#include <type_traits>
#include <vector>

namespace GRADUS_NAMESPACE::io {

/// Takes the next `size` bytes of a tensor.
using ByteSink = std::function<void(const void* bytes, std::size_t size)>;

/// Gives the next `size` bytes of a tensor.
using ByteSource = std::function<void(void* bytes, std::size_t size)>;

namespace detail {

using Eigen::Index;

// Any matrix in memory: the inner stride leads to the next row, the outer one to the next column.
template <class Scalar>
using StridedMap = Eigen::Map<
    std::conditional_t<std::is_const_v<Scalar>,
                       const Eigen::Matrix<std::remove_const_t<Scalar>, Eigen::Dynamic, Eigen::Dynamic>,
                       Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>>,
    0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

template <class M>
concept InMemory = requires(const M& m) {
  requires bool(M::Flags & Eigen::DirectAccessBit);
  m.data();
  m.innerStride();
};

template <class M>
auto strided_map(M& m) {
  using Scalar = std::remove_pointer_t<decltype(m.data())>;
  using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  if constexpr (M::IsVectorAtCompileTime) {
    return StridedMap<Scalar>(m.data(), m.size(), 1, Strides(m.size(), m.innerStride()));
  } else {
    return StridedMap<Scalar>(m.data(), m.rows(), m.cols(), Strides(m.colStride(), m.rowStride()));
  }
}

// [rows, cols], and [size] for what is a vector by its type; [] for a number.
template <class T>
std::vector<std::uint64_t> shape_of(const T& value) {
  if constexpr (!InMemory<T>) {
    return {};
  } else if constexpr (T::IsVectorAtCompileTime) {
    return {static_cast<std::uint64_t>(value.size())};
  } else {
    return {static_cast<std::uint64_t>(value.rows()), static_cast<std::uint64_t>(value.cols())};
  }
}

template <class Map>
bool is_in_file_order(const Map& m) {
  const bool rows_touch = m.rows() <= 1 || m.rowStride() == m.cols();
  const bool cols_touch = m.cols() <= 1 || m.colStride() == 1;
  return rows_touch && cols_touch;
}

// Calls `f(part, slab)` for parts of the matrix that follow each other in the file: as many rows as fit into
// the slab, or a piece of one row. The slab holds the part row by row, and `f` fills one from the other.
template <class Map, class F>
void for_each_slab(Map m, const F& f) {
  using Scalar = typename Map::Scalar;
  using Slab = Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
  constexpr Index most = (Index{4} << 20) / Index{sizeof(Scalar)};  // coefficients: 64 rows of 16384 floats
  if (m.size() == 0) return;
  const Index cols = std::min(m.cols(), most), rows = std::min(m.rows(), std::max(Index{1}, most / cols));
  std::vector<Scalar> memory(static_cast<std::size_t>(rows * cols));
  for (Index i = 0; i < m.rows(); i += rows) {
    for (Index j = 0; j < m.cols(); j += cols) {
      const Index height = std::min(rows, m.rows() - i), width = std::min(cols, m.cols() - j);
      f(m.block(i, j, height, width), Slab(memory.data(), height, width));
    }
  }
}

// to ← from, in tiles: one side is walked along its rows, the other along its columns, and both stay in the
// cache.
template <class To, class From>
void copy_in_tiles(To&& to, const From& from) {
  constexpr Index tall = 64, wide = 16;
  for (Index i = 0; i < from.rows(); i += tall) {
    for (Index j = 0; j < from.cols(); j += wide) {
      const Index height = std::min(tall, from.rows() - i), width = std::min(wide, from.cols() - j);
      to.block(i, j, height, width) = from.block(i, j, height, width);
    }
  }
}

template <class Map>
std::size_t bytes_of(const Map& m) {
  return static_cast<std::size_t>(m.size()) * sizeof(typename Map::Scalar);
}

}  // namespace detail

/// Sends the coefficients of a matrix row by row. At most 4 MiB are copied at a time; a matrix that is stored
/// row by row goes in one piece.
template <detail::InMemory M>
void send(const M& matrix, const ByteSink& sink) {
  const auto m = detail::strided_map(matrix);
  if (m.size() == 0) return;
  if (detail::is_in_file_order(m)) return sink(m.data(), detail::bytes_of(m));
  detail::for_each_slab(m, [&](const auto& part, auto slab) {
    detail::copy_in_tiles(slab, part);
    sink(slab.data(), detail::bytes_of(slab));
  });
}

/// Fills a matrix with coefficients that come row by row; the counterpart of `send`.
template <detail::InMemory M>
void receive(M& matrix, const ByteSource& source) {
  auto m = detail::strided_map(matrix);
  if (m.size() == 0) return;
  if (detail::is_in_file_order(m)) return source(m.data(), detail::bytes_of(m));
  detail::for_each_slab(m, [&](auto part, auto slab) {
    source(slab.data(), detail::bytes_of(slab));
    detail::copy_in_tiles(part, slab);
  });
}

}  // namespace GRADUS_NAMESPACE::io
