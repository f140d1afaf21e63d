// SPDX-License-Identifier: MIT
//
// The trace and the largest eigenvalue of a Hessian, beside those of Hessians that are known.
#include <gradus/gradus.hpp>
#include <gradus/objectives/objectives.hpp>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "objective_helpers.hpp"

using Eigen::MatrixXd;
using Eigen::VectorXd;
using gradus_test::Approx;
using gradus_test::message_of;

namespace {

MatrixXd with_eigenvalues(const VectorXd& eigenvalues, std::uint64_t seed) {
  const MatrixXd q = gradus::PortableRandom(seed).orthogonal(eigenvalues.size());
  return q * eigenvalues.asDiagonal() * q.transpose();
}

auto times(const MatrixXd& hessian) {
  return [&hessian](const auto&, const auto& u, auto& out) { out = hessian * u; };
}

struct Layer {
  MatrixXd w;
  VectorXd b;
  GRADUS_LEAVES(w, b)
};

// ½‖W‖² + 1.5‖b‖² + w_00 b_0: eigenvalues 1, 3, and 2 ± √2.
double layer_objective(const Layer& x, Layer& gradient) {
  gradient.w = x.w;
  gradient.b = 3 * x.b;
  gradient.w(0, 0) += x.b[0];
  gradient.b[0] += x.w(0, 0);
  return x.w.squaredNorm() / 2 + 1.5 * x.b.squaredNorm() + x.w(0, 0) * x.b[0];
}

}  // namespace

TEST_CASE("the largest eigenvalue is found, not that of largest size") {
  VectorXd eigenvalues = VectorXd::LinSpaced(20, -1, 3);
  eigenvalues[0] = -50;
  eigenvalues[19] = 7;
  const MatrixXd hessian = with_eigenvalues(eigenvalues, 1);
  const VectorXd x = VectorXd::Zero(20);
  const auto found = gradus::largest_hessian_eigenvalue(times(hessian), x, 20, 3);
  CHECK(found.value == Approx(7).epsilon(1e-12));
  CHECK(found.error < 1e-6);
  // Fewer steps: not above, and the distance to the next eigenvalue is within the error.
  double before = -std::numeric_limits<double>::infinity();
  for (int steps = 1; steps <= 12; ++steps) {
    const auto rough = gradus::largest_hessian_eigenvalue(times(hessian), x, steps, 3);
    CHECK(rough.value <= 7 * (1 + 1e-14));
    CHECK(rough.value >= before);
    CHECK((eigenvalues.array() - rough.value).abs().minCoeff() <= rough.error + 1e-12);
    before = rough.value;
  }
  // Many more steps than there are eigenvalues: they come again, and do no harm.
  CHECK(gradus::largest_hessian_eigenvalue(times(hessian), x, 200, 3).value == Approx(7).epsilon(1e-12));
  const MatrixXd negative = -hessian.transpose() * hessian;
  CHECK(gradus::largest_hessian_eigenvalue(times(negative), x, 100, 3).value ==
        Approx(-eigenvalues.cwiseAbs2().minCoeff()).epsilon(1e-8));
}

TEST_CASE("the estimated trace has the variance of its formula, and none where the Hessian is diagonal") {
  const MatrixXd hessian = with_eigenvalues(VectorXd::LinSpaced(15, -2, 9), 2);
  const VectorXd x = VectorXd::Zero(15);
  const int samples = 4000;
  const auto trace = gradus::hessian_trace(times(hessian), x, samples, 5);
  const double off_diagonal = hessian.squaredNorm() - hessian.diagonal().squaredNorm();
  CHECK(trace.error == Approx(std::sqrt(2 * off_diagonal / samples)).epsilon(0.05));
  CHECK(std::abs(trace.value - hessian.trace()) < 3 * trace.error);
  CHECK(gradus::hessian_trace(times(hessian), x, samples, 5).value == trace.value);
  CHECK(gradus::hessian_trace(times(hessian), x, samples, 6).value != trace.value);

  const MatrixXd diagonal = VectorXd::LinSpaced(15, 1, 15).asDiagonal();
  const auto exact = gradus::hessian_trace(times(diagonal), x, 3, 5);
  CHECK(exact.value == 120);
  CHECK(exact.error == 0);
}

