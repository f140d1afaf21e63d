// SPDX-License-Identifier: MIT
//
// The polar factor of a matrix whose columns lie on several ranks.
#include <gradus/distributed/orthogonalize_shared.hpp>

#include "distributed/ranks.hpp"

using namespace gradus;
using namespace gradus_test;

TEST_CASE("sums over ranks have the bits of the tree") {
  std::vector<Eigen::VectorXf> all;
  for (int r = 0; r < ranks().size(); ++r) {
    Eigen::VectorXf numbers(101);
    for (Index i = 0; i < numbers.size(); ++i) numbers(i) = std::sin(static_cast<float>(17 * r + i));
    all.push_back(numbers);
  }
  Eigen::VectorXf mine = all[static_cast<std::size_t>(ranks().rank())];
  mpi::sum(ranks(), mine.data(), mine.size());
  CHECK(same_bits(mine, tree_sum(all, 0, all.size())));
}

TEST_CASE("ranks that share a matrix find its polar factor") {
  const auto check = [](Index rows, Index cols, const auto& method, auto scalar, double tolerance) {
    using Scalar = decltype(scalar);
    Eigen::MatrixX<Scalar> whole(rows, cols);
    fill(whole, [](double, double, double i, double j) { return std::sin(1 + i * i + 0.7 * j * (i + 1)); });
    // Uneven shares; the first rank has no columns where there are several.
    const Index p = ranks().size(), r = ranks().rank();
    const Index first = p == 1 ? 0 : cols * r * r / (p * p),
                end = p == 1 ? cols : cols * (r + 1) * (r + 1) / (p * p);
    const Index begin = r == 1 ? 0 : first;
    Eigen::MatrixX<Scalar> mine = whole.middleCols(begin, p > 1 && r == 0 ? 0 : end - begin);
    const Eigen::MatrixX<Scalar> expected = orthogonalize(whole, method);
    mpi::orthogonalize_columns(ranks(), mine, method);
    const auto difference = (mine - expected.middleCols(begin, mine.cols())).norm();
    CHECK(static_cast<double>(difference) <= tolerance * std::sqrt(static_cast<double>(rows)));
  };
  check(24, 90, NewtonSchulz{.form = NewtonSchulzForm::gram}, float{}, 1e-4);
  check(24, 90, NewtonSchulz{.form = NewtonSchulzForm::gram}, double{}, 1e-12);
  check(17, 17, NewtonSchulz{.prescale = Prescale::spectral, .form = NewtonSchulzForm::gram}, double{},
        1e-12);
}

TEST_CASE("a shared matrix that is zero or not finite, or does not fit together") {
  Eigen::MatrixXd mine = Eigen::MatrixXd::Zero(3, 4);
  mpi::orthogonalize_columns(ranks(), mine);
  CHECK(mine.isZero(0));
  if (ranks().rank() == 0) mine(1, 1) = std::numeric_limits<double>::infinity();
  mpi::orthogonalize_columns(ranks(), mine);
  CHECK(mine.array().isNaN().all());
  Eigen::MatrixXd tall = Eigen::MatrixXd::Ones(100, 1);
  CHECK_THROWS_WITH(mpi::orthogonalize_columns(ranks(), tall), contains("more rows than columns"));
  if (ranks().size() == 1) return;
  Eigen::MatrixXd other = Eigen::MatrixXd::Ones(ranks().rank() == 1 ? 3 : 4, 8);
  CHECK_THROWS_WITH(mpi::orthogonalize_columns(ranks(), other), contains("different numbers of rows"));
}
