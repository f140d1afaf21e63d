// SPDX-License-Identifier: MIT
//
// Every test function against its own facts and against known numbers.
#include <gradus/objectives/objectives.hpp>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "objective_helpers.hpp"

namespace {

using Eigen::Index;
using Eigen::VectorXd;
using gradus_test::Approx;
using gradus_test::for_each_function_and_dimension;
using gradus_test::message_of;
using gradus_test::random_point;
using gradus_test::random_points;

template <class F>
bool inside(const F&, const VectorXd& x) {
  const gradus::Domain domain = F::domain(x.size());
  return (x.array() >= domain.lower.array()).all() && (x.array() <= domain.upper.array()).all();
}

}  // namespace

TEST_CASE("every test function states consistent facts about itself") {
  std::set<std::string> names;
  gradus::for_each_test_function([&](const auto& f) {
    using F = std::remove_cvref_t<decltype(f)>;
    static_assert(gradus::TestFunction<F>);
    CHECK(names.insert(std::string(F::name)).second);
    CHECK_FALSE(F::source.empty());
  });
  CHECK(names.size() == 31);

  for_each_function_and_dimension([](const auto& f, Index d, auto&) {
    CHECK((f.domain(d).lower.array() < f.domain(d).upper.array()).all());
    CHECK(inside(f, f.start(d)));
    CHECK(f.minimum(d).has_value() == !f.minimisers(d).empty());
    for (const VectorXd& x : f.minimisers(d)) {
      CHECK(inside(f, x));
      CHECK(f(f.start(d)) > f(x));
    }
  });
}

TEST_CASE("the value with a gradient is the value without") {
  for_each_function_and_dimension([](const auto& f, Index d, auto& random) {
    const VectorXd x = random_point(f, d, random);
    VectorXd gradient(d);
    CHECK(f(x, gradient) == Approx(f(x)).epsilon(1e-12).margin(1e-12));
  });
}

TEST_CASE("every minimiser attains the minimum, with a zero gradient in the interior") {
  for_each_function_and_dimension([](const auto& f, Index d, auto&) {
    for (const VectorXd& x : f.minimisers(d)) {
      VectorXd gradient(d);
      CHECK(f(x, gradient) == Approx(*f.minimum(d)).epsilon(1e-14).margin(1e-12));
      if (f.name == gradus::Eggholder::name) gradient[0] = 0;  // its minimiser lies on the boundary x = 512
      CHECK(gradient.norm() <= 1e-12);
    }
  });
  Eigen::Vector2d slope;
  gradus::Eggholder{}(Eigen::Vector2d(gradus::Eggholder::minimisers().front()), slope);
  CHECK(slope[0] == Approx(-3.39).margin(0.005));
}

TEST_CASE("no point of the domain is below the minimum") {
  for_each_function_and_dimension([](const auto& f, Index d, auto& random) {
    if (!f.minimum(d)) return;
    const VectorXd size = f.domain(d).upper - f.domain(d).lower;
    double lowest = std::numeric_limits<double>::infinity();
    for (int repeat = 0; repeat < 2000; ++repeat) lowest = std::min(lowest, f(random_point(f, d, random)));
    for (const VectorXd& x : f.minimisers(d)) {
      for (int repeat = 0; repeat < 200; ++repeat) {
        const VectorXd near = x + 1e-3 * size.cwiseProduct(random.matrix(d, 1));
        if (inside(f, near)) lowest = std::min(lowest, f(near));
      }
    }
    CHECK(lowest >= *f.minimum(d));
  });
}

