// SPDX-License-Identifier: MIT
#include <gradus/gradus.hpp>

#include "catch.hpp"
#include "problem.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

using namespace gradus;
using namespace gradus_test;

namespace {

using Eigen::MatrixXd;
using Eigen::MatrixXf;

// A matrix with singular values from 1 down to `least`, evenly spaced in the logarithm.
MatrixXd with_spectrum(Index rows, Index cols, double least) {
  const Index m = std::min(rows, cols);
  const auto orthogonal = [](Index size, double shift) {
    MatrixXd q(size, size);
    for (Index i = 0; i < size; ++i) {
      for (Index j = 0; j < size; ++j) {
        q(i, j) = std::sin(static_cast<double>((i + 1) * (j + 3)) + shift * static_cast<double>(i * i));
      }
    }
    return MatrixXd(Eigen::HouseholderQR<MatrixXd>(q).householderQ());
  };
  const Eigen::VectorXd sigma = Eigen::VectorXd::LinSpaced(m, 0, std::log(least)).array().exp();
  return orthogonal(rows, 0.3).leftCols(m) * sigma.asDiagonal() * orthogonal(cols, 0.7).topRows(m);
}

void check_table(const Coefficients& table, const std::vector<Quintic>& expected, double margin) {
  REQUIRE(table.size() >= static_cast<int>(expected.size()));
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const Quintic row = table[static_cast<int>(k)];
    CHECK(std::abs(row.a - expected[k].a) < margin);
    CHECK(std::abs(row.b - expected[k].b) < margin);
    CHECK(std::abs(row.c - expected[k].c) < margin);
  }
}

// Smallest and largest value that singular values from `least` to 1 are carried to.
std::pair<double, double> range(const NewtonSchulz& method, double least) {
  double low = 1e9, high = 0;
  for (int i = 0; i <= 20000; ++i) {
    double sigma = std::pow(least, i / 20000.0) / method.safety;
    for (int k = 0; k < method.steps; ++k) sigma = method.coefficients[k](sigma);
    low = std::min(low, sigma), high = std::max(high, sigma);
  }
  return {low, high};
}

template <class F>
void with_threads(int threads, const F& f) {
#ifdef _OPENMP
  const int before = omp_get_max_threads();
  omp_set_num_threads(threads);
  f();
  omp_set_num_threads(before);
#else
  static_cast<void>(threads);
  f();
#endif
}

}  // namespace

TEST_CASE("the generator of Polar Express makes the published tables") {
  // arXiv:2505.16932, the authors' list without safety factor.
  check_table(polar_express_coefficients(8, {.lower_end = 1e-3, .cushion = 0.02407327424182761, .safety = 1}),
              {{8.28721201814563, -23.595886519098837, 17.300387312530933},
               {4.107059111542203, -2.9478499167379106, 0.5448431082926601},
               {3.9486908534822946, -2.908902115962949, 0.5518191394370137},
               {3.3184196573706015, -2.488488024314874, 0.51004894012372},
               {2.300652019954817, -1.6689039845747493, 0.4188073119525673},
               {1.891301407787398, -1.2679958271945868, 0.37680408948524835},
               {1.8750014808534479, -1.2500016453999487, 0.3750001645474248},
               {1.875, -1.25, 0.375}},
              1e-8);
  // modded-nanogpt, nanochat and the Dion repository.
  check_table(polar_express_coefficients(5),
              {{8.156554524902461, -22.48329292557795, 15.878769915207462},
               {4.042929935166739, -2.808917465908714, 0.5000178451051316},
               {3.8916678022926607, -2.772484153217685, 0.5060648178503393},
               {3.285753657755655, -2.3681294933425376, 0.46449024233003106},
               {2.3465413258596377, -1.7097828382687081, 0.42323551169305323}},
              1e-11);
  // The authors' generator as they call it now.
  const Coefficients ten =
      polar_express_coefficients(10, {.lower_end = 1e-3, .cushion = 0.02, .safety = 1.01});
  check_table(ten,
              {{8.237312490495555, -23.157747414558184, 16.6805684114459},
               {4.082441999064836, -2.893047735332589, .5252849256975652},
               {3.9263479922546516, -2.8547468034765267, .5318022422894985}},
              1e-11);
  CHECK(ten[9].a == Approx(1.8749954775667044).epsilon(1e-10));
  // No cushion, another left end.
  check_table(polar_express_coefficients(6, {.lower_end = 1e-2, .cushion = 0, .safety = 1}),
              {{8.0933685, -23.6204303, 17.4461517}, {3.6365856, -2.7219267, .5365463}}, 1e-7);
}

