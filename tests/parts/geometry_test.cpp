// SPDX-License-Identifier: MIT
//
// Norms: what duality promises, what descent under each of them promises, and the methods that it is.
#include <gradus/gradus.hpp>
#include <gradus/objectives/matrix_problems.hpp>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

const NewtonSchulz convergent{.steps = 14, .coefficients = quintics::convergent};
const Shapes all_shapes{{5, 3}, {3, 5}, {4, 4}, {7, 1}, {1, 7}, {1, 1}};

Eigen::MatrixXd random(Index rows, Index cols, std::uint64_t seed) {
  return PortableRandom(seed).matrix<double>(rows, cols);
}

struct Network {
  Eigen::MatrixXd embedding{7, 4}, hidden{6, 4}, head{9, 6};
  Eigen::VectorXd bias{6};
  GRADUS_LEAVES(embedding, hidden, head, bias)
};

// Calls `f(name, norm)` for every norm, exact.
template <class F>
void for_each_norm(const F& f) {
  f("nuclear", NuclearNorm{.steps = 1000});
  for (const bool rms : {false, true}) {
    f("Frobenius", FrobeniusNorm{rms});
    for (const Layout layout : {Layout::outputs_by_inputs, Layout::inputs_by_outputs}) {
      f("largest entry", MaxNorm{rms, layout});
      f("1 to 2", OneToTwoNorm{rms, layout});
      f("2 to max", TwoToMaxNorm{rms, layout});
      f("spectral", SpectralNorm<ExactPolar>{rms ? MuonScale::spectral : MuonScale::original, layout});
    }
  }
}

double inner(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) { return a.cwiseProduct(b).sum(); }

// One step from `theta` along `gradient`.
template <class O>
Eigen::MatrixXd stepped(const O& optimizer, Eigen::MatrixXd theta, const Eigen::MatrixXd& gradient) {
  auto state = optimizer.init(theta);
  optimizer.step(theta, gradient, state);
  return theta;
}

}  // namespace

TEST_CASE("a steepest direction has norm 1 and the dual norm as its slope, whatever the gradient's length") {
  for_each_norm([](const char* name, const auto& norm) {
    INFO(name);
    std::uint64_t seed = 0;
    for (const auto& [rows, cols] : all_shapes) {
      const Eigen::MatrixXd g = random(rows, cols, ++seed), t = lmo(norm, g);
      CHECK(norm.norm(t) == Approx(1).epsilon(1e-12));
      CHECK(inner(g, t) == Approx(norm.dual_norm(g)).epsilon(1e-12));
      // Rounding may end a power iteration one step later.
      CHECK(relative_difference(lmo(norm, Eigen::MatrixXd(0x1p300 * g)), t) < 1e-6);
      CHECK(relative_difference(lmo(norm, Eigen::MatrixXd(0x1p-300 * g)), t) < 1e-6);
      const Eigen::MatrixXd zero = 0 * g;
      CHECK(lmo(norm, zero) == zero);
      CHECK(norm.norm(zero) == 0);
      CHECK(norm.dual_norm(zero) == 0);
    }
    CHECK(lmo(norm, Eigen::MatrixXd(0, 3)).size() == 0);
    CHECK(norm.norm(Eigen::MatrixXd(0, 3)) == 0);
    CHECK(norm.dual_norm(Eigen::MatrixXd(0, 3)) == 0);
  });
}

TEST_CASE("no matrix of norm 1 has a larger slope than the dual norm") {
  for_each_norm([](const char* name, const auto& norm) {
    INFO(name);
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const Eigen::MatrixXd g = random(4, 3, seed), w = random(4, 3, 100 + seed);
      CHECK(std::abs(inner(g, w)) <= norm.dual_norm(g) * norm.norm(w));
      const Eigen::MatrixXd sum = g + w, multiple = -3 * g;
      CHECK(norm.norm(sum) <= norm.norm(g) + norm.norm(w) + 1e-14);
      CHECK(norm.norm(multiple) == Approx(3 * norm.norm(g)).epsilon(1e-14));
    }
  });
}