TEST_CASE(
    "fixed sizes, maps, references, blocks, arrays and rows give the same numbers as a dynamic vector") {
  gradus::for_each_test_function([](const auto& f) {
    using F = std::remove_cvref_t<decltype(f)>;
    INFO(F::name);
    constexpr int d = gradus::test_functions::accepts<F>(2) ? 2 : 4;
    gradus::PortableRandom random(7);
    const VectorXd x = random_point(f, d, random);
    VectorXd gradient(d);
    const double value = f(x, gradient);
    const auto same = [&](double other_value, const auto& other_gradient) {
      CHECK(other_value == Approx(value).epsilon(1e-12));
      for (Index i = 0; i < d; ++i) CHECK(other_gradient(i) == Approx(gradient[i]).epsilon(1e-12));
    };

    const Eigen::Matrix<double, d, 1> fixed = x;
    Eigen::Matrix<double, d, 1> fixed_gradient;
    same(f(fixed, fixed_gradient), fixed_gradient);

    const Eigen::Matrix<double, 1, d> row = x.transpose();
    Eigen::RowVectorXd row_gradient;
    same(f(row, row_gradient), row_gradient);

    const Eigen::ArrayXd array = x.array();
    Eigen::ArrayXd array_gradient;
    same(f(array, array_gradient), array_gradient);

    VectorXd memory(d);
    same(f(Eigen::Map<const VectorXd>(x.data(), d), Eigen::Map<VectorXd>(memory.data(), d)), memory);

    VectorXd referenced(d);
    same(f(Eigen::Ref<const VectorXd>(x), Eigen::Ref<VectorXd>(referenced)), referenced);

    Eigen::MatrixXd table = Eigen::MatrixXd::Zero(3, d + 2), table_gradient = table;
    table.row(1).segment(1, d) = x.transpose();
    same(f(table.row(1).segment(1, d), table_gradient.row(1).segment(1, d)),
         table_gradient.row(1).segment(1, d));
    CHECK(table_gradient.row(0).isZero(0));
    CHECK(table_gradient(1, 0) == 0);
    CHECK(table_gradient(1, d + 1) == 0);
  });
}

TEST_CASE("float agrees with double") {
  for_each_function_and_dimension([](const auto& f, Index d, auto& random) {
    for (const VectorXd& point : random_points(f, d, random)) {
      const Eigen::VectorXf x = point.cast<float>();
      const VectorXd same_point = x.cast<double>();
      Eigen::VectorXf gradient(d);
      VectorXd expected(d);
      const float value = f(x, gradient);
      const double expected_value = f(same_point, expected);
      CHECK(double(value) == Approx(expected_value).epsilon(2e-3).margin(1e-3));
      CHECK((gradient.cast<double>() - expected).norm() <= 2e-3 * (0.1 + expected.norm()));
    }
  });
}

TEST_CASE("the gradient is finite everywhere, also at kinks") {
  const auto finite_at = [](const auto& f, const VectorXd& x) {
    VectorXd gradient(x.size());
    Eigen::VectorXf float_gradient(x.size());
    CHECK(std::isfinite(f(x, gradient)));
    CHECK(gradient.allFinite());
    CHECK(std::isfinite(f(Eigen::VectorXf(x.cast<float>()), float_gradient)));
    CHECK(float_gradient.allFinite());
  };
  for_each_function_and_dimension([&](const auto& f, Index d, auto&) {
    for (double everywhere : {0.0, -10.0, 1.0, 100.0}) finite_at(f, VectorXd::Constant(d, everywhere));
    finite_at(f, VectorXd::Unit(d, 0));
    finite_at(f, VectorXd::Unit(d, d - 1));
    finite_at(f, f.start(d));
    for (const VectorXd& x : f.minimisers(d)) finite_at(f, x);
  });

  Eigen::Vector2d gradient(1, 1);
  gradus::Ackley{}(Eigen::Vector2d(0, 0), gradient);
  CHECK(gradient.isZero(0));
  gradus::Bukin6{}(Eigen::Vector2d(-10, 1), gradient);
  CHECK(gradient.isZero(0));
  gradus::Bukin6{}(Eigen::Vector2d(-5, 0.25), gradient);  // on the valley floor, away from its lowest point
  CHECK(gradient == Eigen::Vector2d(0.01, 0));
  gradus::CrossInTray{}(Eigen::Vector2d(0, 2), gradient);
  CHECK(gradient.isZero(0));
  finite_at(gradus::Eggholder{}, Eigen::Vector2d(10, -52));  // y + x/2 + 47 = 0
  finite_at(gradus::Eggholder{}, Eigen::Vector2d(57, 10));   // x - y - 47 = 0
}

