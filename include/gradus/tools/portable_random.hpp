// SPDX-License-Identifier: MIT
//
// Random matrices that are the same on every platform, for problems that a seed describes.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <gradus/core/normal.hpp>
#include <random>

namespace GRADUS_NAMESPACE {

/// Random numbers that follow from the seed alone. The standard fixes every bit of `std::mt19937_64`, but
/// lets each library draw its distributions its own way, so the numbers are made here.
class PortableRandom {
 public:
  /// The sequence of this seed.
  explicit PortableRandom(std::uint64_t seed) : engine_(seed) {}

  /// A number in [-1, 1): 53 random bits.
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-52 - 1; }

  /// A number of the standard normal distribution.
  double normal() { return detail::normal(engine_()); }

  /// One of 0, ..., n − 1. The first of them are likelier, by less than n/2⁶⁴.
  std::uint64_t below(std::uint64_t n) { return engine_() % n; }

  /// A matrix of numbers in [-1, 1), drawn column by column.
  template <class Scalar = double>
  Eigen::MatrixX<Scalar> matrix(Eigen::Index rows, Eigen::Index cols) {
    Eigen::MatrixX<Scalar> m(rows, cols);
    for (Eigen::Index i = 0; i < m.size(); ++i) m(i) = static_cast<Scalar>(uniform());
    return m;
  }

  /// An orthogonal matrix: the product of one random reflection for each dimension. The same on every
  /// platform up to rounding.
  template <class Scalar = double>
  Eigen::MatrixX<Scalar> orthogonal(Eigen::Index size) {
    Eigen::MatrixX<Scalar> q = Eigen::MatrixX<Scalar>::Identity(size, size);
    for (Eigen::Index i = 0; i < size; ++i) {
      const Eigen::VectorX<Scalar> v = matrix<Scalar>(size, 1).normalized();
      q -= 2 * (q * v) * v.transpose();
    }
    return q;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace GRADUS_NAMESPACE