TEST_CASE("the norms are the operator norms of their names") {
  const Eigen::MatrixXd w = random(5, 3, 1);
  const double out = 5, in = 3;
  CHECK(FrobeniusNorm{}.norm(w) == Approx(w.norm()));
  CHECK(FrobeniusNorm{.rms = true}.norm(w) == Approx(w.norm() / std::sqrt(15)));
  CHECK(MaxNorm{}.norm(w) == w.cwiseAbs().maxCoeff());
  CHECK(MaxNorm{.rms = true}.norm(w) == Approx(in * w.cwiseAbs().maxCoeff()));
  const double column = w.colwise().norm().maxCoeff(), row = w.rowwise().norm().maxCoeff();
  CHECK(OneToTwoNorm{}.norm(w) == Approx(column));
  CHECK(OneToTwoNorm{.rms = true}.norm(w) == Approx(column / std::sqrt(out)));
  CHECK(TwoToMaxNorm{}.norm(w) == Approx(row));
  CHECK(TwoToMaxNorm{.rms = true}.norm(w) == Approx(row * std::sqrt(in)));
  const double sigma = Eigen::JacobiSVD<Eigen::MatrixXd>(w).singularValues()(0);
  CHECK(SpectralNorm<>{}.norm(w) == Approx(sigma));
  CHECK(SpectralNorm<>{.scale = MuonScale::spectral}.norm(w) == Approx(sigma * std::sqrt(in / out)));
  // The largest entry bounds RMS to max, and reaches it where all entries are as large.
  CHECK(TwoToMaxNorm{.rms = true}.norm(w) <= MaxNorm{.rms = true}.norm(w));
  const Eigen::MatrixXd even = w.cwiseSign();
  CHECK(TwoToMaxNorm{.rms = true}.norm(even) == Approx(MaxNorm{.rms = true}.norm(even)));
}

TEST_CASE("the other layout is the transposed matrix") {
  const Eigen::MatrixXd w = random(5, 3, 1), wt = w.transpose();
  const auto check = [&](auto norm) {
    auto transposed = norm;
    transposed.layout = Layout::inputs_by_outputs;
    CHECK(transposed.norm(wt) == Approx(norm.norm(w)).epsilon(1e-14));
    CHECK(transposed.dual_norm(wt) == Approx(norm.dual_norm(w)).epsilon(1e-14));
    CHECK(lmo(transposed, wt).transpose().isApprox(lmo(norm, w), 1e-13));
  };
  for (const bool rms : {false, true}) {
    check(MaxNorm{.rms = rms});
    check(OneToTwoNorm{.rms = rms});
    check(TwoToMaxNorm{.rms = rms});
  }
  check(SpectralNorm<ExactPolar>{.scale = MuonScale::spectral});
}

TEST_CASE("norms see every storage and precision alike") {
  const Eigen::MatrixXd w = random(6, 4, 1);
  const Eigen::Matrix<double, 6, 4, Eigen::RowMajor> fixed = w;
  Eigen::MatrixXd padded(12, 8);
  const Eigen::Map<Eigen::MatrixXd, 0, Eigen::Stride<24, 2>> strided(padded.data(), 6, 4);
  Eigen::Map<Eigen::MatrixXd, 0, Eigen::Stride<24, 2>>(padded.data(), 6, 4) = w;
  for_each_norm([&](const char* name, const auto& norm) {
    INFO(name);
    const Eigen::MatrixXd t = lmo(norm, w);
    CHECK(norm.norm(fixed) == Approx(norm.norm(w)).epsilon(1e-14));
    CHECK(norm.dual_norm(strided) == Approx(norm.dual_norm(w)).epsilon(1e-14));
    CHECK(Eigen::MatrixXd(lmo(norm, fixed)) == t);
    CHECK(Eigen::MatrixXd(lmo(norm, strided)) == t);
    CHECK(lmo(norm, Eigen::MatrixXf(w.cast<float>())).template cast<double>().isApprox(t, 1e-3));
    const Eigen::MatrixX<Eigen::half> narrow = w.cast<Eigen::half>();
    const Eigen::MatrixXd of_narrow = lmo(norm, narrow).template cast<double>();
    CHECK(of_narrow.isApprox(lmo(norm, Eigen::MatrixXd(narrow.template cast<double>())), 2e-3));
    CHECK(norm.norm(narrow) == Approx(norm.norm(w)).epsilon(2e-3));
  });
}

