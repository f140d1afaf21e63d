// SPDX-License-Identifier: MIT
//
// Leaves of every kind of storage in one tree, so that an optimizer is compiled for all of them at once.
#pragma once

#include <gradus/gradus.hpp>
#include <iterator>
#include <tuple>
#include <vector>

#include "problem.hpp"

namespace gradus_test {

/// The sizes of the vectors among the storages.
inline constexpr Index vector_sizes[] = {1, 2, 7, 70, 1001};

/// The matrices of zeros that views are parts of.
template <class Scalar>
struct Surroundings {
  Matrix<Scalar> block = Matrix<Scalar>::Zero(9, 9), transposed = block,
                 strided = Matrix<Scalar>::Zero(40, 2);
  std::vector<Matrix<Scalar>> columns, rows, squares, longer;

  Surroundings() {
    for (const Index n : vector_sizes) {
      columns.push_back(Matrix<Scalar>::Zero(n, 3));
      rows.push_back(Matrix<Scalar>::Zero(3, n));
      squares.push_back(Matrix<Scalar>::Zero(n, n));
      longer.push_back(Matrix<Scalar>::Zero(2 * n, 1));
    }
  }

  /// How many coefficients are zero, and how many there are.
  Index zeros() const {
    return count([](const auto& m) { return (m.array() == 0).count(); });
  }
  Index size() const {
    return count([](const auto& m) { return m.size(); });
  }

 private:
  template <class F>
  Index count(const F& f) const {
    Index sum = f(block) + f(transposed) + f(strided);
    for (const auto* matrices : {&columns, &rows, &squares, &longer}) {
      for (const auto& matrix : *matrices) sum += f(matrix);
    }
    return sum;
  }
};

template <class List, class Make>
auto each(List& list, const Make& make) {
  std::vector<decltype(make(*std::begin(list)))> made;
  for (auto& element : list) made.push_back(make(element));
  return made;
}

/// Pairs of a parameter (or several) and its gradient, each stored in its own way: matrices, and
/// vectors of all `vector_sizes`.
template <class Scalar>
auto storages(Surroundings<Scalar>& p, Surroundings<Scalar>& g) {
  using Dynamic = Matrix<Scalar>;
  using RowMajor = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Fixed = Eigen::Matrix<Scalar, 3, 2>;
  using FixedRowMajor = Eigen::Matrix<Scalar, 3, 2, Eigen::RowMajor>;
  using FixedVector = Eigen::Matrix<Scalar, 2, 1>;
  using Steps = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  using Strided = Eigen::Map<Dynamic, 0, Steps>;
  const auto row_vector = [](Index n) { return Eigen::RowVectorX<Scalar>(n); };
  const auto vector = [](Index n) { return Eigen::VectorX<Scalar>(n); };
  return std::tuple{std::pair{RowMajor(5, 3), RowMajor(5, 3)},
                    std::pair{Dynamic(5, 3), RowMajor(5, 3)},
                    std::pair{RowMajor(5, 3), Dynamic(5, 3)},
                    std::pair{Fixed(), Fixed()},
                    std::pair{Fixed(), FixedRowMajor()},
                    std::pair{Fixed(), Dynamic(3, 2)},
                    std::pair{Eigen::ArrayXX<Scalar>(5, 3), Dynamic(5, 3)},
                    std::pair{p.block.block(2, 3, 5, 3), g.block.block(1, 1, 5, 3)},
                    std::pair{p.transposed.transpose().block(1, 4, 5, 3), g.transposed.block(0, 2, 5, 3)},
                    std::pair{Strided(p.strided.data(), 5, 3, Steps(30, 2)), RowMajor(5, 3)},
                    std::pair{each(vector_sizes, row_vector), each(vector_sizes, row_vector)},
                    std::pair{each(p.columns, [](auto& m) { return m.col(1); }),
                              each(g.columns, [](auto& m) { return m.col(0); })},
                    std::pair{each(p.rows, [](auto& m) { return m.row(1); }),
                              each(g.rows, [](auto& m) { return m.row(0); })},
                    std::pair{each(p.squares, [](auto& m) { return m.diagonal(); }),
                              each(g.columns, [](auto& m) { return m.col(2); })},
                    std::pair{each(vector_sizes, vector),
                              each(g.longer, [](auto& m) { return m.col(0).head(m.rows() / 2); })},
                    std::pair{FixedVector(), FixedVector()}};
}

/// The first, or the second, of all pairs.
template <class Pairs>
auto firsts(const Pairs& pairs) {
  return std::apply([](const auto&... pair) { return std::tuple{pair.first...}; }, pairs);
}
template <class Pairs>
auto seconds(const Pairs& pairs) {
  return std::apply([](const auto&... pair) { return std::tuple{pair.second...}; }, pairs);
}

/// The trees of all parameters and of all gradients.
template <class Scalar>
using StoragePairs =
    decltype(storages(std::declval<Surroundings<Scalar>&>(), std::declval<Surroundings<Scalar>&>()));
template <class Scalar>
using StorageParams = decltype(firsts(std::declval<StoragePairs<Scalar>>()));
template <class Scalar>
using StorageGrads = decltype(seconds(std::declval<StoragePairs<Scalar>>()));

}  // namespace gradus_test