TEST_CASE("a table is made for its number of steps: fewer steps end as near to 1 as they can") {
  for (int steps = 1; steps <= 8; ++steps) {
    const auto [low, high] = range(polar_express(steps, {.safety = 1}), 1e-3);
    CHECK(high - 1 == Approx(1 - low).margin(1e-3));  // equal errors on both sides, which a cut table has not
  }
  CHECK_THROWS_WITH(orthogonalize(MatrixXd::Identity(2, 2).eval(),
                                  NewtonSchulz{.steps = 4, .coefficients = quintics::you_jiacheng}),
                    contains("steps is 4, but must be the number of rows of the coefficients, 5"));
  CHECK_THROWS_AS(polar_express(25), std::invalid_argument);
  CHECK_THROWS_WITH(polar_express(5, {.lower_end = 0}), contains("polar_express: lower_end is 0"));
  CHECK_THROWS_WITH(polar_express(5, {.cushion = 1}), contains("polar_express: cushion is 1"));
  CHECK_THROWS_WITH(polar_express(5, {.safety = 0.9}), contains("polar_express: safety is 0.9"));
  CHECK_THROWS_WITH(cans(5, 1), contains("cans: error is 1"));
}

TEST_CASE("CANS reaches the asked error from the smallest left end") {
  // A published list, of left end 0.0011817.
  check_table(cans_coefficients(5, 0.08199),
              {{8.462385123610193, -25.076703591296525, 18.604318451139527},
               {4.169671637309271, -3.0995520439584285, .57956324300095}},
              1e-5);
  for (const double error : {0.3, 0.1, 0.01}) {
    const double left_end = error == 0.3 ? 0.000502 : (error == 0.1 ? 0.00107 : 0.002507);
    NewtonSchulz method = cans(5, error);
    method.safety = 1;
    const auto [low, high] = range(method, left_end);
    CHECK(low == Approx(1 - error).margin(2e-3));
    CHECK(high == Approx(1 + error).margin(2e-3));
  }
}

TEST_CASE("singular values end where the documentation says") {
  const NewtonSchulz jordan{}, you{.coefficients = quintics::you_jiacheng};
  const auto inside = [](const NewtonSchulz& method, double least, double low, double high) {
    const auto [smallest, largest] = range(method, least);
    CHECK(smallest == Approx(low).margin(1e-3));
    CHECK(largest == Approx(high).margin(1e-3));
  };
  inside(jordan, 0.01, 0.682, 1.134);
  inside(jordan, 0.001, 0.471, 1.202);
  inside(you, 0.1, 0.978, 1.032);
  inside(you, 0.001, 0.475, 1.145);
  inside(polar_express(), 0.01, 0.859, 1.141);
  inside({.coefficients = quintics::cubic5}, 0.007, 0.774, 1.3);
  const auto [low, high] = range({.steps = 10, .coefficients = quintics::deepseekv4}, 0.001);
  CHECK(low == Approx(1).margin(1e-12));
  CHECK(high == Approx(1.000538).margin(1e-6));
  inside({.steps = 10, .coefficients = quintics::convergent}, 0.003, 0.955, 1);
  inside({.steps = 20, .coefficients = quintics::cubic}, 0.001, 1, 1);
}

TEST_CASE("the form on the Gram matrix gives what the plain form gives") {
  for (const auto& [rows, cols] : Shapes{{24, 24}, {24, 96}, {96, 24}, {16, 17}}) {
    const MatrixXd x = with_spectrum(rows, cols, 1e-4);
    for (const int steps : {1, 2, 3, 5, 8}) {
      NewtonSchulz plain = polar_express(steps), gram = plain;
      plain.form = NewtonSchulzForm::plain, gram.form = NewtonSchulzForm::gram;
      const MatrixXd expected = orthogonalize(x, plain);
      CHECK(relative_difference(orthogonalize(x, gram), expected) < 1e-10);
      // Without its restarts float would be 1e-3 away.
      CHECK(relative_difference(orthogonalize(x.cast<float>().eval(), gram).cast<double>().eval(), expected) <
            3e-4);
    }
    const NewtonSchulz cubic{.steps = 4, .coefficients = quintics::cubic, .form = NewtonSchulzForm::gram};
    NewtonSchulz plain = cubic;
    plain.form = NewtonSchulzForm::plain;
    CHECK(relative_difference(orthogonalize(x, cubic), orthogonalize(x, plain)) < 1e-12);
  }
}