TEST_CASE("a product by differences is that of the Hessian") {
  const VectorXd x = VectorXd::LinSpaced(4, -1, 1.5);
  const auto product = gradus::hessian_vector_product(gradus::Rosenbrock{});
  MatrixXd hessian = MatrixXd::Zero(4, 4);  // by hand
  for (int i = 0; i < 3; ++i) {
    hessian(i, i) += 1200 * x[i] * x[i] - 400 * x[i + 1] + 2;
    hessian(i + 1, i + 1) += 200;
    hessian(i, i + 1) = hessian(i + 1, i) = -400 * x[i];
  }
  VectorXd out(4);
  for (const double size : {1e-6, 1.0, 1e6}) {
    const VectorXd u = size * VectorXd::LinSpaced(4, 2, -1);
    product(x, u, out);
    CHECK((out - hessian * u).norm() < 1e-8 * (hessian * u).norm());
  }
  product(x, VectorXd(VectorXd::Zero(4)), out);
  CHECK(out.isZero(0));

  const Eigen::VectorXf xf = x.cast<float>(), uf = Eigen::VectorXf::LinSpaced(4, 2, -1);
  Eigen::VectorXf outf(4);
  product(xf, uf, outf);
  const VectorXd right = hessian * uf.cast<double>();
  CHECK((outf.cast<double>() - right).norm() < 1e-3 * right.norm());
}

TEST_CASE("the Hessian of an objective over a tree, and of a test function") {
  const Layer x{MatrixXd::Ones(2, 3), VectorXd::Ones(2)};
  const auto product = gradus::hessian_vector_product(layer_objective);
  CHECK(gradus::largest_hessian_eigenvalue(product, x, 8, 1).value == Approx(2 + std::sqrt(2)).epsilon(1e-8));
  const auto trace = gradus::hessian_trace(product, x, 200, 1);
  CHECK(std::abs(trace.value - 12) <= 3 * trace.error);
  CHECK(trace.error == Approx(2 / std::sqrt(200)).epsilon(0.1));  // one pair off the diagonal: 2u_i u_j

  const gradus::StyblinskiTang f;
  const double at = -2.903534027771177;
  const VectorXd minimum = VectorXd::Constant(30, at);
  const double curvature = 6 * at * at - 16;
  CHECK(gradus::hessian_trace(gradus::hessian_vector_product(f), minimum, 2, 1).value ==
        Approx(30 * curvature).epsilon(1e-8));
  CHECK(gradus::largest_hessian_eigenvalue(gradus::hessian_vector_product(f), minimum, 1, 1).value ==
        Approx(curvature).epsilon(1e-8));
}

TEST_CASE("one product serves Sophia, and both estimates in every storage order") {
  const auto product = gradus::hessian_vector_product(gradus::Sphere{});
  auto sophia = gradus::sophia(gradus::hutchinson(product, 1));
  Eigen::Vector3d theta(1, 2, 3), gradient;
  auto state = sophia.init(theta);
  gradus::Sphere{}(theta, gradient);
  sophia.step(theta, gradient, state);
  CHECK((state.estimate - Eigen::Vector3d::Constant(2)).norm() < 1e-8);

  const auto f = [](const auto& x, auto& g) {
    g = 2 * x;
    g(0, 0) += x(1, 2);
    g(1, 2) += x(0, 0);
    return x.squaredNorm() + x(0, 0) * x(1, 2);
  };
  const MatrixXd columns = MatrixXd::Ones(2, 3);
  const Eigen::Matrix<double, 2, 3, Eigen::RowMajor> rows = columns;
  const auto of = gradus::hessian_vector_product(f);
  CHECK(gradus::hessian_trace(of, columns, 9, 1).value ==
        Approx(gradus::hessian_trace(of, rows, 9, 1).value).epsilon(1e-9));
  CHECK(gradus::largest_hessian_eigenvalue(of, columns, 5, 1).value == Approx(3).epsilon(1e-8));
  CHECK(gradus::largest_hessian_eigenvalue(of, rows, 5, 1).value == Approx(3).epsilon(1e-8));
}

TEST_CASE("nothing to measure, what is not finite, and bad options") {
  const VectorXd none(0);
  const MatrixXd empty(0, 0);
  CHECK(gradus::hessian_trace(times(empty), none, 2, 1).value == 0);
  CHECK(gradus::largest_hessian_eigenvalue(times(empty), none, 3, 1).value == 0);
  const VectorXd one = VectorXd::Ones(1);
  const MatrixXd minus_four = MatrixXd::Constant(1, 1, -4);
  CHECK(gradus::largest_hessian_eigenvalue(times(minus_four), one, 9, 1).value == -4);
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    MatrixXd hessian = MatrixXd::Identity(3, 3);
    hessian(1, 1) = bad;
    const VectorXd x = VectorXd::Zero(3);
    for (int steps : {1, 3, 8}) {
      CHECK(std::isnan(gradus::largest_hessian_eigenvalue(times(hessian), x, steps, 1).value));
    }
    CHECK_FALSE(std::isfinite(gradus::hessian_trace(times(hessian), x, 4, 1).value));
  }
  CHECK(message_of([&] { gradus::hessian_trace(times(empty), none, 1, 1); }) ==
        "hessian_trace: samples is 1, but must be at least 2");
  CHECK(message_of([&] { gradus::largest_hessian_eigenvalue(times(empty), none, 0, 1); }) ==
        "largest_hessian_eigenvalue: steps is 0, but must be at least 1");
}
