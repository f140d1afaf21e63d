// SPDX-License-Identifier: MIT
#include <gradus/gradus.hpp>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

Eigen::MatrixXd sample(Index rows, Index cols) {
  Eigen::MatrixXd m(rows, cols);
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) {
      const auto x = static_cast<double>(i + 1), y = static_cast<double>(j + 1);
      m(i, j) = std::cos(x) * y + std::sin(x * (y + 1));
    }
  }
  return m;
}

const NewtonSchulz jordan{.epsilon = 1e-7, .guard = NormGuard::add};
const NewtonSchulz convergent{.steps = 12, .coefficients = quintics::convergent};

double scalar_map(const NewtonSchulz& method, double sigma) {
  for (int k = 0; k < method.steps; ++k) sigma = method.coefficients[k](sigma);
  return sigma;
}

}  // namespace

// Made in NumPy, float64: X_ij = cos(i) j + sin(i (j + 1)), its SVD, and five steps after division by ‖X‖_F +
// 1e-7.
TEST_CASE("published factors of a 3 x 4 matrix are reproduced") {
  Eigen::MatrixXd polar(3, 4), five(3, 4);
  polar << 0.8042285689619657, 0.5340859761450995, 0.10569543778338247, -0.23832132380948318,  //
      -0.18274841407426626, -0.1908437794801244, 0.5121400999010194, -0.8172479348768387,      //
      0.0315717582374476, -0.10882841210441686, -0.8500613577306803, -0.5143493840704981;
  five << 0.569808920621313, 0.3806431192986002, 0.09147307159612217, -0.16129780592392473,  //
      -0.1258224514864339, -0.13536110077264552, 0.33888589230227395, -0.585587808477174,    //
      0.004052305056362997, -0.09384075930455854, -0.6110405840273265, -0.3911317774877421;
  const Eigen::MatrixXd x = sample(3, 4);
  CHECK(relative_difference(orthogonalize(x, ExactPolar{}), polar) < 1e-14);
  CHECK(relative_difference(orthogonalize(x, jordan), five) < 1e-14);
  CHECK(relative_difference(orthogonalize(x.transpose().eval(), jordan).transpose().eval(), five) < 1e-14);
  CHECK(relative_difference(orthogonalize(x, convergent), polar) < 1e-14);
}

TEST_CASE("Newton-Schulz maps singular values by its polynomial and keeps the vectors") {
  for (const auto& [rows, cols] : Shapes{{6, 6}, {4, 9}, {9, 4}, {1, 5}, {5, 1}, {1, 1}}) {
    const Eigen::MatrixXd x = sample(rows, cols);
    const Eigen::JacobiSVD<Eigen::MatrixXd> svd(x, Eigen::ComputeThinU | Eigen::ComputeThinV);
    const NewtonSchulz cubic{.steps = 7, .coefficients = quintics::cubic};
    const NewtonSchulz you{.coefficients = quintics::you_jiacheng};
    const NewtonSchulz deepseek{.steps = 10, .coefficients = quintics::deepseekv4};
    const NewtonSchulz cubic5{.coefficients = quintics::cubic5};
    for (const auto& method :
         {NewtonSchulz{}, convergent, cubic, you, deepseek, cubic5, polar_express(), cans(7)}) {
      const double norm = method.safety * x.norm() + method.epsilon;
      const Eigen::VectorXd sigma =
          svd.singularValues().unaryExpr([&](double s) { return scalar_map(method, s / norm); });
      const Eigen::MatrixXd expected = svd.matrixU() * sigma.asDiagonal() * svd.matrixV().transpose();
      CHECK(relative_difference(orthogonalize(x, method), expected) < 1e-11);
    }
  }
  CHECK(scalar_map({}, 1) == Approx(0.6964364094697522).epsilon(1e-14));
}

TEST_CASE("both guards of the norm do what they say") {
  const Eigen::MatrixXd x = sample(3, 4);
  const auto with = [&](NormGuard guard, double epsilon, double scale) {
    return orthogonalize((scale * x).eval(), NewtonSchulz{.epsilon = epsilon, .guard = guard});
  };
  const double n = x.norm();
  CHECK(relative_difference(with(NormGuard::max, n / 2, 1), with(NormGuard::max, 0, 1)) == 0);
  CHECK(relative_difference(with(NormGuard::max, n, 0.5), with(NormGuard::add, n / 2, 0.5)) < 1e-14);
  CHECK(relative_difference(with(NormGuard::add, n, 1), with(NormGuard::add, 0, 1)) > 1e-3);
}

