// SPDX-License-Identifier: MIT
//
// The two forms of Newton–Schulz, for every set of coefficients and any number of steps.
#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// A matrix by its singular value decomposition, of which the first `rank` singular values are not zero.
struct Decomposed {
  MatrixXd u;
  VectorXd sigma;
  MatrixXd v;

  MatrixXd matrix() const { return u * sigma.asDiagonal() * v.transpose(); }
  Index rank() const { return (sigma.array() > 0).count(); }
};

Decomposed decomposed(Index rows, Index cols, const VectorXd& sigma) {
  const auto orthogonal = [&](Index size, double shift) {
    const MatrixXd x = MatrixXd::NullaryExpr(size, sigma.size(), [shift](Index i, Index j) {
      return std::sin(static_cast<double>((i + 1) * (j + 3)) + shift * static_cast<double>(i * i));
    });
    const Eigen::HouseholderQR<MatrixXd> qr(x);
    return MatrixXd(qr.householderQ() * MatrixXd::Identity(size, sigma.size()));
  };
  return {orthogonal(rows, 0.3), sigma, orthogonal(cols, 0.7)};
}

// Wide and tall; of rank 0, 1, 3 and 8, the last with singular values from 1 down to `least`.
std::vector<Decomposed> samples(double least) {
  VectorXd zero = VectorXd::Zero(8), one = zero, three = zero;
  one(0) = 1;
  three.head(3) << 1, 0.5, 0.3;
  const VectorXd full = VectorXd::LinSpaced(8, 0, std::log(least)).array().exp();
  std::vector<Decomposed> all;
  for (const VectorXd& sigma : {zero, one, three, full}) {
    all.push_back(decomposed(8, 25, sigma));
    all.push_back(decomposed(25, 8, sigma));
  }
  return all;
}

struct Named {
  std::string name;
  NewtonSchulz method;
};

// Every set of coefficients: those for any step with 1 to 12 of them and some numbers up to 64, tables with
// up to `most_rows`, and CANS with up to `most_cans`.
std::vector<Named> methods(int most_cans) {
  std::vector<Named> all{{"you_jiacheng", {.coefficients = quintics::you_jiacheng}},
                         {"deepseekv4", {.steps = 10, .coefficients = quintics::deepseekv4}},
                         {"cubic5", {.coefficients = quintics::cubic5}}};
  for (int steps = 1; steps <= 64; steps += steps < 12 ? 1 : 13) {
    all.push_back({"jordan", {.steps = steps}});
    all.push_back({"convergent", {.steps = steps, .coefficients = quintics::convergent}});
    all.push_back({"cubic", {.steps = steps, .coefficients = quintics::cubic}});
  }
  for (int steps = 1; steps <= Coefficients::most_rows; ++steps) {
    all.push_back({"polar_express", polar_express(steps)});
  }
  for (const int steps : {1, 2, 3, 4, 5, 6, 8, 12, 14, 16, 20, 24}) {
    if (steps <= most_cans) all.push_back({"cans", cans(steps)});
  }
  return all;
}

// How far `y` is from what `method` makes of x in exact arithmetic.
struct Deviation {
  double on_range;   // of the part that x has a direction for
  double elsewhere;  // the norm of the rest: rounding errors, which grow as tiny singular values do
};

Deviation deviation(const MatrixXd& y, const Decomposed& x, const NewtonSchulz& method) {
  const Index rank = x.rank();
  VectorXd expected = x.sigma.head(rank);
  const double size = method.safety * x.sigma.norm();
  expected /= method.guard == NormGuard::max ? std::max(size, method.epsilon) : size + method.epsilon;
  for (int k = 0; k < method.steps; ++k) expected = expected.unaryExpr(method.coefficients[k]);
  const auto u = x.u.leftCols(rank), v = x.v.leftCols(rank);
  const MatrixXd on_range = u.transpose() * y * v;
  return {.on_range = (on_range - MatrixXd(expected.asDiagonal())).norm(),
          .elsewhere = (y - u * on_range * v.transpose()).norm()};
}

// The library's products, which add up their floating-point operations.
struct CountingProducts {
  static inline double flops = 0;
  static inline int grams = 0;

  template <class Scalar>
  static std::size_t scratch(Index rows, Index cols) {
    return TiledProducts::scratch<Scalar>(rows, cols);
  }
  template <class Scalar>
  static void gram(MatrixMap<Scalar> a, MatrixMap<Scalar> x, Workspace& workspace) {
    ++grams;
    flops += static_cast<double>(x.rows() * x.rows() * x.cols());
    TiledProducts::gram(a, x, workspace);
  }
  template <class Scalar>
  static void commuting(MatrixMap<Scalar> c, double scale, MatrixMap<Scalar> a, MatrixMap<Scalar> b,
                        double keep, MatrixMap<Scalar> d, Workspace& workspace) {
    flops += static_cast<double>(a.rows() * a.rows() * a.rows());
    TiledProducts::commuting(c, scale, a, b, keep, d, workspace);
  }
  template <class Scalar>
  static void apply(MatrixMap<Scalar> y, MatrixMap<Scalar> b, double keep, MatrixMap<Scalar> x,
                    Workspace& workspace) {
    flops += static_cast<double>(2 * x.rows() * x.rows() * x.cols());
    TiledProducts::apply(y, b, keep, x, workspace);
  }
};

}  // namespace