TEST_CASE("a zero row or column stays zero, and NaN is not lost") {
  Eigen::MatrixXd g = random(5, 3, 1);
  g.row(2).setZero();
  CHECK(lmo(TwoToMaxNorm{}, g).row(2) == Eigen::RowVector3d::Zero());
  CHECK(lmo(OneToTwoNorm{.layout = Layout::inputs_by_outputs}, g).allFinite());
  g(1, 1) = NAN;
  for_each_norm([&](const char* name, const auto& norm) {
    INFO(name);
    CHECK(std::isnan(lmo(norm, g)(1, 1)));
  });
  CHECK(lmo(TwoToMaxNorm{}, g).row(0).allFinite());
}

TEST_CASE("power iteration finds the strongest direction, however it is hidden") {
  // A block with the largest entry and another with the largest singular value.
  Eigen::MatrixXd g = Eigen::MatrixXd::Zero(6, 5);
  g(0, 0) = 2;
  g.block(1, 1, 5, 4).setConstant(1);
  CHECK(inner(g, lmo(NuclearNorm{}, g)) == Approx(std::sqrt(20)).epsilon(1e-12));
  // Equal singular values: any direction between them is as good.
  const Eigen::MatrixXd identity = Eigen::Matrix3d::Identity();
  CHECK(inner(identity, lmo(NuclearNorm{}, identity)) == Approx(1));
}

TEST_CASE("the steepest step lowers a quadratic by at least half the squared dual norm over L") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const Index m = 2 + static_cast<Index>(seed % 4), n = 2 + static_cast<Index>(seed % 3);
    const MatrixLeastSquares<> f{random(6, m, seed), random(6, n, 50 + seed)};
    const Eigen::VectorXd sigma = Eigen::JacobiSVD<Eigen::MatrixXd>(f.a).singularValues();
    const double top = sigma(0) * sigma(0), inputs = static_cast<double>(n), outputs = static_cast<double>(m);
    const double spectral = sigma.head(std::min(m, n)).squaredNorm();
    const double columns = f.a.colwise().norm().sum() * f.a.colwise().norm().sum();
    const auto check = [&](const char* name, const auto& norm, double smoothness) {
      INFO(name << ' ' << seed);
      const Eigen::MatrixXd w = random(m, n, 200 + seed);
      Eigen::MatrixXd gradient;
      const double before = f(w, gradient);
      const SteepestDescent<std::remove_cvref_t<decltype(norm)>> descent{1 / smoothness, norm};
      const double dual = norm.dual_norm(gradient), promised = dual * dual / (2 * smoothness);
      CHECK(before - f(stepped(descent, w, gradient)) >= promised * (1 - 1e-10));
    };
    check("Frobenius", FrobeniusNorm{}, top);
    check("nuclear", NuclearNorm{.steps = 1000}, top);
    check("spectral", SpectralNorm<ExactPolar>{}, spectral);
    check("RMS to RMS", SpectralNorm<ExactPolar>{.scale = MuonScale::spectral}, spectral * outputs / inputs);
    check("1 to 2", OneToTwoNorm{}, inputs * top);
    check("1 to RMS", OneToTwoNorm{.rms = true}, outputs * inputs * top);
    check("2 to max", TwoToMaxNorm{}, columns);
    check("largest entry", MaxNorm{}, inputs * columns);
  }
}

