// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <gradus/gradus.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "catch.hpp"
#include "objective_helpers.hpp"

namespace {

using namespace gradus;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using gradus_test::Approx;
using gradus_test::message_of;

// Calls `body(f, x)` with an instance of each regression, single output and several, and a point.
template <class Scalar, class Body>
void for_each_regression(Body body) {
  PortableRandom random(3);
  const auto call = [&](const auto& f) {
    const Eigen::MatrixX<Scalar> x = 2 * random.matrix<Scalar>(f.features.cols(), f.targets.cols());
    INFO(f.name << " with " << f.targets.cols() << " outputs");
    body(f, x);
  };
  for (const Index outputs : {1, 3}) {
    call(LinearRegression<Scalar>::random(11, 4, outputs, 1));
    call(LogisticRegression<Scalar>::random(11, 4, outputs, 2));
    call(SoftmaxRegression<Scalar>::random(11, 4, outputs + 1, 3));
  }
}

// The objective on one batch, as an ordinary objective.
template <class F>
struct OnBatch {
  const F& f;
  std::span<const Index> batch;

  auto operator()(const auto& x, auto& gradient) const { return f(x, gradient, batch); }
  auto operator()(const auto& x) const {
    auto gradient = x;
    return f(x, gradient, batch);
  }
};

// Calls `visitor(batch)` with every sequence of `size` indices below n: all that can be drawn with
// replacement.
template <class Visitor>
void for_each_batch(Index n, std::size_t size, Visitor visitor) {
  std::vector<Index> batch(size, 0);
  for (;;) {
    visitor(batch);
    std::size_t k = 0;
    while (k < size && ++batch[k] == n) batch[k++] = 0;
    if (k == size) return;
  }
}

// The mean of ½(w s_i + b − y_i)² over a pair x = (w, b).
struct Line {
  std::vector<double> s{1, -2, 0.5}, y{0, 0, 0};
  Index size() const { return Index(s.size()); }
  double operator()(const auto& x, auto& gradient, std::span<const Index> batch) const {
    auto& [w, b] = x;
    auto& [dw, db] = gradient;
    dw.setZero(), db.setZero();
    double sum = 0;
    for (const Index i : batch) {
      const double r = w[0] * s[std::size_t(i)] + b[0] - y[std::size_t(i)];
      sum += r * r / 2, dw[0] += r * s[std::size_t(i)], db[0] += r;
    }
    const double n = double(batch.size());
    dw /= n, db /= n;
    return sum / n;
  }
  double operator()(const auto& x, auto& gradient) const {
    return (*this)(x, gradient, std::array<Index, 3>{0, 1, 2});
  }
};

}  // namespace

TEMPLATE_TEST_CASE("a regression has the gradient of its value, over all samples and over a batch", "", float,
                   double) {
  const std::vector<Index> batch{7, 0, 3, 7};
  for_each_regression<TestType>([&](const auto& f, const auto& x) {
    using F = std::remove_cvref_t<decltype(f)>;
    static_assert(FiniteSum<F, std::remove_cvref_t<decltype(x)>>);
    const GradientCheck all = check_gradient(f, x), some = check_gradient(OnBatch<F>{f, batch}, x);
    INFO(all << ", " << some);
    CHECK(all.ok());
    CHECK(some.ok());
    auto gradient = x;
    CHECK(f(x, gradient) == f(x));
    CHECK(f(x) > 0);
  });
}

TEST_CASE("the losses are what their definitions say") {
  PortableRandom random(4);
  const MatrixXd a = random.matrix(5, 2), x = 3 * random.matrix(2, 3), z = a * x, y = random.matrix(5, 3);
  CHECK(LinearRegression<>{a, y}(x) == Approx((z - y).squaredNorm() / 10).epsilon(1e-14));

  const MatrixXd yes = (y.array() > 0).cast<double>(), odds = z.array().exp();
  const auto p = odds.array() / (1 + odds.array());
  const double likelihood = (yes.array() * p.log() + (1 - yes.array()) * (1 - p).log()).sum();
  CHECK(LogisticRegression<>{a, yes}(x) == Approx(-likelihood / 5).epsilon(1e-13));

  const std::vector<Index> labels{2, 0, 1, 1, 2};
  double product = 1;
  for (Index i = 0; i < 5; ++i) product *= odds(i, labels[std::size_t(i)]) / odds.row(i).sum();
  CHECK(SoftmaxRegression<>{a, one_hot(labels, 3)}(x) == Approx(-std::log(product) / 5).epsilon(1e-13));
  // Two classes are a logistic regression of the difference of their scores.
  const MatrixXd two = one_hot(std::vector<Index>{1, 0, 1, 1, 0}, 2);
  CHECK(SoftmaxRegression<>{a, two}(x.leftCols(2).eval()) ==
        Approx(LogisticRegression<>{a, two.col(1)}((x.col(1) - x.col(0)).eval())).epsilon(1e-13));
}

