// SPDX-License-Identifier: MIT
//
// What hyperball, update_floor and radial_brake do to the norms of weights, and stages around any optimizer.
#include <gradus/gradus.hpp>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

Eigen::MatrixXd random(Index rows, Index cols, std::uint64_t seed) {
  return PortableRandom(seed).matrix<double>(rows, cols);
}

// Where one step along `gradient` leads from `x`.
template <class O>
Eigen::MatrixXd moved(const O& optimizer, Eigen::MatrixXd x, const Eigen::MatrixXd& gradient) {
  auto state = optimizer.init(x);
  optimizer.step(x, gradient, state);
  return x;
}

const SGD sgd{.learning_rate = 1};

}  // namespace

TEMPLATE_TEST_CASE("on a hyperball every norm stays what it was", "", float, double) {
  const double precision = static_cast<double>(std::numeric_limits<TestType>::epsilon());
  const auto check = [&](const auto& inner) {
    auto params = make_tree<TestType>({{9, 4}, {3, 7}, {5, 1}});
    const auto start = params;
    const auto optimizer = hyperball(inner, 0.3);
    auto state = optimizer.init(params);
    run(optimizer, params, state, 1, 50);
    for (std::size_t l = 0; l < params.size(); ++l) {
      CHECK(norm(params[l]) == Approx(norm(start[l])).epsilon(4 * precision));
      CHECK((params[l] - start[l]).norm() > 0.1 * start[l].norm());
    }
  };
  check(sgd);
  check(Adam{.learning_rate = 1});
  check(AdamW{.learning_rate = 1, .weight_decay = 0.1});
  check(Muon{.learning_rate = 1});
}

TEST_CASE(
    "on a hyperball the length of the inner step does not matter, and its angle is arctan of the rate") {
  const Eigen::MatrixXd x = random(6, 4, 1);
  Eigen::MatrixXd g = random(6, 4, 2);
  CHECK(moved(hyperball(SGD{.learning_rate = 7}, 0.2), x, g)
            .isApprox(moved(hyperball(SGD{.learning_rate = 0.5}, 0.2), x, g), 1e-14));
  g -= x.cwiseProduct(g).sum() / x.squaredNorm() * x;
  const Eigen::MatrixXd y = moved(hyperball(sgd, 0.2), x, g);
  CHECK(std::acos(x.cwiseProduct(y).sum() / x.squaredNorm()) == Approx(std::atan(0.2)));
  // With its own stage Muon needs no wrapper.
  const auto muon = StageList{"MuonH", std::tuple{stages::Average{}, stages::Orthogonalize<>{},
                                                  stages::Hyperball{.learning_rate = 0.2}}};
  const auto wrapped = hyperball(Muon{.learning_rate = 1, .weight_decay = 0}, 0.2);
  CHECK(relative_difference(after<double>(muon, 20), after<double>(wrapped, 20)) < 1e-11);
}

TEST_CASE("on a hyperball zeros take a step first, and a zero step moves nothing") {
  const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(3, 2), g = random(3, 2, 1), x = random(3, 2, 2);
  Eigen::MatrixXd y = zero;
  const auto optimizer = hyperball(sgd, 0.25);
  auto state = optimizer.init(y);
  optimizer.step(y, g, state);
  CHECK(y.isApprox(-0.25 * g, 1e-15));
  const double radius = y.norm();
  optimizer.step(y, x, state);
  CHECK(y.norm() == Approx(radius).epsilon(1e-15));
  CHECK(moved(optimizer, x, zero).isApprox(x, 1e-15));
}

TEST_CASE("a floor lengthens what is too short, leaf by leaf or neuron by neuron, and nothing else") {
  Eigen::MatrixXd x = random(4, 3, 1), g = random(4, 3, 2);
  for (Index i = 0; i < 4; ++i) {
    x.row(i).normalize();
    g.row(i) *= std::array{0.0, 0.01, 0.5, 2.0}[static_cast<std::size_t>(i)] / g.row(i).norm();
  }
  const Eigen::MatrixXd by_neuron = x - moved(update_floor(sgd, 0.1, true), x, g);
  CHECK(by_neuron.row(0).isZero());
  CHECK(by_neuron.row(1).isApprox(10 * g.row(1), 1e-13));
  CHECK(by_neuron.bottomRows(2).isApprox(g.bottomRows(2), 1e-14));
  const double ratio = g.norm() / x.norm();
  CHECK(moved(update_floor(sgd, ratio / 2), x, g).isApprox(x - g, 1e-14));
  CHECK(moved(update_floor(sgd, ratio * 2), x, g).isApprox(x - 2 * g, 1e-14));
  // What a floor has lengthened, it leaves.
  CHECK(moved(update_floor(update_floor(sgd, 0.1, true), 0.1, true), x, g).isApprox(x - by_neuron, 1e-13));
  // A vector is one neuron.
  const Eigen::MatrixXd v = random(5, 1, 3), h = 1e-3 * random(5, 1, 4);
  CHECK(moved(update_floor(sgd, 0.1, true), v, h).isApprox(moved(update_floor(sgd, 0.1), v, h), 1e-15));
}

