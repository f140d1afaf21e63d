// SPDX-License-Identifier: MIT
//
// Portable random numbers, the gradient check, and gradients by automatic differentiation.
#include <cmath>
#include <gradus/objectives/objectives.hpp>
#include <gradus/tools/autodiff.hpp>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "catch.hpp"
#include "objective_helpers.hpp"

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using gradus_test::Approx;
using gradus_test::message_of;

// An objective of two lambdas: one returns the value, the other writes the gradient.
template <class Value, class Gradient>
struct Lambdas {
  Value value;
  Gradient write_gradient;

  template <class X>
  auto operator()(const X& x) const {
    return value(x);
  }
  template <class X, class G>
  auto operator()(const X& x, G&& gradient) const {
    write_gradient(x, gradient);
    return value(x);
  }
};
template <class Value, class Gradient>
Lambdas<Value, Gradient> objective(Value value, Gradient write_gradient) {
  return {value, write_gradient};
}

struct Layer {
  MatrixXd w;
  VectorXd b;
  GRADUS_LEAVES(w, b)
};

double layer_value(const Layer& x) { return x.w.squaredNorm() + x.b.sum(); }
void layer_gradient(const Layer& x, Layer& gradient) {
  gradient.w = 2 * x.w;
  gradient.b.setOnes(x.b.size());
}

}  // namespace

TEST_CASE("portable random numbers follow from the standard's generator alone") {
  std::mt19937_64 engine(42);
  gradus::PortableRandom random(42);
  for (int i = 0; i < 100; ++i) {
    const double expected = std::ldexp(double(engine() >> 11), -52) - 1;
    CHECK(random.uniform() == expected);
    CHECK((expected >= -1 && expected < 1));
  }
  CHECK(gradus::PortableRandom(3).matrix(4, 5) == gradus::PortableRandom(3).matrix(4, 5));
  CHECK(gradus::PortableRandom(3).matrix(4, 5) != gradus::PortableRandom(4).matrix(4, 5));
  CHECK(gradus::PortableRandom(3).matrix<float>(4, 5) ==
        gradus::PortableRandom(3).matrix(4, 5).cast<float>());
  for (Index n : {0, 1, 2, 7, 30}) {
    const MatrixXd q = gradus::PortableRandom(5).orthogonal(n);
    CHECK((q * q.transpose()).isIdentity(1e-13));
  }
  CHECK_FALSE(gradus::PortableRandom(5).orthogonal(7).isDiagonal(0.1));
}

TEST_CASE("the gradient check finds a wrong coefficient and names it") {
  const gradus::Rosenbrock rosenbrock;
  const auto planted = objective(rosenbrock, [&](const auto& x, auto& gradient) {
    rosenbrock(x, gradient);
    gradient[3] *= 1.01;
  });
  const VectorXd x = VectorXd::LinSpaced(5, 0.5, 1.4);
  const gradus::GradientCheck check = gradus::check_gradient(planted, x);
  CHECK_FALSE(check.ok());
  CHECK_FALSE(static_cast<bool>(check));
  CHECK(check.worst == "x(3)");
  CHECK(check.worst_error == Approx(0.01 / 1.01).epsilon(1e-3));
  CHECK(check.analytic == Approx(1.01 * check.numeric).epsilon(1e-6));
  CHECK(gradus::to_string(check).find("gradient wrong: d f / d x(3) is ") == 0);
  CHECK(gradus::to_string(gradus::check_gradient(rosenbrock, x)).find("gradient right") == 0);
}

TEST_CASE("the gradient check names leaf and coefficient of a tree") {
  gradus::PortableRandom random(41);
  const Layer x{random.matrix(3, 2), random.matrix(4, 1)};
  CHECK(gradus::check_gradient(objective(layer_value, layer_gradient), x).ok());
  const auto planted = objective(layer_value, [](const Layer& at, Layer& gradient) {
    layer_gradient(at, gradient);
    gradient.w(2, 1) *= 1.001;
  });
  CHECK_FALSE(gradus::check_gradient(planted, x).ok());
  CHECK(gradus::check_gradient(planted, x).worst == "w(2, 1)");

  const auto forgetful = objective(layer_value, [](const Layer& at, Layer& gradient) {
    gradient.w = 2 * at.w;
    gradient.b.head(3).setOnes();
  });
  const gradus::GradientCheck forgotten = gradus::check_gradient(forgetful, x);
  CHECK_FALSE(forgotten.ok());
  CHECK(forgotten.worst == "b(3)");
  CHECK(forgotten.worst_error == std::numeric_limits<double>::infinity());

  const auto layers = objective([](const std::vector<Layer>& list) { return layer_value(list[0]); },
                                [](const std::vector<Layer>& list, std::vector<Layer>& gradient) {
                                  layer_gradient(list[0], gradient[0]);
                                });
  CHECK(gradus::check_gradient(layers, std::vector<Layer>{x}).ok());

  const auto sums =
      objective([](const std::vector<VectorXd>& list) { return list[0].sum() + 2 * list[1].sum(); },
                [](const auto&, std::vector<VectorXd>& gradient) {
                  gradient[0].setOnes();
                  gradient[1].setConstant(2);
                  gradient[1][2] = 3;
                });
  CHECK(gradus::check_gradient(sums, std::vector<VectorXd>{x.b, x.b}).worst == "1(2)");

  using Named = std::map<std::string, VectorXd>;
  const auto named =
      objective([](const Named& leaves) { return leaves.at("a").sum() - leaves.at("b").sum(); },
                [](const Named&, Named& gradient) {
                  gradient.at("a").setOnes();
                  gradient.at("b").setConstant(-1);
                  gradient.at("b")[1] = 1;
                });
  CHECK(gradus::check_gradient(named, Named{{"a", x.b}, {"b", x.b}}).worst == "b(1)");
}