TEST_CASE(
    "the steepest step lowers a function that is no quadratic, also with Newton-Schulz's polar factor") {
  // f(W) = Σ log cosh w is 1-smooth in the Frobenius norm, and L-smooth with L = max ‖T‖_F² over ‖T‖ ≤ 1.
  const auto f = [](const Eigen::MatrixXd& w) { return w.array().cosh().log().sum(); };
  const Eigen::MatrixXd w = random(5, 3, 7) * 2, g = w.array().tanh();
  const auto decrease = [&](const auto& norm, double smoothness) {
    const SteepestDescent<std::remove_cvref_t<decltype(norm)>> descent{1 / smoothness, norm};
    return (f(w) - f(stepped(descent, w, g))) * 2 * smoothness / (norm.dual_norm(g) * norm.dual_norm(g));
  };
  CHECK(decrease(FrobeniusNorm{}, 1) >= 1);
  CHECK(decrease(NuclearNorm{}, 1) >= 1);
  CHECK(decrease(OneToTwoNorm{}, 3) >= 1);
  CHECK(decrease(TwoToMaxNorm{}, 5) >= 1);
  CHECK(decrease(MaxNorm{}, 15) >= 1);
  CHECK(decrease(SpectralNorm<ExactPolar>{}, 3) >= 1);
  CHECK(decrease(SpectralNorm<>{.orthogonalizer = convergent}, 3) >= 1);
  CHECK(decrease(SpectralNorm<>{}, 3) > 0.5);
}

TEST_CASE("methods that are steepest descent under a norm take its steps") {
  const Eigen::MatrixXd theta = random(5, 3, 1), g = random(5, 3, 2);
  const auto normalized = [&](const auto& norm) {
    const Scion<std::remove_cvref_t<decltype(norm)>> scion{
        .learning_rate = 0.1, .momentum = 0, .constrained = false, .norm = norm};
    return stepped(scion, theta, g);
  };
  const SpectralNorm<ExactPolar> spectral;
  CHECK(normalized(MaxNorm{}) == theta - 0.1 * g.cwiseSign());
  CHECK(normalized(MaxNorm{}) ==
        stepped(Adam{.learning_rate = 0.1, .beta1 = 0, .beta2 = 0, .epsilon = 0}, theta, g));
  CHECK(normalized(MaxNorm{}) == stepped(Lion{.learning_rate = 0.1}, theta, g));
  CHECK(normalized(FrobeniusNorm{}).isApprox(stepped(SGD{.learning_rate = 0.1 / g.norm()}, theta, g), 1e-15));
  CHECK(stepped(SteepestDescent<FrobeniusNorm>{0.1}, theta, g)
            .isApprox(stepped(SGD{.learning_rate = 0.1}, theta, g), 1e-15));
  const BasicMuon<ExactPolar> muon{
      .learning_rate = 0.1, .momentum = 0, .weight_decay = 0, .scale = MuonScale::none};
  CHECK(normalized(spectral) == stepped(muon, theta, g));
  // Shampoo's ε is negligible beside the squares of singular values of size 1.
  const Shampoo shampoo{.learning_rate = 0.1, .epsilon = 1e-12};
  CHECK(normalized(spectral).isApprox(stepped(shampoo, theta, g), 1e-10));
}

TEST_CASE("constrained Scion is a method with decay") {
  const auto check = [](const auto& a, const auto& b, double tolerance) {
    CHECK(relative_difference(after<double>(a, 40), after<double>(b, 40)) < tolerance);
  };
  // With decay λ the ball's radius is 1/λ, and the rate ηλ.
  const Muon muon{.learning_rate = 0.05, .nesterov = false, .scale = MuonScale::spectral};
  check(Scion<>{.learning_rate = 0.005,
                .momentum = 0.95,
                .radius = 10,
                .norm = {.scale = MuonScale::spectral, .orthogonalizer = muon.orthogonalizer}},
        muon, 1e-13);
  check(Scion<MaxNorm>{.learning_rate = 0x1p-6, .radius = 4},
        Lion{.learning_rate = 0x1p-4, .beta1 = 0.9, .beta2 = 0.9, .weight_decay = 0.25}, 1e-13);
}

