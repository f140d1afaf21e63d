// SPDX-License-Identifier: MIT
//
// With EIGEN_USE_BLAS, Newton–Schulz computes its products with a BLAS.
#include <gradus/optimizers/muon.hpp>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

int calls = 0;

}  // namespace

// Stands before that of the library, so that calls can be counted.
extern "C" int sgemm_(const char* left_form, const char* right_form, const int* rows, const int* cols,
                      const int* depth, const float* scale, const float* left, const int* left_stride,
                      const float* right, const int* right_stride, const float* keep, float* result,
                      const int* result_stride) {
  ++calls;
  for (int j = 0; j < *cols; ++j) {
    for (int i = 0; i < *rows; ++i) {
      float sum = 0;
      for (int k = 0; k < *depth; ++k) {
        sum += left[*left_form == 'N' ? i + k * *left_stride : k + i * *left_stride] *
               right[*right_form == 'N' ? k + j * *right_stride : j + k * *right_stride];
      }
      float& to = result[i + j * *result_stride];
      to = *scale * sum + (*keep == 0 ? 0 : *keep * to);
    }
  }
  return 0;
}

TEST_CASE("a BLAS computes the products of Newton-Schulz where Eigen is told to use one") {
  const auto x = make_tree<float>({{40, 60}})[0];
  calls = 0;
  const Eigen::MatrixXf own = orthogonalize(x, BasicNewtonSchulz<TiledProducts>{});
  CHECK(calls == 0);
  CHECK(relative_difference(orthogonalize(x, NewtonSchulz{}), own) < 1e-4);
  CHECK(calls > 10);
}

TEST_CASE("Muon steps with a BLAS") {
  auto params = make_tree<float>({{30, 40}}), expected = params;
  const auto grads = params;
  const Muon muon{.learning_rate = 0.1};
  const BasicMuon<BasicNewtonSchulz<TiledProducts>> own{.learning_rate = 0.1};
  auto state = muon.init(params);
  auto own_state = own.init(expected);
  for (int t = 0; t < 3; ++t) {
    muon.step(params, grads, state);
    own.step(expected, grads, own_state);
  }
  CHECK(relative_difference(params[0], expected[0]) < 1e-4);
}
