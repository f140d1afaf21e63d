// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cassert>
#include <cstddef>
#include <gradus/core/namespace.hpp>
#include <memory>
#include <new>
#include <utility>

namespace GRADUS_NAMESPACE {

/// A matrix that lives in a `Workspace` or in a user's buffer.
template <class Scalar>
using MatrixMap = Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>>;

/// Scratch memory for matrices, kept between calls so that repeated use allocates nothing. It only grows. One
/// workspace serves one call at a time. Its contents do not count: a copy has as much room, but is empty.
class Workspace {
 public:
  /// No memory yet.
  Workspace() = default;
  /// As much room as `other` has.
  Workspace(const Workspace& other) { reset(other.capacity_); }
  /// At least as much room as `other` has.
  Workspace& operator=(const Workspace& other) {
    reset(other.capacity_);
    return *this;
  }
  /// Takes over the memory and leaves `other` without.
  Workspace(Workspace&& other) noexcept { swap(other); }
  /// Takes over the memory.
  Workspace& operator=(Workspace&& other) noexcept {
    swap(other);
    return *this;
  }

  /// Bytes that `take` needs for a matrix of `rows` x `cols` scalars.
  template <class Scalar>
  static constexpr std::size_t bytes(Eigen::Index rows, Eigen::Index cols) {
    const std::size_t exact =
        sizeof(Scalar) * static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols);
    return (exact + alignment - 1) / alignment * alignment;
  }

  /// Makes room for `total` bytes and starts again from the front: matrices taken before are gone.
  void reset(std::size_t total) {
    if (total > capacity_) {
      data_.reset(static_cast<std::byte*>(::operator new[](total, std::align_val_t{alignment})));
      capacity_ = total;
    }
    used_ = 0;
  }

  /// How many bytes there is room for.
  std::size_t capacity() const { return capacity_; }

  /// How many bytes have been taken, for `rewind`.
  std::size_t used() const { return used_; }

  /// Gives back what was taken since `used()` was `used`.
  void rewind(std::size_t used) { used_ = used; }

  /// The next `rows` x `cols` of the room that `reset` made; the coefficients are not set.
  template <class Scalar>
  MatrixMap<Scalar> take(Eigen::Index rows, Eigen::Index cols) {
    assert(used_ + bytes<Scalar>(rows, cols) <= capacity_);
    auto* const front = reinterpret_cast<Scalar*>(data_.get() + used_);
    used_ += bytes<Scalar>(rows, cols);
    return {front, rows, cols};
  }

 private:
  void swap(Workspace& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(used_, other.used_);
  }

  static constexpr std::size_t alignment = 64;
  struct Free {
    void operator()(std::byte* data) const { ::operator delete[](data, std::align_val_t{alignment}); }
  };
  std::unique_ptr<std::byte[], Free> data_;
  std::size_t capacity_ = 0, used_ = 0;
};

}  // namespace GRADUS_NAMESPACE