TEST_CASE("losses and gradients stay finite and right where exp overflows") {
  const VectorXd a = VectorXd::Constant(1, 1), x = VectorXd::Constant(1, 1e4), no = VectorXd::Zero(1);
  VectorXd gradient;
  CHECK(LogisticRegression<>{a, no}(x, gradient) == 1e4);
  CHECK(gradient[0] == 1);
  CHECK(LogisticRegression<>{a, a}(x, gradient) == 0);
  CHECK(gradient[0] == 0);
  CHECK(LogisticRegression<>{a, a}((-x).eval(), gradient) == 1e4);
  const Eigen::RowVector3d scores(1e4, -1e4, 0);
  Eigen::RowVector3d slope;
  CHECK(SoftmaxRegression<>{a, Eigen::RowVector3d(0, 1, 0)}(scores, slope) == 2e4);
  CHECK(slope == Eigen::RowVector3d(1, -1, 0));
}

TEST_CASE("the mean over the batches of an epoch is the mean over all samples") {
  for_each_regression<double>([](const auto& f, const MatrixXd& x) {
    MatrixXd all, gradient, sum = MatrixXd::Zero(x.rows(), x.cols());
    const double value = f(x, all);
    double total = 0;
    Batches batches(f.size(), 4, 5);
    for (Index k = 0; k < batches.per_epoch(); ++k) {
      const auto batch = batches.next();
      const double share = double(batch.size()) / double(f.size());
      total += share * f(x, gradient, batch);
      sum += share * gradient;
    }
    CHECK(total == Approx(value).epsilon(1e-14));
    CHECK(sum.isApprox(all, 1e-13));
  });
}

TEST_CASE("random targets follow the scores") {
  const Index n = 20000;
  const auto logistic = LogisticRegression<>::random(n, 3, 1, 6);
  const auto softmax = SoftmaxRegression<>::random(n, 3, 4, 6);
  const auto linear = LinearRegression<>::random(n, 3, 2, 6);
  // The planted X: `random` draws it after the features.
  const auto planted = [&](Index outputs) {
    PortableRandom draw(6);
    draw.matrix(n, 3);
    return MatrixXd(draw.matrix(3, outputs));
  };
  const MatrixXd z1 = logistic.features * planted(1), z4 = softmax.features * planted(4);
  VectorXd gradient1;
  MatrixXd gradient4, gradient2;
  // The expectation of the gradient is 0 at the planted X, but not elsewhere.
  logistic(VectorXd(planted(1)), gradient1);
  softmax(planted(4), gradient4);
  linear(planted(2), gradient2);
  CHECK(gradient1.norm() < 0.01);
  CHECK(gradient4.norm() < 0.01);
  CHECK(gradient2.norm() < 0.01);
  logistic(VectorXd::Zero(3).eval(), gradient1);
  softmax(MatrixXd::Zero(3, 4).eval(), gradient4);
  CHECK(gradient1.norm() > 0.05);
  CHECK(gradient4.norm() > 0.05);
  CHECK((softmax.targets.rowwise().sum().array() == 1).all());
  CHECK(linear(planted(2)) == Approx(2 * (1.0 / 3) / 2).epsilon(0.02));  // uniform noise has the variance 1/3

  CHECK(LinearRegression<>::random(5, 3, 2, 9).targets == LinearRegression<>::random(5, 3, 2, 9).targets);
  CHECK(LinearRegression<>::random(5, 3, 2, 9).targets != LinearRegression<>::random(5, 3, 2, 10).targets);
}

