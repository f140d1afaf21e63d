// SPDX-License-Identifier: MIT
//
// Products of blocks and transposed matrices, of all sizes around those of tiles, panels and depths.
#include <gradus/linalg/multiply.hpp>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

TEMPLATE_TEST_CASE("products in a workspace are Eigen's, rounded once", "", float, double, long double,
                   Eigen::bfloat16, Eigen::half) {
  using M = Matrix<TestType>;
  using Wide = std::conditional_t<sizeof(TestType) == 2, double, TestType>;
  using Expected = Matrix<Wide>;
  const double narrow = std::is_same_v<TestType, Eigen::half> ? 0x1p-11 : 0x1p-8;
  const double tolerance = sizeof(TestType) == 2 ? narrow : sizeof(TestType) == 4 ? 1e-5 : 1e-14;
  const auto random = [](Index rows, Index cols) {
    return M(Eigen::MatrixXf::Random(rows, cols).template cast<TestType>());
  };
  const auto wide = [](const auto& x) { return Expected(x.template cast<Wide>()); };
  const auto product_of = [&](const M& x, const M& y) {
    Expected product = Expected::Zero(x.rows(), y.cols());
    if (x.cols() > 0) product = wide(x).lazyProduct(wide(y));
    return product;
  };
  Workspace workspace;
  for (const Index rows : {1, 5, 17, 49, 130}) {
    for (const Index depth : {0, 1, 8, 33, 600}) {
      const M a = random(rows, depth), a_transposed = a.transpose();
      for (const Index cols : {1, 7, 33, 50}) {
        workspace.reset(detail::multiply_scratch<TestType>(std::max({rows, cols, depth})));
        const M b = random(depth, cols), b_transposed = b.transpose(), start = random(rows + 2, cols + 3);
        const Expected product = product_of(a, b);

        M result = start;
        Expected expected = wide(start);
        detail::multiply(result.block(1, 2, rows, cols), a, b, workspace);
        expected.block(1, 2, rows, cols) = product;
        CHECK(relative_difference(wide(result), expected) < tolerance);

        auto inner = result.block(1, 2, rows, cols);
        detail::multiply_add(false, inner, 2, a_transposed.transpose(), b_transposed.transpose(), 0.5,
                             start.block(1, 2, rows, cols), workspace);
        expected.block(1, 2, rows, cols) =
            Wide(2) * product + Wide(0.5) * wide(start.block(1, 2, rows, cols));
        CHECK(relative_difference(wide(result), expected) < tolerance);
      }

      workspace.reset(detail::multiply_scratch<TestType>(std::max(rows, depth)));
      const Expected gram = product_of(a, a_transposed);
      M square = (gram + Expected::Identity(rows, rows)).template cast<TestType>();
      const Expected expected = Wide(0.25) * wide(square) + Wide(3) * gram;
      detail::add_gram(square, 0.25, 3, a_transposed.transpose(), workspace);
      CHECK(relative_difference(wide(square), expected) < tolerance);
      CHECK(square == square.transpose());
    }
  }
}

#ifdef _OPENMP
TEST_CASE("inside a region, even of one thread, no region is started") {
  const int before = omp_get_max_threads();
  omp_set_num_threads(3);
  CHECK(detail::thread_count() == 3);
  int inside = 0;
#pragma omp parallel num_threads(1)
  inside = detail::thread_count();
  CHECK(inside == 1);
  omp_set_num_threads(before);
}
#endif