TEST_CASE("the flop count is that of the algorithm, and decides the form") {
  const auto cost = [](double ratio, NewtonSchulzForm form, auto scalar) {
    const NewtonSchulz method{.form = form};
    return flops<decltype(scalar)>(100, static_cast<Index>(100 * ratio), method) / 1e6;
  };
  // In units of m³, five steps: 15 n/m + 5 for the plain form; R, Q and X in the other.
  for (const auto& [ratio, plain, no_restart, one_restart] :
       {std::array{1.0, 20.0, 20.0, 20.0}, std::array{2.0, 35.0, 23.0, 26.0},
        std::array{4.0, 65.0, 29.0, 38.0}, std::array{8.0, 125.0, 41.0, 62.0}}) {
    CHECK(cost(ratio, NewtonSchulzForm::plain, 0.0) == Approx(plain));
    CHECK(cost(ratio, NewtonSchulzForm::gram, 0.0) == Approx(no_restart));
    CHECK(cost(ratio, NewtonSchulzForm::gram, 0.0F) == Approx(one_restart));
    CHECK(cost(ratio, NewtonSchulzForm::cheaper, 0.0F) == Approx(ratio == 1 ? plain : one_restart));
  }
  CHECK(flops(30, 90, NewtonSchulz{}) == flops(90, 30, NewtonSchulz{}));
  CHECK(flops(30, 30, NewtonSchulz{.steps = 2, .coefficients = quintics::cubic}) == 2 * 3 * 27000);
}

TEST_CASE("every norm makes the largest singular value 1 at most, and the nearer ones save steps") {
  const MatrixXd x = with_spectrum(20, 40, 1e-3);
  const auto of = [&](Prescale prescale) {
    NewtonSchulz method = polar_express();
    method.prescale = prescale, method.epsilon = 0;
    return polar_quality(orthogonalize(x, method), x);
  };
  const auto frobenius = of(Prescale::frobenius), schatten4 = of(Prescale::schatten4),
             spectral = of(Prescale::spectral);
  CHECK(frobenius.largest_sigma < 1.15);
  CHECK(schatten4.largest_sigma < 1.15);
  CHECK(spectral.largest_sigma < 1.15);
  CHECK(schatten4.smallest_sigma > 1.2 * frobenius.smallest_sigma);
  CHECK(spectral.smallest_sigma > schatten4.smallest_sigma);
  CHECK(schatten4.cosine > frobenius.cosine);

  for (const auto prescale : {Prescale::frobenius, Prescale::schatten4, Prescale::spectral, Prescale::aol}) {
    NewtonSchulz method{.prescale = prescale};
    const MatrixXf small = x.cast<float>();
    const MatrixXf expected = orthogonalize(small, method);
    for (const float scale : {0x1p-99F, 0x1p-30F, 0x1p30F, 0x1p99F}) {
      CHECK(orthogonalize((scale * small).eval(), method) == expected);
    }
    CHECK(orthogonalize(MatrixXd::Zero(3, 5).eval(), method).isZero(0));
    const MatrixXd rank_one = x.col(0) * x.row(0);
    const auto quality = polar_quality(orthogonalize(rank_one, polar_express()), rank_one);
    CHECK(quality.cosine == Approx(1));
    MatrixXd with_zero_row = x;
    with_zero_row.row(3).setZero();
    CHECK(orthogonalize(with_zero_row, method).allFinite());
  }
}

TEST_CASE("AOL gives the polar factor of the matrix with scaled rows") {
  MatrixXd x(3, 4);
  for (Index i = 0; i < 3; ++i) {
    for (Index j = 0; j < 4; ++j) {
      const auto s = static_cast<double>(i + 1), t = static_cast<double>(j + 1);
      x(i, j) = std::cos(s) * t + std::sin(s * (t + 1));
    }
  }
  // dᵢ = (Σⱼ|XXᵀ|ᵢⱼ)^-½, made in NumPy.
  const Eigen::Vector3d d(0.21087138666568042, 0.20022123647545378, 0.14208419789070537);
  const NewtonSchulz method{.steps = 14, .coefficients = quintics::convergent, .prescale = Prescale::aol};
  CHECK(relative_difference(orthogonalize(x, method),
                            orthogonalize((d.asDiagonal() * x).eval(), ExactPolar{})) < 1e-13);
  CHECK(relative_difference(orthogonalize(x, method), orthogonalize(x, ExactPolar{})) > 1e-3);
}

TEST_CASE("a tall matrix gives the transpose of its transpose's factor, bit by bit") {
  const MatrixXf x = with_spectrum(50, 130, 1e-2).cast<float>();
  const MatrixXf tall = x.transpose();
  for (const auto form : {NewtonSchulzForm::plain, NewtonSchulzForm::gram}) {
    const NewtonSchulz method{.form = form};
    CHECK(orthogonalize(tall, method) == orthogonalize(x, method).transpose());
  }
}

