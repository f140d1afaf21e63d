// SPDX-License-Identifier: MIT
//
// Averages of the squares of a matrix of which only the means of rows and columns, R and C, are kept.
#pragma once

#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

namespace detail {

// Adds a share of a column's squares to R and returns the squares, for one block.
inline auto add_squares(double share, double added) {
  return [=](auto& r, const auto& u) {
    auto squares = (u.square() + added).eval();
    r += share * squares;
    return squares;
  };
}

// u ← u/√V̂, and the squares of u, for a block of a column j: √V̂ = factor · √R.
inline auto divide_by_product(double factor, double least) {
  return [=](auto& u, const auto& root_r) {
    u /= (factor * root_r).max(representable(least, u));
    return wide_square(u);
  };
}

GRADUS_PACKETS_BEGIN

// R ← R + w(row means − R), C ← C + w(column means − C), of what `add_to(share)` makes of a column of the
// matrices: a kernel that adds a share of it to R and returns it.
template <class AddTo, class... Matrices>
void average_rows_and_columns(const AddTo& add_to, double weight, Eigen::MatrixXd& r, Eigen::MatrixXd& c,
                              Matrices&... matrices) {
  const auto kernel = add_to(weight / static_cast<double>(c.size()));
  r *= 1 - weight;
  for (Index j = 0; j < c.size(); ++j) {
    const double sum = gradus::sum_blocks(kernel, r, matrices.col(j)...);
    c(j) += weight * (sum / static_cast<double>(r.size()) - c(j));
  }
}

// √R in the scalar of a leaf.
template <class Scalar>
MatrixMap<Scalar> roots(const Eigen::MatrixXd& r, Workspace& workspace) {
  auto result = workspace.template take<Scalar>(r.size(), 1);
  for (Index i = 0; i < r.size(); ++i) result(i) = static_cast<Scalar>(std::sqrt(r(i)));
  return result;
}

// u ← u/√V̂ with V̂ = R Cᵀ/mean(R), where √V̂ and the mean are at least `least`; returns ‖u‖².
template <class Scalar>
double divide_by_factors(MatrixMap<Scalar> u, const Eigen::MatrixXd& r, const Eigen::MatrixXd& c,
                         double least, Workspace& workspace) {
  const double mean = std::max(r.mean(), least);
  const auto root_r = detail::roots<Scalar>(r, workspace);
  double of_u = 0;
  for (Index j = 0; j < u.cols(); ++j) {
    of_u += gradus::sum_blocks(detail::divide_by_product(std::sqrt(c(j) / mean), least), u.col(j), root_r);
  }
  return of_u;
}

GRADUS_PACKETS_END

}  // namespace detail

}  // namespace GRADUS_NAMESPACE