TEST_CASE("a wrong dimension is refused by name") {
  CHECK(message_of([] { gradus::Rosenbrock{}(VectorXd(VectorXd::Zero(1))); }) ==
        "Rosenbrock needs at least 2 dimensions, got 1");
  CHECK(message_of([] { gradus::Himmelblau{}(VectorXd(VectorXd::Zero(3))); }) ==
        "Himmelblau needs 2 dimensions, got 3");
  CHECK(message_of([] { gradus::PowellSingular{}(VectorXd(VectorXd::Zero(6))); }) ==
        "Powell singular needs a multiple of 4 dimensions, got 6");

  gradus::for_each_test_function([](const auto& f) {
    using F = std::remove_cvref_t<decltype(f)>;
    const std::string name(F::name);
    const VectorXd nothing;
    VectorXd gradient = VectorXd::Ones(3);
    CHECK(message_of([&] { f(nothing); }).find(name + " needs ") == 0);
    CHECK(message_of([&] { f(nothing, gradient); }).find(name + " needs ") == 0);
    CHECK(gradient == VectorXd::Ones(3));
    CHECK(message_of([&] { F::domain(0); }).find(name + " needs ") == 0);
    CHECK(message_of([&] { F::start(0); }).find(name + " needs ") == 0);
    CHECK(message_of([&] { F::minimisers(0); }).find(name + " needs ") == 0);
    CHECK(message_of([&] { F::minimum(0); }).find(name + " needs ") == 0);
  });
}

TEST_CASE("a gradient of another size is resized if it owns its memory and refused if not") {
  const Eigen::Vector2d x(1, 2);
  VectorXd gradient;
  gradus::Sphere{}(x, gradient);
  CHECK(gradient == VectorXd(2 * x));
  VectorXd memory = VectorXd::Ones(3);
  CHECK(message_of([&] { gradus::Sphere{}(x, Eigen::Map<VectorXd>(memory.data(), 3)); }) ==
        "Sphere: the gradient is 3x1, needs 2x1");
  CHECK(memory == VectorXd::Ones(3));
  Eigen::Vector3d fixed(1, 1, 1);
  CHECK(message_of([&] { gradus::Sphere{}(VectorXd(x), fixed); }) ==
        "Sphere: the gradient is 3x1, needs 2x1");
}

TEST_CASE("parameters of a test function change it, and bad ones are refused by name") {
  const Eigen::Vector3d x(1.1, 1.2, 1.3);
  CHECK(gradus::Michalewicz{.steepness = 1}(x) != gradus::Michalewicz{}(x));
  CHECK(gradus::check_gradient(gradus::Michalewicz{.steepness = 1}, x));
  CHECK(message_of([&] { gradus::Michalewicz{.steepness = 0}(x); }) ==
        "Michalewicz: steepness is 0.000000, needs to be at least 1.000000");

  Eigen::Vector3d gradient;
  gradus::IllConditionedQuadratic{.condition_number = 10000}(Eigen::Vector3d(1, 1, 1), gradient);
  CHECK(gradient.isApprox(Eigen::Vector3d(1, 100, 10000), 1e-14));
  gradus::IllConditionedQuadratic{.condition_number = 1}(x, gradient);
  CHECK(gradient == x);
  CHECK(message_of([&] { gradus::IllConditionedQuadratic{.condition_number = 0.5}(x); }) ==
        "Ill-conditioned quadratic: condition_number is 0.500000, needs to be at least 1.000000");
}

