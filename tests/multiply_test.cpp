// SPDX-License-Identifier: MIT
//
// Products of blocks and transposed matrices, of all sizes around those of tiles, panels and depths.
#include <gradus/orthogonalize/multiply.hpp>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

TEMPLATE_TEST_CASE("products in a workspace are Eigen's", "", float, double, long double) {
  using M = Matrix<TestType>;
  const double tolerance = sizeof(TestType) == sizeof(float) ? 1e-5 : 1e-14;
  Workspace workspace;
  for (const Index rows : {1, 5, 17, 49, 130}) {
    for (const Index cols : {1, 7, 33, 50}) {
      for (const Index depth : {0, 1, 8, 33, 400}) {
        workspace.reset(detail::multiply_scratch<TestType>(std::max(rows, cols)));
        const M a = M::Random(rows, depth), b = M::Random(depth, cols), start = M::Random(rows + 2, cols + 3);
        const M a_transposed = a.transpose(), b_transposed = b.transpose();
        M product = M::Zero(rows, cols), gram = M::Zero(rows, rows);
        if (depth > 0) product = a.lazyProduct(b), gram = a.lazyProduct(a_transposed);

        M result = start, expected = start;
        detail::multiply(result.block(1, 2, rows, cols), a, b, workspace);
        expected.block(1, 2, rows, cols) = product;
        CHECK(relative_difference(result, expected) < tolerance);

        auto inner = result.block(1, 2, rows, cols);
        detail::multiply_add(false, inner, 2, a_transposed.transpose(), b_transposed.transpose(), 0.5,
                             start.block(1, 2, rows, cols), workspace);
        expected.block(1, 2, rows, cols) =
            TestType(2) * product + TestType(0.5) * start.block(1, 2, rows, cols);
        CHECK(relative_difference(result, expected) < tolerance);

        M square = gram + M::Identity(rows, rows);
        const M expected_square = TestType(0.25) * square + TestType(3) * gram;
        detail::add_gram(square, 0.25, 3, a_transposed.transpose(), workspace);
        CHECK(relative_difference(square, expected_square) < tolerance);
        CHECK(square == square.transpose());
      }
    }
  }
}
