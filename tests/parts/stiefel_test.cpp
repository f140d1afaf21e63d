// SPDX-License-Identifier: MIT
//
// Optimizers on the Stiefel manifold, on problems whose best orthonormal matrix is known.
#include <Eigen/Eigenvalues>
#include <gradus/gradus.hpp>
#include <gradus/objectives/matrix_problems.hpp>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

Eigen::MatrixXd random(Index rows, Index cols, std::uint64_t seed) {
  return PortableRandom(seed).matrix<double>(rows, cols);
}

Eigen::MatrixXd orthonormal(Index rows, Index cols, std::uint64_t seed) {
  return orthogonalize(random(rows, cols, seed), ExactPolar{});
}

// How far columns, or rows where there are fewer, are from orthonormal.
template <class M>
double defect(const M& m) {
  const Eigen::MatrixXd x = m.template cast<double>();
  const Eigen::MatrixXd gram =
      x.rows() >= x.cols() ? Eigen::MatrixXd(x.transpose() * x) : Eigen::MatrixXd(x * x.transpose());
  return (gram - Eigen::MatrixXd::Identity(gram.rows(), gram.cols())).norm();
}

// Where `steps` steps lead with a learning rate that falls to 0.
template <class O, class F>
Eigen::MatrixXd minimised(O inner, Eigen::MatrixXd x, const F& write_gradient, int steps) {
  auto optimizer = stiefel(inner);
  Eigen::MatrixXd gradient = x;
  auto state = optimizer.init(x);
  for (int t = 0; t < steps; ++t) {
    write_gradient(x, gradient);
    optimizer.inner.learning_rate = inner.learning_rate * (steps - t) / steps;
    optimizer.step(x, gradient, state);
  }
  CHECK(defect(x) < 1e-13);
  return x;
}

// Calls `check(name, optimizer)` for optimizers of all kinds.
template <class Check>
void for_each_kind(const Check& check) {
  check("SGD", SGD{.learning_rate = 0.02});
  check("Momentum", Momentum{.learning_rate = 0.005});
  check("Adam", Adam{.learning_rate = 0.02});
  check("AdamW", AdamW{.learning_rate = 0.02, .weight_decay = 0.5});
  check("Muon", Muon{.learning_rate = 0.02});
  check("SteepestDescent", SteepestDescent<MaxNorm>{.learning_rate = 2e-3});
}

}  // namespace

TEST_CASE("on the Stiefel manifold every optimizer finds the best rotation") {
  const auto f = OrthogonalProcrustes<>::random(4, 9, 1, 0.2);
  const Eigen::MatrixXd best = f.minimiser();
  // The manifold of square matrices has two parts: start in that of the best one.
  Eigen::MatrixXd start = orthonormal(4, 4, 2);
  if (start.determinant() * best.determinant() < 0) start.col(0) *= -1;
  for_each_kind([&](const char* name, const auto& optimizer) {
    INFO(name);
    const Eigen::MatrixXd found = minimised(optimizer, start, f, 1500);
    CHECK((found - best).norm() < 2e-3);
    CHECK(f(found) - f(best) < 1e-5);
  });
}

TEST_CASE("on the Stiefel manifold every optimizer finds the top eigenspace") {
  const Eigen::MatrixXd q = MatrixQuadratic<>::random(7, 1, 20, 3).h;
  const double best = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(q).eigenvalues().tail(3).sum();
  for_each_kind([&](const char* name, const auto& optimizer) {
    INFO(name);
    const auto tall = [&](const Eigen::MatrixXd& x, Eigen::MatrixXd& g) { g = -q * x; };
    const Eigen::MatrixXd x = minimised(optimizer, orthonormal(7, 3, 4), tall, 1500);
    CHECK((x.transpose() * q * x).trace() == Approx(best).epsilon(1e-4));
    const auto wide = [&](const Eigen::MatrixXd& y, Eigen::MatrixXd& g) { g = -y * q; };
    const Eigen::MatrixXd y = minimised(optimizer, orthonormal(3, 7, 4), wide, 1500);
    CHECK((y * q * y.transpose()).trace() == Approx(best).epsilon(1e-4));
  });
}

TEST_CASE("a vector stays on the sphere") {
  const Eigen::VectorXd target = random(5, 1, 1);
  const auto pull = [&](const Eigen::MatrixXd&, Eigen::MatrixXd& g) { g = -target; };
  const Eigen::MatrixXd x = minimised(Adam{.learning_rate = 0.05}, orthonormal(5, 1, 2), pull, 1000);
  CHECK((x - target.normalized()).norm() < 1e-3);
}

TEST_CASE("the inner optimizer sees tangents alone, so the retraction is a correction of second order") {
  const Eigen::MatrixXd x = orthonormal(6, 4, 1), g = random(6, 4, 2);
  const auto moved = [&](double eta) {
    Eigen::MatrixXd y = x;
    const auto optimizer = stiefel(SGD{.learning_rate = eta});
    auto state = optimizer.init(y);
    optimizer.step(y, g, state);
    const Eigen::MatrixXd product = x.transpose() * state.tangent;
    CHECK((product + product.transpose()).norm() < 1e-14);
    CHECK(defect(y) < 1e-14);
    return Eigen::MatrixXd(y - (x - eta * state.tangent));
  };
  CHECK(moved(0.02).norm() / moved(0.01).norm() == Approx(4).epsilon(0.01));
}

TEMPLATE_TEST_CASE("a start that is far from the manifold is on it after one step", "", float, Eigen::half,
                   Eigen::bfloat16) {
  using M = Eigen::MatrixX<TestType>;
  const double precision = static_cast<double>(Eigen::NumTraits<TestType>::epsilon());
  std::vector<M> params{M((3 * random(9, 4, 1)).cast<TestType>()), M(random(4, 9, 2).cast<TestType>())};
  const auto grads = params;
  const auto optimizer = stiefel(Muon{.learning_rate = 0.1});
  auto state = optimizer.init(params);
  for (int t = 0; t < 3; ++t) optimizer.step(params, clip_by_value(grads, 0.5), state);
  for (const M& leaf : params) CHECK(defect(leaf) < 8 * precision);
}

TEST_CASE("route says which leaves are orthonormal") {
  std::tuple<Eigen::MatrixXd, Eigen::VectorXd> params{random(5, 3, 1), random(3, 1, 2)};
  const auto grads = params;
  const auto optimizer = route(is_matrix, stiefel(AdamW{}), SGD{.learning_rate = 0.5});
  auto state = optimizer.init(params);
  optimizer.step(params, grads, state);
  CHECK(defect(std::get<0>(params)) < 1e-14);
  CHECK(std::get<1>(params) == 0.5 * std::get<1>(grads));
}

TEST_CASE("a bad field, shape or inner field is refused before anything moves") {
  Eigen::MatrixXd x = orthonormal(5, 3, 1);
  const Eigen::MatrixXd before = x;
  auto optimizer = stiefel(SGD{});
  auto state = optimizer.init(x);
  CHECK_THROWS_WITH(optimizer.step(x, Eigen::MatrixXd(3, 5), state),
                    contains("Stiefel: ") && contains("is 5 x 3, but its gradient is 3 x 5"));
  optimizer.inner.learning_rate = -1;
  CHECK_THROWS_WITH(optimizer.step(x, x, state), contains("SGD: learning_rate is -1"));
  optimizer.orthogonalizer.steps = 0;
  CHECK_THROWS_WITH(optimizer.step(x, x, state), contains("Stiefel: steps is 0"));
  CHECK(x == before);
}