TEST_CASE("zero, rank-deficient, tiny, huge and non-finite matrices") {
  const auto check = [](const auto& method) {
    CHECK(orthogonalize(Eigen::MatrixXd::Zero(3, 5).eval(), method).isZero(0));
    CHECK(orthogonalize(Eigen::MatrixXf(0, 3), method).size() == 0);
    const Eigen::MatrixXd rank_one = sample(4, 1) * sample(1, 3);
    CHECK(orthogonalize(rank_one, method).allFinite());
    const Eigen::MatrixXf x = sample(4, 3).cast<float>();
    for (const float scale : {1e-30f, 1e30f, 1e37f}) {
      CHECK(orthogonalize((scale * x).eval(), method).allFinite());
    }
    Eigen::MatrixXd bad = sample(4, 3);
    bad(1, 2) = std::numeric_limits<double>::infinity();
    CHECK(orthogonalize(bad, method).array().isNaN().all());
    bad(1, 2) = std::numeric_limits<double>::quiet_NaN();
    CHECK(orthogonalize(bad, method).array().isNaN().all());
  };
  check(jordan);
  check(convergent);
  check(ExactPolar{});
  const Eigen::MatrixXd rank_one = sample(4, 1) * sample(1, 3);
  CHECK(relative_difference(orthogonalize(rank_one, ExactPolar{}), (rank_one / rank_one.norm()).eval()) <
        1e-14);
}

TEMPLATE_TEST_CASE("the factor does not depend on the matrix's scale", "", float, double) {
  constexpr bool is_float = std::is_same_v<TestType, float>;
  const auto check = [](const Matrix<TestType>& x, const auto& method, double tolerance) {
    const Matrix<TestType> expected = orthogonalize(x, method);
    for (const double decades : is_float ? std::array{12.0, 30.0} : std::array{100.0, 290.0}) {
      for (const double scale : {std::pow(10, decades), std::pow(10, -decades)}) {
        CAPTURE(scale);
        const Matrix<TestType> scaled = static_cast<TestType>(scale) * x;
        CHECK(relative_difference(orthogonalize(scaled, method), expected) < tolerance);
      }
    }
  };
  const double tolerance = is_float ? 1e-4 : 1e-13;
  for (const auto& [rows, cols] : Shapes{{4, 4}, {3, 9}, {9, 3}, {1, 5}, {1, 1}}) {
    const Matrix<TestType> x = sample(rows, cols).template cast<TestType>();
    CAPTURE(rows, cols);
    for (const auto prescale :
         {Prescale::frobenius, Prescale::schatten4, Prescale::spectral, Prescale::aol}) {
      CAPTURE(prescale);
      check(x, NewtonSchulz{.prescale = prescale}, tolerance);
      check(x, NewtonSchulz{.coefficients = quintics::you_jiacheng, .prescale = prescale}, tolerance);
      check(x, BasicNewtonSchulz<DefaultProducts, float>{.prescale = prescale}, 1e-4);
      check(x, BasicNewtonSchulz<TiledProducts, Eigen::bfloat16>{.prescale = prescale}, 0.1);
    }
    check(x, ExactPolar{}, tolerance);
  }
}

TEST_CASE("epsilon bounds what a matrix is divided by, in every norm") {
  const Eigen::MatrixXf x = sample(4, 9).cast<float>();
  for (const auto prescale : {Prescale::frobenius, Prescale::schatten4, Prescale::spectral, Prescale::aol}) {
    for (const auto form : {NewtonSchulzForm::plain, NewtonSchulzForm::gram}) {
      for (const auto guard : {NormGuard::max, NormGuard::add}) {
        const NewtonSchulz method{.epsilon = 1e-7, .guard = guard, .prescale = prescale, .form = form};
        const double slope = std::pow(quintics::jordan.a, method.steps);
        for (const float scale : {1e-15F, 1e-20F, 1e-30F}) {
          CAPTURE(prescale, form, guard, scale);
          // So far below ε, the polynomials are their linear part.
          const Eigen::MatrixXf tiny = scale * x, expected = static_cast<float>(slope / 1e-7) * tiny;
          if (prescale == Prescale::aol) {
            CHECK(orthogonalize(tiny, method).norm() < 20 * expected.norm());
          } else {
            CHECK(relative_difference(orthogonalize(tiny, method), expected) < 1e-3);
          }
        }
      }
    }
  }
}

TEST_CASE("AOL scales rows that lie far apart") {
  Eigen::MatrixXf x = Eigen::MatrixXf::Identity(3, 5);
  x(1, 1) = 1e-15F, x(2, 2) = 1e-20F;
  const NewtonSchulz method{.steps = 8, .coefficients = quintics::convergent, .prescale = Prescale::aol};
  CHECK(relative_difference(orthogonalize(x, method), Eigen::MatrixXf::Identity(3, 5).eval()) < 1e-5);
}

