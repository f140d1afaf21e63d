// SPDX-License-Identifier: MIT
//
// Stages that act on singular values, and SOAP-Muon, whose stages act in a basis of its own.
#include <gradus/gradus.hpp>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

Eigen::MatrixXd random(Index rows, Index cols, std::uint64_t seed) {
  return PortableRandom(seed).matrix<double>(rows, cols);
}

// A matrix with these singular values.
Eigen::MatrixXd with_spectrum(Index rows, Index cols, const Eigen::VectorXd& sigma, std::uint64_t seed) {
  const Index side = sigma.size();
  const Eigen::MatrixXd u = orthogonalize(random(rows, side, seed), ExactPolar{});
  const Eigen::MatrixXd v = orthogonalize(random(cols, side, seed + 1), ExactPolar{});
  return u * sigma.asDiagonal() * v.transpose();
}

// What stages make of an update.
template <class... S>
Eigen::MatrixXd through(const Eigen::MatrixXd& u, S... stages) {
  const StageList list{"list", std::tuple{std::move(stages)..., stages::Descend{.learning_rate = 1}}};
  Eigen::MatrixXd x = Eigen::MatrixXd::Zero(u.rows(), u.cols());
  auto state = list.init(x);
  list.step(x, u, state);
  return -x;
}

}  // namespace

TEST_CASE("a clipped spectrum has the vectors that it had") {
  const Eigen::VectorXd sigma = Eigen::Vector4d(3, 1.7, 0.9, 0.2);
  const Eigen::VectorXd clipped = sigma.cwiseMin(1.2);
  for (const auto& [rows, cols] : Shapes{{4, 4}, {4, 7}, {9, 4}}) {
    const Eigen::MatrixXd x = with_spectrum(rows, cols, sigma, 1), y = with_spectrum(rows, cols, clipped, 1);
    CHECK(relative_difference(through(x, stages::ClipSpectrum<ExactPolar>{1.2}), y) < 1e-13);
    CHECK(relative_difference(through(x, stages::ClipSpectrum<>{1.2}), y) < 1e-5);
    CHECK(relative_difference(through(x, stages::ClipSpectrum<ExactPolar>{3.1}), x) < 1e-13);
    // At a limit that is a singular value, and for a matrix of rank 2.
    CHECK(relative_difference(through(x, stages::ClipSpectrum<ExactPolar>{0.9}),
                              with_spectrum(rows, cols, sigma.cwiseMin(0.9), 1)) < 1e-13);
    const Eigen::MatrixXd thin = with_spectrum(rows, cols, Eigen::Vector2d(2, 0.5), 3);
    CHECK(relative_difference(through(thin, stages::ClipSpectrum<ExactPolar>{1}),
                              with_spectrum(rows, cols, Eigen::Vector2d(1, 0.5), 3)) < 1e-13);
  }
  CHECK(through(Eigen::MatrixXd::Zero(3, 2), stages::ClipSpectrum<>{1}).isZero());
}

TEST_CASE("a clipped spectrum is a wrapper of any optimizer, too") {
  const Eigen::MatrixXd g = random(5, 3, 1);
  const auto optimizer = through_stages(SGD{.learning_rate = 1}, stages::ClipSpectrum<ExactPolar>{0.5},
                                        stages::Descend{.learning_rate = 1});
  Eigen::MatrixXd x = Eigen::MatrixXd::Zero(5, 3);
  auto state = optimizer.init(x);
  optimizer.step(x, g, state);
  CHECK(Eigen::JacobiSVD<Eigen::MatrixXd>(x).singularValues()(0) == Approx(0.5));
}

TEST_CASE("DynMuon's power is the Taylor series of a power of the spectrum") {
  const Eigen::VectorXd sigma = Eigen::Vector3d(1, 0.8, 0.5);
  for (const auto& [rows, cols] : Shapes{{3, 3}, {3, 5}, {6, 3}}) {
    const Eigen::MatrixXd x = 4 * with_spectrum(rows, cols, sigma, 1);
    const auto power = [&](double p) {
      return through(x, stages::SpectralPower<ExactPolar>{.exponent = p, .epsilon = 1e-300});
    };
    CHECK(relative_difference(power(0), orthogonalize(x, ExactPolar{})) < 1e-13);
    CHECK(relative_difference(power(2), (x * x.transpose() * power(0)).eval()) < 1e-12);
    for (const double p : {0.25, -0.25}) {
      const double s = x.norm(), delta = p / 2;
      const Eigen::VectorXd expected = sigma.unaryExpr([&](double value) {
        const double e = std::pow(4 * value / s, 2) - 1;
        return std::pow(s, p) * (1 + delta * e + delta * (delta - 1) / 2 * e * e);
      });
      CHECK(relative_difference(power(p), with_spectrum(rows, cols, expected, 1)) < 1e-12);
    }
  }
}

