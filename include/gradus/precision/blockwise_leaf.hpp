// SPDX-License-Identifier: MIT
//
// Leaves of a state that take a byte a number, and how the traversal passes over them.
#pragma once

#include <gradus/core/rebind.hpp>
#include <gradus/core/staged.hpp>
#include <gradus/precision/blockwise_format.hpp>

namespace GRADUS_NAMESPACE::detail {

using ChunkFormat = BlockwiseFormat<chunk_size>;

// A leaf in this format, whose blocks are the chunks of the traversal; or floats, where it is small:
// then `values` is not null. `Float` is const for a leaf that is only read.
template <class Float>
struct BlockwiseStrip {
  using Code = std::conditional_t<std::is_const_v<Float>, const std::uint8_t, std::uint8_t>;
  Float* values;
  Code* codes;
  Float* scales;
};

template <class Float>
inline constexpr bool is_chunked<BlockwiseStrip<Float>> = true;

template <class Float>
struct Staged<Chunk, BlockwiseStrip<Float>> {
  ChunkFormat::Values buffer;

  ChunkStrip<Float> stage(const BlockwiseStrip<Float>& strip, const Chunk& chunk) {
    if (strip.values != nullptr) return {strip.values, 0, chunk.inner_size};
    const float scale = strip.scales[chunk.begin / chunk_size];
    ChunkFormat::load(strip.codes + chunk.begin, chunk.count, scale, buffer);
    return {buffer.data(), chunk.begin, chunk.inner_size};
  }
  void put_back(const BlockwiseStrip<Float>& strip, const Chunk& chunk) {
    if constexpr (!std::is_const_v<Float>) {
      if (strip.values != nullptr) return;
      strip.scales[chunk.begin / chunk_size] =
          ChunkFormat::store(buffer, chunk.count, strip.codes + chunk.begin);
    }
  }
};

// A leaf of a state. `Plain` is the matrix of floats that it stands for. Blocks follow the order in which its
// numbers are stored, from one column (or row) to the next.
template <class Plain>
class BlockwiseLeaf {
 public:
  static constexpr bool is_widened = true;
  // As in bitsandbytes, smaller leaves stay in float: biases and scales are few, and matter much.
  static constexpr Index smallest = 4096;
  using Scalar = float;

  const auto& underlying() const { return values_; }
  Index rows() const { return is_small() ? values_.rows() : codes_.rows(); }
  Index cols() const { return is_small() ? values_.cols() : codes_.cols(); }
  Index size() const { return rows() * cols(); }

  // Named as in Eigen, whose matrices are filled by the same code.
  // NOLINTBEGIN(readability-identifier-naming)
  void setZero() { values_.setZero(), codes_.setZero(), scales_.setZero(); }
  void setConstant(Index rows, Index cols, float value) {
    *this = {};
    if (rows * cols < smallest) {
      values_.setConstant(rows, cols, value);
      return;
    }
    codes_.resize(rows, cols), scales_.resize((rows * cols + chunk_size - 1) / chunk_size);
    ChunkFormat::Values block;
    for (Index begin = 0; begin < size(); begin += chunk_size) {
      block.setConstant(value);
      scales_(begin / chunk_size) =
          ChunkFormat::store(block, std::min(Index{chunk_size}, size() - begin), codes_.data() + begin);
    }
  }
  // NOLINTEND(readability-identifier-naming)

  // What it consists of, for files and for counting bytes. A file holds codes by row and column, so the name
  // of the scales tells the order of the blocks.
  template <class F>
  void for_each_part(const F& f) const {
    if (is_small()) {
      f("", values_);
    } else {
      f("", codes_), f(Plain::IsRowMajor ? "scale_by_row" : "scale_by_column", scales_);
    }
  }

  template <bool RowMajor>
  auto strip() {
    return make_strip<RowMajor, float>(*this);
  }
  template <bool RowMajor>
  auto strip() const {
    return make_strip<RowMajor, const float>(*this);
  }

 private:
  bool is_small() const { return codes_.size() == 0; }

  template <bool RowMajor, class Float, class Self>
  static BlockwiseStrip<Float> make_strip(Self& self) {
    static_assert(RowMajor == bool(Plain::IsRowMajor), "blocks follow the storage order of the parameter");
    return {self.is_small() ? self.values_.data() : nullptr, self.codes_.data(), self.scales_.data()};
  }

  Plain values_;
  typename WithScalar<Plain, std::uint8_t>::type codes_;
  Eigen::VectorXf scales_;
};

}  // namespace GRADUS_NAMESPACE::detail