TEST_CASE("a brake halves what makes a norm grow, and nothing else") {
  const Eigen::MatrixXd x = random(4, 3, 1);
  Eigen::MatrixXd g = random(4, 3, 2);
  g -= x.cwiseProduct(g).sum() / x.squaredNorm() * x;  // turns x alone
  CHECK(moved(radial_brake(sgd), x, g).isApprox(x - g, 1e-14));
  CHECK(moved(radial_brake(sgd), x, g + 0.2 * x).isApprox(0.8 * x - g, 1e-14));
  CHECK(moved(radial_brake(sgd), x, g - 0.2 * x).isApprox(1.1 * x - g, 1e-14));
  CHECK(moved(radial_brake(sgd, 0), x, g - 0.2 * x).isApprox(x - g, 1e-14));
  CHECK(moved(radial_brake(sgd, 1), x, g - 0.2 * x).isApprox(1.2 * x - g, 1e-14));
  CHECK(moved(radial_brake(sgd), Eigen::MatrixXd::Zero(4, 3), g).isApprox(-g, 1e-15));
}

TEST_CASE("any stages go around any optimizer, and their fields follow schedules") {
  const Muon muon{.learning_rate = 0.1,
                  .momentum = 0,
                  .weight_decay = 0,
                  .nesterov = false,
                  .scale = MuonScale::none,
                  .orthogonalizer = {}};
  const auto around = through_stages(sgd, stages::Orthogonalize<>{}, stages::Descend{.learning_rate = 0.1});
  CHECK(relative_difference(after<double>(around, 10), after<double>(muon, 10)) < 1e-10);
  const auto falling = [](std::int64_t t) { return 0.1 / static_cast<double>(t + 1); };
  const StageList list{"list", std::tuple{stages::Average{.momentum = 0, .nesterov = false},
                                          stages::Orthogonalize<>{}, stages::Descend{}}};
  const auto expected = after<double>(scheduled<&Muon::learning_rate>(muon, falling), 10);
  CHECK(same_bits(after<double>(scheduled<&stages::Descend::learning_rate>(list, falling), 10), expected));
  CHECK(relative_difference(after<double>(scheduled<&stages::Descend::learning_rate>(around, falling), 10),
                            expected) < 1e-10);
  CHECK(same_bits(
      after<double>(scheduled<&stages::Hyperball::learning_rate>(hyperball(sgd, 0.1), Constant{0.3}), 10),
      after<double>(hyperball(sgd, 0.3), 10)));
}

TEST_CASE("an outer optimizer that is SGD is lookahead, and one that only copies is not there") {
  const Adam adam{.learning_rate = 0.1};
  CHECK(relative_difference(after<double>(diloco(adam, 3, SGD{.learning_rate = 0.4}), 30),
                            after<double>(lookahead(adam, 3, 0.4), 30)) < 1e-12);
  CHECK(relative_difference(after<double>(diloco(adam, 1, SGD{.learning_rate = 1}), 30),
                            after<double>(adam, 30)) < 1e-12);
}

TEST_CASE("EMA-Nesterov without memory is Nesterov's method on the iterates") {
  const auto optimizer = ema_nesterov(SGD{.learning_rate = 0.1}, 0.6, 0);
  Eigen::VectorXd theta = random(5, 1, 1), x = theta, before = theta;
  auto state = optimizer.init(theta);
  for (int t = 0; t < 20; ++t) {
    optimizer.step(theta, theta, state);
    const Eigen::VectorXd y = x + 0.6 * (x - before);
    before = x;
    x = 0.9 * y;
  }
  CHECK(solution(optimizer, theta, state).isApprox(x, 1e-13));
}
