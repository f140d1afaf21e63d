// SPDX-License-Identifier: MIT
//
// Products of matrices without memory from the heap, for models and objectives.
#pragma once

#include <gradus/core/checks.hpp>
#include <gradus/linalg/multiply.hpp>

namespace GRADUS_NAMESPACE {

/// result ← keep · result + scale · left · right, the product on which Muon's speed rests. `left` and `right`
/// are matrices, blocks or maps of them, or transposes of these; `result` is stored by columns, and is not
/// read where `keep` is 0. It must not overlap a factor. All have one scalar; `Eigen::bfloat16` and
/// `Eigen::half` are summed in float and rounded once.
///
/// The packed factors lie in `workspace`, which grows where it is too small: repeated products allocate
/// nothing, where Eigen's take packing memory from the heap. Large products use all OpenMP threads, and have
/// the same bits for any number of them. Throws `std::invalid_argument` if the shapes do not fit.
///
///     gradus::multiply_add(gradient, 1, 1, delta, input.transpose(), workspace);   // += delta inputᵀ
template <class Result, class Left, class Right>
void multiply_add(Result&& result, double keep, double scale, const Left& left, const Right& right,
                  Workspace& workspace) {
  using Scalar = typename std::remove_cvref_t<Result>::Scalar;
  static_assert(
      std::is_same_v<Scalar, typename Left::Scalar> && std::is_same_v<Scalar, typename Right::Scalar>,
      "gradus: the factors of a product and its result must have one scalar type");
  static_assert(!std::remove_cvref_t<Result>::IsRowMajor,
                "gradus: the result of multiply must be stored by columns; "
                "for rows, multiply the transposed factors");
  if (left.cols() != right.rows() || left.rows() != result.rows() || right.cols() != result.cols()) {
    const auto shape = [](const auto& m) { return detail::shape_text(m.rows(), m.cols()); };
    throw std::invalid_argument("multiply: " + shape(left) + " times " + shape(right) + " does not give " +
                                shape(result));
  }
  if (left.cols() == 0 || result.size() == 0) {  // nothing is summed, and there may be no memory at all
    if (keep == 0) {
      result.setZero();
    } else {
      result *= static_cast<Scalar>(keep);
    }
    return;
  }
  workspace.reset(detail::multiply_scratch<Scalar>(result.rows(), left.cols(), result.cols()));
  detail::multiply_add(false, result, scale, left, right, keep, result, workspace);
}

/// result ← left · right: `multiply_add` that keeps nothing.
template <class Result, class Left, class Right>
void multiply(Result&& result, const Left& left, const Right& right, Workspace& workspace) {
  gradus::multiply_add(result, 0, 1, left, right, workspace);
}

}  // namespace GRADUS_NAMESPACE