TEST_CASE("the gradient check leaves the memory behind views alone") {
  gradus::PortableRandom random(43);
  MatrixXd u = random.matrix(4, 2), v = random.matrix(3, 2);
  const MatrixXd u_before = u, v_before = v;
  const gradus::LowRankFactorization<double> low_rank{random.matrix(4, 3)};
  CHECK(gradus::check_gradient(low_rank, std::tie(u, v)).ok());
  CHECK(gradus::check_gradient(gradus::Sphere{}, Eigen::Map<VectorXd>(u.data(), u.size())).ok());
  CHECK(gradus::check_gradient(gradus::Sphere{}, u.col(1)).ok());

  const std::vector<Eigen::Map<VectorXd>> maps{{u.data(), 3}, {v.data(), 2}};
  const auto squares =
      objective([](const auto& list) { return list[0].squaredNorm() + list[1].squaredNorm(); },
                [](const auto& list, auto& gradient) {
                  gradient[0] = 2 * list[0];
                  gradient[1] = 2 * list[1];
                });
  CHECK(gradus::check_gradient(squares, maps).ok());
  CHECK(u == u_before);
  CHECK(v == v_before);
}

TEST_CASE("the gradient check sees in float what float can show") {
  const gradus::StyblinskiTang f;
  const Eigen::Vector3f x(0.3f, -0.7f, 1.9f);
  CHECK(gradus::check_gradient(f, x).ok());
  CHECK(gradus::check_gradient(f, x).tolerance >
        gradus::check_gradient(f, Eigen::Vector3d(1, 2, 3)).tolerance);
  const auto wrong = objective(f, [&](const auto& at, auto& gradient) {
    f(at, gradient);
    gradient[1] *= 1.5f;
  });
  CHECK_FALSE(gradus::check_gradient(wrong, x).ok());
  CHECK(gradus::check_gradient(wrong, x).worst == "x(1)");
}

TEST_CASE("with_autodiff makes an objective of a function that only returns a value") {
  const auto f =
      gradus::with_autodiff([](const auto& x) -> typename std::remove_cvref_t<decltype(x)>::Scalar {
        using std::exp, std::sin;
        return exp(x[0]) * sin(x[1]) + x[0] * x[1];
      });
  const Eigen::Vector2d x(0.4, 1.3);
  const Eigen::Vector2d expected(std::exp(0.4) * std::sin(1.3) + 1.3, std::exp(0.4) * std::cos(1.3) + 0.4);
  Eigen::Vector2d gradient;
  CHECK(f(x, gradient) == Approx(f(x)).epsilon(1e-15));
  CHECK(gradient.isApprox(expected, 1e-15));

  VectorXd dynamic_gradient;
  CHECK(f(VectorXd(x), dynamic_gradient) == Approx(f(x)).epsilon(1e-15));
  CHECK(dynamic_gradient.isApprox(expected, 1e-15));

  Eigen::RowVector2f row_gradient;
  f(Eigen::RowVector2f(x.cast<float>().transpose()), row_gradient);
  CHECK(row_gradient.cast<double>().isApprox(expected.transpose(), 1e-6));

  VectorXd memory(4);
  f(Eigen::Map<const VectorXd>(x.data(), 2), memory.segment(1, 2));
  CHECK(memory.segment(1, 2).isApprox(expected, 1e-15));
  CHECK(message_of([&] { f(x, memory.segment(1, 3)); }) == "with_autodiff: the gradient is 3x1, needs 2x1");
  CHECK(gradus::check_gradient(f, x).ok());
}

TEST_CASE("with_autodiff gives a constant a zero gradient") {
  const auto constant = gradus::with_autodiff(
      [](const auto& x) { return typename std::remove_cvref_t<decltype(x)>::Scalar(7); });
  VectorXd gradient = VectorXd::Ones(3);
  CHECK(constant(VectorXd(VectorXd::Ones(3)), gradient) == 7);
  CHECK(gradient.isZero(0));
}