TEST_CASE("values are those of the formulas computed in 40 decimal digits") {
  const std::map<std::string_view, double> expected = {{"Sphere", 7.56},
                                                       {"Ill-conditioned quadratic", 207.79055150719442},
                                                       {"Sum of squares", 24.1},
                                                       {"Sum of different powers", 31.64449},
                                                       {"Zakharov", 3227.8725},
                                                       {"Trid", -4.11},
                                                       {"Rosenbrock", 58.22},
                                                       {"Dixon-Price", 171.5604},
                                                       {"Powell singular", 171.4581},
                                                       {"Wood", 58.639},
                                                       {"Styblinski-Tang", -37.5806},
                                                       {"Rastrigin", 44.469830056250526},
                                                       {"Schwefel", 1671.1823258217302},
                                                       {"Michalewicz", -0.85642668516792363},
                                                       {"Ackley", 6.4458320605910833},
                                                       {"Griewank", 0.79654155038442378},
                                                       {"Levy", 0.35952607122878968},
                                                       {"Booth", 23.06},
                                                       {"Matyas", 0.0724},
                                                       {"Beale", 16.37124389},
                                                       {"Himmelblau", 114.4562},
                                                       {"Goldstein-Price", 6972.48035504},
                                                       {"Three-hump camel", 2.7275031666666667},
                                                       {"Six-hump camel", 3.2814063333333333},
                                                       {"McCormick", 3.8338476308781952},
                                                       {"Branin", 32.160563171170454},
                                                       {"Easom", -1.3837765348394724e-5},
                                                       {"Drop-wave", -0.00067150928817181318},
                                                       {"Bukin 6", 104.75402575802143},
                                                       {"Cross-in-tray", -1.9990407145180558},
                                                       {"Eggholder", -30.54444036953135}};
  gradus::for_each_test_function([&](const auto& f) {
    using F = std::remove_cvref_t<decltype(f)>;
    INFO(F::name);
    constexpr Index d = F::dimension == Eigen::Dynamic ? 4 : F::dimension;
    CHECK(f(VectorXd(Eigen::Vector4d(0.7, 1.1, 1.5, 1.9).head(d))) ==
          Approx(expected.at(F::name)).epsilon(1e-12));
  });
}

TEST_CASE("customary starts have their well-known values") {
  Eigen::Vector2d gradient;
  CHECK(gradus::Rosenbrock::start(2) == Eigen::Vector2d(-1.2, 1));
  CHECK(gradus::Rosenbrock{}(Eigen::Vector2d(-1.2, 1), gradient) == Approx(24.2).epsilon(1e-14));
  CHECK(gradient.isApprox(Eigen::Vector2d(-215.6, -88), 1e-14));
  CHECK(gradus::Beale{}(gradus::Beale::start()) == 14.203125);
  CHECK(gradus::Himmelblau{}(gradus::Himmelblau::start()) == 170);
  CHECK(gradus::PowellSingular{}(gradus::PowellSingular::start(4)) == 215);
  CHECK(gradus::PowellSingular{}(gradus::PowellSingular::start(12)) == 3 * 215);
  CHECK(gradus::Wood{}(gradus::Wood::start()) == 19192);
}

TEST_CASE("minima have their well-known values") {
  CHECK(*gradus::StyblinskiTang::minimum(2) == Approx(-78.33233140754283).epsilon(1e-15));
  CHECK(gradus::StyblinskiTang{}(Eigen::Vector2d::Constant(2.746802770990837)) ==
        Approx(-50.05889331056788).epsilon(1e-15));
  CHECK(*gradus::Trid::minimum(2) == -2);
  CHECK(*gradus::Trid::minimum(6) == -50);
  CHECK(*gradus::Trid::minimum(10) == -210);
  CHECK(*gradus::Michalewicz::minimum(2) == Approx(-1.80130341009855).epsilon(1e-14));
  CHECK(*gradus::Michalewicz::minimum(5) == Approx(-4.68765817908815).epsilon(1e-14));
  CHECK(*gradus::Michalewicz::minimum(10) == Approx(-9.66015171564134).epsilon(1e-14));
  CHECK(gradus::Michalewicz::minimisers(11).empty());
  CHECK_FALSE(gradus::Michalewicz::minimum(11).has_value());
  CHECK(*gradus::SixHumpCamel::minimum() == Approx(-1.031628453489877).epsilon(1e-14));
  CHECK(*gradus::Branin::minimum() == Approx(0.397887357729738).epsilon(1e-14));
  CHECK(*gradus::McCormick::minimum() == Approx(-1.913222954981037).epsilon(1e-14));
  CHECK(*gradus::CrossInTray::minimum() == Approx(-2.06261187082274).epsilon(1e-14));
  CHECK(*gradus::Eggholder::minimum() == Approx(-959.640662720851).epsilon(1e-14));
  CHECK(gradus::Himmelblau::minimisers().size() == 4);
  CHECK(gradus::CrossInTray::minimisers().size() == 4);
  CHECK(gradus::Branin::minimisers().size() == 3);
  CHECK(gradus::SixHumpCamel::minimisers().size() == 2);
  CHECK(gradus::DixonPrice::minimisers(3).size() == 2);
}