TEMPLATE_TEST_CASE("both forms are right for any number of steps, on matrices of any rank", "", float,
                   double) {
  constexpr bool is_float = std::is_same_v<TestType, float>;
  for (const auto& [name, method] : methods(is_float ? 5 : 24)) {
    CAPTURE(name, method.steps);
    // A step of CANS may multiply rounding errors by ten.
    const double tolerance = is_float || name == "cans" ? 1e-3 : 1e-6;
    for (const Decomposed& x : samples(is_float ? 1e-4 : 1e-9)) {
      CAPTURE(x.u.rows(), x.rank());
      const auto with = [&, &method = method](NewtonSchulzForm form) {
        NewtonSchulz formed = method;
        formed.form = form;
        const MatrixXd y = orthogonalize(x.matrix().cast<TestType>().eval(), formed).template cast<double>();
        return deviation(y, x, method);
      };
      const Deviation plain = with(NewtonSchulzForm::plain), gram = with(NewtonSchulzForm::gram);
      CHECK(plain.on_range < tolerance);
      CHECK(gram.on_range < tolerance);
      // No larger than in the plain form, or negligible.
      CHECK(gram.elsewhere < 3 * plain.elsewhere + tolerance / 3);
      CHECK(gram.elsewhere < 8);
      if (x.rank() == 0) CHECK(gram.elsewhere == 0);
    }
  }
}

TEMPLATE_TEST_CASE("methods that converge give the exact polar factor on the Gram matrix", "", float,
                   double) {
  constexpr bool is_float = std::is_same_v<TestType, float>;
  using Matrix = Eigen::Matrix<TestType, Eigen::Dynamic, Eigen::Dynamic>;
  const auto check = [](const Decomposed& sample, NewtonSchulz method, double tolerance) {
    const Matrix x = sample.matrix().cast<TestType>();
    method.epsilon = 0, method.form = NewtonSchulzForm::gram;
    const MatrixXd exact = sample.u.leftCols(sample.rank()) * sample.v.leftCols(sample.rank()).transpose();
    const Matrix factor = orthogonalize(x, method), by_svd = orthogonalize(x, ExactPolar{});
    CAPTURE(method.steps, x.rows(), sample.rank());
    CHECK((factor.template cast<double>() - exact).norm() <= tolerance * exact.norm());
    // The decomposition finds singular values of the size of rounding errors where there are none.
    if (sample.rank() == 8) {
      CHECK(relative_difference(factor, by_svd) < tolerance);
    }
  };
  for (const Decomposed& sample : samples(is_float ? 1e-4 : 1e-9)) {
    if (sample.rank() == 8) {  // as ill-conditioned as its least singular value is small
      const double tolerance = is_float ? 1e-3 : 1e-6;
      check(sample, {.steps = 64, .coefficients = quintics::convergent}, tolerance);
      check(sample, {.steps = 64, .coefficients = quintics::cubic}, tolerance);
      check(sample, polar_express(24, {.lower_end = 1e-10}), tolerance);
    } else {
      const double tolerance = is_float ? 3e-4 : 1e-11;
      check(sample, {.steps = 12, .coefficients = quintics::convergent}, tolerance);
      check(sample, {.steps = 16, .coefficients = quintics::cubic}, tolerance);
      check(sample, polar_express(8), is_float ? tolerance : 1e-9);
    }
  }
}

TEMPLATE_TEST_CASE("the flop count is that of the products, in both forms for every method", "", float,
                   double) {
  constexpr bool is_float = std::is_same_v<TestType, float>;
  for (const auto& [name, method] : methods(24)) {
    CAPTURE(name, method.steps);
    for (const auto& [rows, cols] : Shapes{{3, 4}, {3, 12}, {12, 3}}) {
      for (const auto form : {NewtonSchulzForm::plain, NewtonSchulzForm::gram, NewtonSchulzForm::cheaper}) {
        const BasicNewtonSchulz<CountingProducts> counting{
            .steps = method.steps, .coefficients = method.coefficients, .form = form};
        CountingProducts::flops = 0, CountingProducts::grams = 0;
        orthogonalize(Matrix<TestType>::Ones(rows, cols).eval(), counting);
        CHECK(CountingProducts::flops == flops<TestType>(rows, cols, counting));
        // Five steps restart once in float and never in double.
        if (form == NewtonSchulzForm::gram && method.steps == 5) {
          CHECK(CountingProducts::grams == (is_float ? 2 : 1));
        }
      }
    }
  }
}