TEST_CASE("a regression takes any kind of matrix and refuses by name what does not fit") {
  const auto f = LogisticRegression<>::random(6, 3, 2, 1);
  PortableRandom random(31);
  const MatrixXd x = random.matrix(3, 2);
  MatrixXd expected;
  const double value = f(x, expected);

  Eigen::Matrix<double, 3, 2, Eigen::RowMajor> fixed = x, fixed_gradient;
  CHECK(f(fixed, fixed_gradient) == Approx(value).epsilon(1e-14));
  CHECK(fixed_gradient.isApprox(expected, 1e-14));
  MatrixXd table = MatrixXd::Zero(5, 4);
  CHECK(f(Eigen::Map<const MatrixXd>(x.data(), 3, 2), table.block(1, 1, 3, 2)) ==
        Approx(value).epsilon(1e-14));
  CHECK(table.block(1, 1, 3, 2).isApprox(expected, 1e-14));
  CHECK(table.row(0).isZero(0));

  const MatrixXd before = expected;
  const std::vector<Index> none, outside{0, 6}, negative{-1};
  const std::string who = "LogisticRegression: ";
  CHECK(message_of([&] { f(x, expected, none); }) == who + "there is no sample to take the mean of");
  CHECK(message_of([&] { f(x, expected, outside); }) == who + "the batch names sample 6 of 6");
  CHECK(message_of([&] { f(x, expected, negative); }) == who + "the batch names sample -1 of 6");
  CHECK(message_of([&] { f(MatrixXd(2, 3), expected); }) == who + "x is 2x3, needs 3x2");
  CHECK(message_of([&] { f(x, table.block(0, 0, 2, 2)); }) == who + "the gradient is 2x2, needs 3x2");
  CHECK(message_of([&] { LogisticRegression<>{f.features, x}(x); }) == who + "targets is 3x2, needs 6x2");
  CHECK(message_of([&] { LinearRegression<>{}(MatrixXd(0, 0)); }) ==
        "LinearRegression: there is no sample to take the mean of");
  CHECK(expected == before);
  CHECK(message_of([] {
          one_hot(std::vector<Index>{0, 3}, 3);
        }) == "one_hot: label 3 is not one of 3 classes");
}

TEST_CASE("batches are those of the reference on every platform") {
  // Printed by tests/reference/batches.py.
  const std::vector<std::vector<Index>> expected{{1, 4, 3}, {5, 0, 2}, {6}, {3, 6, 5}, {4, 2, 1}, {0}};
  Batches batches(7, 3, 42);
  for (const auto& batch : expected) {
    const auto next = batches.next();
    CHECK(std::vector<Index>(next.begin(), next.end()) == batch);
  }
}

TEST_CASE("batches hold each index once an epoch, in another order each time") {
  for (const auto& [n, size] : {std::pair{10, 3}, {10, 5}, {10, 10}, {10, 1}, {1, 1}}) {
    INFO(n << " in batches of " << size);
    Batches batches(n, size, 8);
    CHECK(batches.per_epoch() == (n + size - 1) / size);
    std::vector<std::vector<Index>> epochs;
    for (int epoch = 0; epoch < 3; ++epoch) {
      std::vector<Index> seen;
      for (Index k = 0; k < batches.per_epoch(); ++k) {
        const auto batch = batches.next();
        const bool last = k + 1 == batches.per_epoch();
        CHECK(Index(batch.size()) == (last && n % size != 0 ? n % size : size));
        seen.insert(seen.end(), batch.begin(), batch.end());
      }
      epochs.push_back(seen);
      std::sort(seen.begin(), seen.end());
      std::vector<Index> all(std::size_t(n), 0);
      std::iota(all.begin(), all.end(), Index{0});
      CHECK(seen == all);
    }
    if (n > 1) CHECK(epochs[0] != epochs[1]);
    if (n > 1) CHECK(epochs[1] != epochs[2]);
  }
  CHECK(message_of([] { Batches(5, 0, 1); }) == "Batches: size is 0, needs 1 to n, which is 5");
  CHECK(message_of([] { Batches(5, 6, 1); }) == "Batches: size is 6, needs 1 to n, which is 5");
  CHECK(message_of([] { Batches(0, 1, 1); }) == "Batches: size is 1, needs 1 to n, which is 0");
}

TEST_CASE("all orders of a shuffle are equally likely") {
  Batches batches(4, 4, 9);
  std::array<int, 256> counts{};
  const int repetitions = 24000;
  for (int r = 0; r < repetitions; ++r) {
    Index code = 0;
    for (const Index i : batches.next()) code = 4 * code + i;
    ++counts[std::size_t(code)];
  }
  double chi_squared = 0;
  int orders = 0;
  for (const int count : counts) {
    orders += count > 0;
    if (count > 0) chi_squared += (count - 1000.0) * (count - 1000.0) / 1000;
  }
  CHECK(orders == 24);
  CHECK(chi_squared < 49.7);  // exceeded by one in a thousand of such experiments
}

TEST_CASE("a copy of the batches goes on alike") {
  Batches batches(9, 2, 10);
  for (int k = 0; k < 3; ++k) batches.next();
  Batches copy = batches;
  for (int k = 0; k < 20; ++k) {
    const auto a = batches.next(), b = copy.next();
    CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  }
}