TEST_CASE("the precision to compute in may differ from the matrix's") {
  const MatrixXd x = with_spectrum(12, 30, 1e-2);
  const auto in_float = orthogonalize(x, BasicNewtonSchulz<DefaultProducts, float>{});
  CHECK(in_float == orthogonalize(x, BasicNewtonSchulz<DefaultProducts, float>{}));
  const double difference = relative_difference(in_float, orthogonalize(x));
  CHECK(difference > 1e-9);
  CHECK(difference < 1e-5);
}

TEST_CASE("bfloat16 is as near as bfloat16 can be") {
  const MatrixXf x = with_spectrum(100, 130, 0.3).cast<float>();
  for (const auto prescale : {Prescale::frobenius, Prescale::schatten4, Prescale::spectral, Prescale::aol}) {
    const BasicNewtonSchulz<TiledProducts, Eigen::bfloat16> brief{.prescale = prescale};
    const double difference =
        relative_difference(orthogonalize(x, brief), orthogonalize(x, NewtonSchulz{.prescale = prescale}));
    CAPTURE(difference);
    CHECK(difference > 1e-3);
    CHECK(difference < 0.03);
  }
}

TEMPLATE_TEST_CASE("products that know their symmetry equal plain ones of any shape", "[long]", float, double,
                   long double) {
  using Matrix = Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic>;
  using Map = MatrixMap<TestType>;
  const double tolerance = std::is_same_v<TestType, float> ? 1e-5 : 1e-13;
  for (const auto& [m, n] :
       Shapes{{1, 1}, {2, 5}, {15, 16}, {16, 17}, {33, 40}, {49, 300}, {97, 97}, {230, 513}}) {
    Matrix x(m, n);
    for (Index i = 0; i < x.size(); ++i)
      x(i) = static_cast<TestType>(std::sin(0.2 + 0.37 * static_cast<double>(i)));
    const auto run = [&, m = m, n = n](auto products) {
      using Products = decltype(products);
      Workspace workspace;
      workspace.reset(Products::template scratch<TestType>(m, n));
      Matrix a(m, m), b(m, m), y(m, n), factor = x;
      const Map left(factor.data(), m, n), gram(a.data(), m, m), square(b.data(), m, m),
          result(y.data(), m, n);
      Products::gram(gram, left, workspace);
      Products::commuting(square, 0.5, gram, gram, -2, gram, workspace);
      Products::apply(result, square, 3, left, workspace);
      return std::tuple{a, b, y};
    };
    const auto [a, b, y] = run(TiledProducts{});
    const auto [plain_a, plain_b, plain_y] = run(EigenProducts{});
    CHECK(relative_difference(a, plain_a) < tolerance);
    CHECK(relative_difference(b, plain_b) < tolerance);
    CHECK(relative_difference(y, plain_y) < tolerance);
    CHECK(a == a.transpose());
    CHECK(b == b.transpose());
    for (const int threads : {1, 2, 3, 5}) {
      with_threads(threads, [&, &a = a, &b = b, &y = y] {
        const auto [again_a, again_b, again_y] = run(TiledProducts{});
        CHECK(again_a == a);
        CHECK(again_b == b);
        CHECK(again_y == y);
      });
    }
  }
}

TEST_CASE("Newton-Schulz has the same bits for any number of threads", "[long]") {
  const MatrixXf square = with_spectrum(190, 190, 1e-2).cast<float>(),
                 wide = with_spectrum(120, 700, 1e-2).cast<float>();
  const BasicNewtonSchulz<TiledProducts, Eigen::bfloat16> brief;
  const MatrixXf expected_square = orthogonalize(square), expected_wide = orthogonalize(wide),
                 expected_brief = orthogonalize(wide, brief);
  for (const int threads : {1, 2, 3, 4}) {
    with_threads(threads, [&] {
      CHECK(orthogonalize(square) == expected_square);
      CHECK(orthogonalize(wide) == expected_wide);
      CHECK(orthogonalize(wide, brief) == expected_brief);
    });
  }
}

TEST_CASE("the quality of a polar factor is measured") {
  const MatrixXd x = with_spectrum(5, 9, 0.1);
  const auto exact = polar_quality(orthogonalize(x, ExactPolar{}), x);
  CHECK(exact.orthogonality < 1e-14);
  CHECK(exact.error < 1e-14);
  CHECK(exact.cosine == Approx(1).epsilon(1e-14));
  const auto doubled = polar_quality((2 * orthogonalize(x, ExactPolar{})).eval(), x);
  CHECK(doubled.smallest_sigma == Approx(2));
  CHECK(doubled.largest_sigma == Approx(2));
  CHECK(doubled.orthogonality == Approx(3));
  CHECK(doubled.error == Approx(1));
  CHECK(doubled.cosine == Approx(1));
  CHECK_THROWS_AS(polar_quality(x, MatrixXd(x.transpose())), std::invalid_argument);
}