TEST_CASE("PolarGrad is steepest descent: it lowers a quadratic by half the squared nuclear norm") {
  const Eigen::MatrixXd target = random(5, 4, 1);
  const StageList polar_grad{
      "PolarGrad", std::tuple{stages::Average{.momentum = 0, .nesterov = false},
                              stages::SteepestDirection<SpectralNorm<ExactPolar>>{.dual_scaled = true},
                              stages::Descend{.learning_rate = 0.25}}};
  Eigen::MatrixXd x = random(5, 4, 2);
  auto state = polar_grad.init(x);
  for (int t = 0; t < 5; ++t) {
    const Eigen::MatrixXd g = x - target;  // of ½‖x − target‖², which is 4-smooth in the spectral norm
    const double before = 0.5 * g.squaredNorm(), dual = SpectralNorm<ExactPolar>{}.dual_norm(g);
    polar_grad.step(x, g, state);
    CHECK(before - 0.5 * (x - target).squaredNorm() >= dual * dual / 8 * (1 - 1e-12));
  }
}

TEST_CASE("Muown moves norms by Adam, and directions with the norms as they are") {
  const StageList optimizer{"Muown", std::tuple{stages::Muown<>{.learning_rate = 0.1}}};
  Eigen::MatrixXd x = random(4, 3, 1);
  // What points along the rows is of the norms alone: the first step of Adam is the learning rate.
  const Eigen::MatrixXd start = x, g = Eigen::Vector4d(1, -2, 3, -0.5).asDiagonal() * x;
  auto state = optimizer.init(x);
  optimizer.step(x, g, state);
  for (Index i = 0; i < 4; ++i) {
    CHECK(x.row(i).norm() == Approx(start.row(i).norm() - (g(i, 0) * start(i, 0) > 0 ? 0.1 : -0.1)));
  }
  for (int t = 0; t < 5; ++t) optimizer.step(x, random(4, 3, 7), state);
  const auto& norms = state.of<stages::Muown<>>().norms;
  CHECK_THROWS_WITH(optimizer.init(Eigen::VectorXd::Ones(3).eval()),
                    contains("Muown: the tree has rows of one coefficient"));
  for (Index i = 0; i < 4; ++i) CHECK(x.row(i).norm() == Approx(std::abs(norms(i))).epsilon(1e-14));
}

TEST_CASE("SOAP-Muon turns with its gradients, and its first step is Muon's") {
  const Eigen::MatrixXd p = orthogonalize(random(4, 4, 1), ExactPolar{});
  const Eigen::MatrixXd q = orthogonalize(random(4, 4, 2), ExactPolar{});
  const SOAPMuon optimizer{.learning_rate = 0.1};
  Eigen::MatrixXd a = random(4, 4, 3), b = p * a * q.transpose(), muon_point = a;
  auto state = optimizer.init(a), turned_state = optimizer.init(b);
  const Muon muon{.learning_rate = 0.1, .weight_decay = 0, .orthogonalizer = optimizer.orthogonalizer};
  auto muon_state = muon.init(muon_point);
  for (int t = 0; t < 10; ++t) {
    const Eigen::MatrixXd g = random(4, 4, 10 + static_cast<std::uint64_t>(t));
    optimizer.step(a, g, state);
    optimizer.step(b, p * g * q.transpose(), turned_state);
    muon.step(muon_point, g, muon_state);
    CHECK(relative_difference(b, (p * a * q.transpose()).eval()) < 1e-11);
    CHECK(same_bits(a, muon_point) == (t == 0));
  }
}

TEST_CASE("SOAP-Muon is the list of its stages") {
  const SOAPMuon muon{.learning_rate = 0.1, .weight_decay = 0.2, .period = 2};
  const StageList list{
      "mine",
      std::tuple{stages::EigenbasisWhitening{.period = 2}, stages::Orthogonalize<>{muon.orthogonalizer},
                 stages::ScaleByShape{}, stages::Descend{.learning_rate = 0.1, .weight_decay = 0.2}}};
  CHECK(same_bits(after<double>(muon, 10), after<double>(list, 10)));
}

TEST_CASE("a step to the first-order radius grows by what points outward alone") {
  const Eigen::MatrixXd x = random(4, 3, 1);
  Eigen::MatrixXd turn = random(4, 3, 2);
  turn -= x.cwiseProduct(turn).sum() / x.squaredNorm() * x;
  const auto moved = [&](const Eigen::MatrixXd& g, double decay) {
    const StageList list{"list",
                         std::tuple{stages::DescendToRadius{.learning_rate = 0.5, .weight_decay = decay}}};
    Eigen::MatrixXd y = x;
    auto state = list.init(y);
    list.step(y, g, state);
    return y;
  };
  CHECK(moved(turn, 0).norm() == Approx(x.norm()).epsilon(1e-14));
  CHECK(moved(turn - 0.2 * x, 0).norm() == Approx(1.1 * x.norm()).epsilon(1e-14));
  const Eigen::MatrixXd plain = moved(turn, 0), decayed = moved(turn, 0.1);
  for (Index i = 0; i < x.size(); ++i) {
    CHECK(decayed(i) == Approx(turn(i) * x(i) > 0 ? 0.95 * plain(i) : plain(i)).epsilon(1e-14));
  }
  CHECK(moved(Eigen::MatrixXd::Zero(4, 3), 0.1).isApprox(x, 1e-15));
}