TEST_CASE("gradient noise is what an enumeration of all batches says") {
  for_each_regression<double>([](const auto& whole, const MatrixXd& x) {
    auto f = whole;
    f.features = whole.features.topRows(5).eval();
    f.targets = whole.targets.topRows(5).eval();
    const GradientNoise noise = gradient_noise(f, x);
    MatrixXd mean, gradient;
    f(x, mean);
    CHECK(noise.squared_norm == Approx(mean.squaredNorm()).epsilon(1e-13));

    for (const std::size_t b : {1U, 2U, 3U}) {
      double with = 0, without = 0, count = 0, count_without = 0, square = 0;
      for_each_batch(5, b, [&](const std::vector<Index>& batch) {
        f(x, gradient, batch);
        const double deviation = (gradient - mean).squaredNorm();
        with += deviation, square += gradient.squaredNorm(), ++count;
        std::vector<Index> sorted = batch;
        std::sort(sorted.begin(), sorted.end());
        if (std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end())
          without += deviation, ++count_without;
      });
      CHECK(noise.batch_variance(double(b)) == Approx(with / count).epsilon(1e-12));
      CHECK(noise.batch_variance(double(b), 5) == Approx(without / count_without).epsilon(1e-12));

      if (b == 1) continue;
      const double single = noise.squared_norm + noise.variance;
      const GradientNoise estimate = estimate_gradient_noise(1, single, double(b), square / count);
      CHECK(estimate.squared_norm == Approx(noise.squared_norm).epsilon(1e-10));
      CHECK(estimate.variance == Approx(noise.variance).epsilon(1e-10));
      CHECK(estimate.critical_batch_size() == Approx(noise.variance / noise.squared_norm).epsilon(1e-10));
    }
  });
  CHECK(GradientNoise{1, 2}.batch_variance(1, 1) == 0);
  CHECK(message_of([] { estimate_gradient_noise(2, 1, 2, 1); }) ==
        "estimate_gradient_noise: large_batch is 2, but must be larger than small_batch");
  CHECK(message_of([] { estimate_gradient_noise(0, 1, 2, 1); }) ==
        "estimate_gradient_noise: small_batch is 0, but must be positive");
}

TEST_CASE("a finite sum of one's own, over a tree, has its noise measured") {
  const std::pair<VectorXd, VectorXd> x{VectorXd::Constant(1, 2), VectorXd::Constant(1, 1)};
  // Residuals 3, -3, 2: gradients (3, 3), (6, -3), (1, 2), mean (10/3, 2/3).
  const GradientNoise noise = gradient_noise(Line{}, x);
  CHECK(noise.squared_norm == Approx((100 + 4) / 9.0).epsilon(1e-14));
  CHECK(noise.variance == Approx((9 + 9 + 36 + 9 + 1 + 4) / 3.0 - (100 + 4) / 9.0).epsilon(1e-14));
}

TEST_CASE("gradients of reduced variance have the mean of the others, and none at the snapshot") {
  for_each_regression<double>([](const auto& f, const MatrixXd& snapshot) {
    const MatrixXd x = 0.9 * snapshot;
    MatrixXd gradient, at_snapshot, mean, right, sum = 0 * x;
    f(snapshot, mean);
    f(x, right);
    // Without the sign: a step of length 1 from zero.
    const auto reduced = [&] {
      MatrixXd theta = 0 * x;
      auto state = SGD{}.init(theta);
      SGD{.learning_rate = 1}.step(theta, reduce_variance(gradient, at_snapshot, mean), state);
      return MatrixXd(-theta);
    };
    for (Index i = 0; i < f.size(); ++i) {
      f(x, gradient, std::array{i});
      f(snapshot, at_snapshot, std::array{i});
      sum += reduced();
      gradient = at_snapshot;
      CHECK((reduced() - mean).norm() <= 1e-14 * at_snapshot.norm());
    }
    CHECK((sum / double(f.size()) - right).norm() < 1e-13 * right.norm());
  });
}

TEST_CASE("with reduced variance a constant step ends at the minimum, of a tree too, without it does not") {
  using Pair = std::pair<VectorXd, VectorXd>;
  const auto gap = [](const auto& optimizer, bool reduces) {
    const Line f{.y = {1, 1, -1}};
    Pair x{VectorXd::Constant(1, 2), VectorXd::Constant(1, 1)}, gradient = x, at_snapshot = x, mean = x;
    Batches batches(f.size(), 1, 4);
    auto state = optimizer.init(x);
    for (int epoch = 0; epoch < 60; ++epoch) {
      const Pair snapshot = x;
      f(snapshot, mean);
      for (int t = 0; t < 9; ++t) {
        const auto batch = batches.next();
        f(x, gradient, batch);
        f(snapshot, at_snapshot, batch);
        if (reduces) {
          optimizer.step(x, reduce_variance(gradient, at_snapshot, mean), state);
        } else {
          optimizer.step(x, gradient, state);
        }
      }
    }
    f(x, gradient);
    return norm(gradient);
  };
  CHECK(gap(SGD{.learning_rate = 0.1}, true) < 1e-12);
  CHECK(gap(Momentum{.learning_rate = 0.01}, true) < 1e-6);
  CHECK(gap(SGD{.learning_rate = 0.1}, false) > 1e-2);
}