TEST_CASE("constrained Scion stays in the ball, comes back to it, and ends at the best point in it") {
  const MatrixLeastSquares<> f{random(8, 5, 3), 20 * random(8, 3, 4)};
  const auto check = [&](const char* name, const auto& norm) {
    INFO(name);
    using N = std::remove_cvref_t<decltype(norm)>;
    const double radius = 0.5;
    Scion<N> scion{.momentum = 0.5, .radius = radius, .norm = norm};
    Eigen::MatrixXd w = 3 * radius * lmo(norm, random(5, 3, 5)), gradient;
    auto state = scion.init(w);
    const double eta = scion.learning_rate = 0.1;
    for (int t = 1; t <= 60; ++t) {
      f(w, gradient);
      scion.step(w, gradient, state);
      CHECK(norm.norm(w) <= (radius + 2 * radius * std::pow(1 - eta, t)) * (1 + 1e-12));
    }
    for (int t = 0; t < 4000; ++t) {
      scion.learning_rate = 2.0 / (t + 20);
      f(w, gradient);
      scion.step(w, gradient, state);
    }
    // ⟨g, w⟩ + ρ‖g‖* bounds how much better any point of the ball could be.
    const double value = f(w, gradient), gap = inner(gradient, w) + radius * norm.dual_norm(gradient);
    CHECK(gap > -1e-10);
    CHECK(gap < 0.02 * value);
  };
  check("Frobenius", FrobeniusNorm{});
  check("largest entry", MaxNorm{});
  check("1 to 2", OneToTwoNorm{.rms = true});
  check("2 to max", TwoToMaxNorm{.rms = true});
  check("spectral", SpectralNorm<>{.scale = MuonScale::spectral, .orthogonalizer = convergent});
  check("nuclear", NuclearNorm{});
}

TEST_CASE("every layer has the norm that route gives it, and its step has the radius in it") {
  const auto is = [](const char* name) { return [name](const LeafInfo& leaf) { return leaf.name == name; }; };
  auto hidden = presets::scion_hidden();
  hidden.norm.orthogonalizer = convergent;
  const auto optimizer = route(is("embedding"), presets::scion_embedding(), is("head"),
                               presets::scion_output(), is_matrix, hidden, presets::scion_bias());
  Network n, g;
  fill(n, [](double, double, double, double) { return 0; });
  fill(g, [](double, double l, double i, double j) { return start(l, i, j); });
  auto state = optimizer.init(n);
  optimizer.step(n, g, state);
  const double eta = 1e-3;
  CHECK(n.embedding.rowwise().norm().isApprox(Eigen::VectorXd::Constant(7, eta * std::sqrt(4)), 1e-12));
  CHECK(n.hidden.isApprox(-3 * eta * std::sqrt(6.0 / 4) * orthogonalize(g.hidden, ExactPolar{}), 1e-6));
  CHECK(n.head.isApprox(-10 * eta / 6 * g.head.cwiseSign(), 1e-12));
  CHECK(n.bias.isApprox(-3 * eta * std::sqrt(6) * g.bias.normalized(), 1e-12));
}

TEST_CASE("norms refuse bad fields by name") {
  Eigen::MatrixXd w = random(3, 2, 1);
  CHECK_THROWS_WITH(lmo(NuclearNorm{.steps = 0}, w), contains("lmo: steps is 0"));
  CHECK_THROWS_WITH(SteepestDescent<NuclearNorm>({.norm = {.steps = 0}}).init(w),
                    contains("SteepestDescent: steps is 0"));
  CHECK_THROWS_WITH(Scion<MaxNorm>{.radius = -1}.init(w), contains("Scion: radius is -1"));
}