TEST_CASE("maps, blocks, row-major and fixed matrices of any scalar are taken, and the workspace is reused") {
  const Eigen::MatrixXd x = sample(3, 4);
  const Eigen::MatrixXd expected = orthogonalize(x);
  Eigen::MatrixXd large = Eigen::MatrixXd::Zero(7, 7);
  large.block(2, 1, 3, 4) = x;
  CHECK(orthogonalize(large.block(2, 1, 3, 4)) == expected);
  const Eigen::Matrix<double, 3, 4, Eigen::RowMajor> row_major = x;
  CHECK(orthogonalize(row_major) == expected);
  CHECK(relative_difference(orthogonalize(x.cast<float>().eval()).cast<double>().eval(), expected) < 1e-6);
  const Eigen::Matrix<Eigen::bfloat16, Eigen::Dynamic, Eigen::Dynamic> brief = x.cast<Eigen::bfloat16>();
  CHECK(relative_difference(orthogonalize(brief).cast<double>().eval(), expected) < 0.02);

  Workspace workspace;
  const auto first = orthogonalize(x, NewtonSchulz{}, workspace);
  CHECK(first == expected);
  const double* const memory = first.data();
  const auto second = orthogonalize(x.topRows(2), NewtonSchulz{}, workspace);
  CHECK(second.data() == memory);
  CHECK(second == orthogonalize(x.topRows(2)));
}

TEST_CASE("bad methods are refused by field") {
  const Eigen::MatrixXd x = sample(2, 2);
  CHECK_THROWS_WITH(orthogonalize(x, NewtonSchulz{.steps = 0}), contains("orthogonalize: steps is 0"));
  CHECK_THROWS_WITH(orthogonalize(x, NewtonSchulz{.epsilon = -1}), contains("orthogonalize: epsilon is -1"));
}

TEST_CASE("fields that went bad after init are refused where they are used, and nothing is changed") {
  const auto refused = [](const auto& method, const std::string& message) {
    Eigen::MatrixXd x = sample(3, 4);
    const Eigen::MatrixXd before = x;
    Workspace workspace;
    workspace.reset(method.template scratch<double>(3, 4));
    CHECK_THROWS_WITH(method(MatrixMap<double>(x.data(), 3, 4), workspace), contains(message));
    CHECK(x == before);
  };
  refused(NewtonSchulz{.steps = 0}, "NewtonSchulz: steps is 0, but must be at least 1");
  refused(NewtonSchulz{.epsilon = -1}, "NewtonSchulz: epsilon is -1");
  for (const int steps : {1, 4, 6, 1000}) {
    NewtonSchulz method = polar_express();
    method.steps = steps;
    refused(method, "but must be the number of rows of the coefficients, 5");
    CHECK(method.flops(3, 12) > 0);  // which looks at every step's coefficients
  }

  const Eigen::MatrixXd start = sample(3, 4);
  Eigen::MatrixXd x = start;
  Muon muon;
  auto state = muon.init(x);
  muon.orthogonalizer.steps = 0;
  CHECK_THROWS_WITH(muon.step(x, start, state), contains("steps is 0"));
  CHECK(x == start);
}

TEST_CASE("coefficients are defined for every step") {
  const Coefficients table{quintics::jordan, quintics::cubic}, single = quintics::jordan;
  CHECK(table[0].a == quintics::jordan.a);
  for (const int step : {1, 2, Coefficients::most_rows, 1000}) {
    CHECK(table[step].a == quintics::cubic.a);
    CHECK(single[step].a == quintics::jordan.a);
  }
}

TEST_CASE("Muon scales by shape as its variants say") {
  const auto factor = [](MuonScale scale, Index rows, Index cols) {
    return shape_factor(scale, Layout::outputs_by_inputs, rows, cols);
  };
  CHECK(factor(MuonScale::original, 8, 2) == 2);
  CHECK(factor(MuonScale::original, 2, 8) == 1);
  CHECK(factor(MuonScale::match_rms_adamw, 4, 25) == Approx(1));
  CHECK(factor(MuonScale::spectral, 2, 8) == Approx(0.5));
  CHECK(factor(MuonScale::none, 2, 8) == 1);
}

TEST_CASE("Muon takes any orthogonalizer and is equivariant under rotations, as Adam is not") {
  const Eigen::MatrixXd start = sample(4, 3), gradient = sample(4, 3).cwiseAbs2();
  const Eigen::MatrixXd q = orthogonalize(sample(4, 4).cwiseAbs2().eval(), ExactPolar{});
  const auto moved = [](const auto& optimizer, Eigen::MatrixXd x, const Eigen::MatrixXd& g) {
    auto state = optimizer.init(x);
    for (int t = 0; t < 3; ++t) optimizer.step(x, g, state);
    return x;
  };
  const auto defect = [&](const auto& optimizer) {
    const Eigen::MatrixXd rotated = moved(optimizer, q * start, q * gradient);
    return relative_difference((q.transpose() * rotated).eval(), moved(optimizer, start, gradient));
  };
  CHECK(defect(BasicMuon<ExactPolar>{.learning_rate = 0.1}) < 1e-14);
  CHECK(defect(Muon{.learning_rate = 0.1}) < 1e-13);
  CHECK(defect(Adam{.learning_rate = 0.1}) > 1e-3);
}
