// SPDX-License-Identifier: MIT
//
// What examples/tour computes: fields from the command line, the best rate, basins, contours, animated ways.
#include <cmath>
#include <numbers>

#include "../../examples/tour/animation.hpp"
#include "../../examples/tour/basins.hpp"
#include "../../examples/tour/settings.hpp"
#include "../../examples/tour/tune.hpp"
#include "catch.hpp"

using namespace tour;
using gradus_test::Approx;
using gradus_test::contains;

namespace {

Problem problem_named(const std::string& name) {
  for (const Problem& problem : all_problems()) {
    if (problem.name == name) return problem;
  }
  throw std::invalid_argument(name);
}

std::vector<Variant<gradus::Muon>> muons(const std::vector<std::string>& set,
                                         const std::vector<std::string>& sweep = {}) {
  std::vector<Setting> settings = parse_settings("--set", set), sweeps = parse_settings("--sweep", sweep);
  return variants("Muon", gradus::Muon{}, settings, sweeps);
}

}  // namespace

TEST_CASE("every function of the tour has its minima, all of them stationary, and a lowest one") {
  for (const Problem& problem : all_problems()) {
    INFO(problem.name);
    CHECK(std::isfinite(lowest_value(problem)));
    for (const Minimum& m : problem.minima) {
      Point gradient;
      CHECK(problem.f(m.x, gradient) == Approx(m.value).margin(1e-12));
      CHECK(m.global == (m.value <= lowest_value(problem) + 1e-9));
      if (problem.name != "Eggholder") CHECK(gradient.norm() < 1e-8);  // its lowest point is at the edge
    }
  }
}

TEST_CASE("--set changes numbers, choices, and fields of parts, and leaves others alone") {
  const auto all = muons({"Muon.learning_rate=0.05", "Muon.scale=spectral", "Muon.nesterov=no",
                          "muon.orthogonalizer.steps=3", "Adam.beta1=7"});
  REQUIRE(all.size() == 1);
  const gradus::Muon& muon = all.front().optimizer;
  CHECK(all.front().name == "Muon");
  CHECK(muon.learning_rate == 0.05);
  CHECK(muon.scale == gradus::MuonScale::spectral);
  CHECK_FALSE(muon.nesterov);
  CHECK(muon.orthogonalizer.steps == 3);
  CHECK(muon.momentum == gradus::Muon{}.momentum);
  std::vector<Setting> other = parse_settings("--set", {"Adam.beta1=0.8", "Muon.momentum=0.5"}), none;
  variants("Muon", gradus::Muon{}, other, none);
  CHECK_FALSE(other[0].used);
  CHECK(other[1].used);
}

TEST_CASE("a sweep makes a variant of each value, two make all pairs") {
  const auto pairs = muons({}, {"Muon.momentum=0.8", "0.9", "Muon.learning_rate=1e-3:0.1:3"});
  REQUIRE(pairs.size() == 6);
  CHECK(pairs[0].name == "Muon momentum=0.8 learning_rate=0.001");
  CHECK(pairs[5].name == "Muon momentum=0.9 learning_rate=0.1");
  CHECK(pairs[4].optimizer.momentum == 0.9);
  CHECK(pairs[4].optimizer.learning_rate == Approx(0.01));
}

TEST_CASE("a setting that cannot be is refused with what there is") {
  CHECK_THROWS_WITH(muons({"Muon.beta9=1"}),
                    contains("Muon has no field 'beta9', it has: learning_rate=0.001, momentum=0.95"));
  CHECK_THROWS_WITH(muons({"Muon.momentum=much"}), contains("Muon.momentum: 'much' is not a number"));
  CHECK_THROWS_WITH(muons({"Muon.momentum=0.9x"}), contains("'0.9x' is not a number"));
  CHECK_THROWS_WITH(muons({"Muon.momentum=2"}), contains("momentum is 2, but must"));
  CHECK_THROWS_WITH(muons({"Muon.scale=adam"}),
                    contains("is one of original, match_rms_adamw, spectral, none"));
  CHECK_THROWS_WITH(muons({"Muon.nesterov=1"}), contains("is yes or no"));
  CHECK_THROWS_WITH(muons({"Muon.orthogonalizer.steps=2.5"}), contains("is not an integer"));
  CHECK_THROWS_WITH(parse_settings("--set", {"Muon"}), contains("--set takes OPTIMIZER.FIELD=VALUE"));
  CHECK_THROWS_WITH(parse_settings("--set", {"momentum=0.5"}), contains("not 'momentum=0.5'"));
  CHECK_THROWS_WITH(parse_settings("--sweep", {"A.b=1:2"}), contains("from:to:count"));
  CHECK_THROWS_WITH(parse_settings("--sweep", {"A.b=0:2:3"}), contains("two positive numbers"));
  CHECK_THROWS_WITH(parse_settings("--sweep", {"A.b=1:2:1"}), contains("count from 2"));
}

TEST_CASE("every field that is listed can be set to what the list says") {
  const auto check = [](const auto& optimizer) {
    auto changed = optimizer;
    std::istringstream fields(list_fields(optimizer));
    int count = 0;
    for (std::string field; std::getline(fields >> std::ws, field, ',');) {
      const std::size_t equal = field.find('=');
      set_field(changed, "it", field.substr(0, equal), field.substr(equal + 1));
      ++count;
    }
    CHECK(count > 1);
    CHECK(list_fields(changed) == list_fields(optimizer));
  };
  check(gradus::Muon{}), check(gradus::NorMuon{}), check(gradus::AMSGrad{}), check(gradus::NAdam{});
  check(gradus::Adafactor{}), check(gradus::Shampoo{}), check(gradus::SOAP{}), check(gradus::Prodigy{});
}

// Of the fixed rates for curvatures between 1 and κ, gradient descent contracts fastest with 2/(1 + κ), and
// Momentum needs fewer steps; beyond the best rate it diverges soon, so the best of the grid lies just below.
TEST_CASE("the best rate for a ravine is the one of the textbook, and momentum helps") {
  const Problem ravine = problem_named("Ill-conditioned quadratic");
  const double best = best_rate(gradus::SGD{}, ravine, 1200);
  CHECK(best <= 2.0 / 101);
  CHECK(best >= 0.88 * 2.0 / 101);

  gradus::Momentum momentum{.momentum = 0.8};
  momentum.learning_rate = best_rate(momentum, ravine, 1200);
  const auto steps = [&](const auto& optimizer) {
    return arrival(walk(optimizer, ravine, ravine.start, 1200), 0);
  };
  CHECK(3 * steps(momentum) < steps(gradus::SGD{.learning_rate = best}));
}

TEST_CASE("a rate that never gets better than the start is not taken") {
  const Problem ravine = problem_named("Ill-conditioned quadratic");
  Problem at_minimum = ravine;
  at_minimum.start = {0, 0};
  CHECK(best_rate(gradus::SGD{.learning_rate = 0.123}, at_minimum, 10) == 0.123);
}

TEST_CASE("arrival is final, and a zigzag is longer than its ends are apart") {
  const Path path{{Point(0, 0), Point(3, 4), Point(0, 8)}, {3, 0, 1}};
  CHECK(arrival(path, 1) == 1);
  CHECK(arrival(path, 0) == 3);
  CHECK(arrival(path, 5) == 0);
  CHECK(detour(path) == Approx(10.0 / 8));
}

// Of each coordinate's 41 starts 21 lead to the lower minimum without momentum, 22 with it.
TEST_CASE("momentum escapes: 484 of 1681 starts reach the global minimum, 441 without", "[long]") {
  const Problem problem = problem_named("Styblinski-Tang");
  const Basins sgd = basins(gradus::SGD{.learning_rate = 0.02}, problem, 41, 1200);
  CHECK(sgd.global == 441);
  CHECK(sgd.local == 1681 - 441);
  CHECK(sgd.elsewhere == 0);
  const Basins momentum = basins(gradus::Momentum{.learning_rate = 0.02, .momentum = 0.9}, problem, 41, 1200);
  CHECK(momentum.global == 484);
  CHECK(momentum.local == 1681 - 484);
}

TEST_CASE("the canyon's pool holds SGD; a heavy ball rolls on to the lowest point") {
  const Problem canyon = problem_named("Canyon");
  REQUIRE(canyon.minima.size() == 2);
  const auto end = [&](const auto& optimizer) {
    return minimum_near(canyon, walk(optimizer, canyon, canyon.start, 1200).points.back());
  };
  const Minimum* pool = end(gradus::SGD{.learning_rate = 0.02});
  const Minimum* lowest = end(gradus::Momentum{.learning_rate = 0.05, .momentum = 0.9});
  REQUIRE(pool);
  REQUIRE(lowest);
  CHECK_FALSE(pool->global);
  CHECK(lowest->global);
}

TEST_CASE("contours close, keep their value, and go around what is below, counter-clockwise") {
  constexpr int n = 40;
  Eigen::MatrixXd bowls(n + 1, n + 1);  // two, side by side
  for (int i = 0; i <= n; ++i) {
    for (int j = 0; j <= n; ++j) {
      bowls(i, j) = std::min(Point(i - 10, j - 20).squaredNorm(), Point(i - 30, j - 20).squaredNorm());
    }
  }
  const auto curves = contours(bowls, 25);
  REQUIRE(curves.size() == 2);
  for (const Curve& curve : curves) {
    double area = 0;
    for (std::size_t i = 0; i < curve.size(); ++i) {
      const Point& x = curve[i];
      const Point& y = curve[(i + 1) % curve.size()];
      CHECK((x - y).norm() <= std::numbers::sqrt2 + 1e-12);
      CHECK(std::min((x - Point(10, 20)).norm(), (x - Point(30, 20)).norm()) == Approx(5).epsilon(0.02));
      area += (x.x() * y.y() - x.y() * y.x()) / 2;
    }
    CHECK(area == Approx(25 * std::numbers::pi).epsilon(0.03));
  }
  CHECK(contours(bowls, 0).empty());
  CHECK(contours(bowls, 1e6).size() == 1);  // all is below: once around the grid
  Eigen::MatrixXd saddle(2, 2);
  saddle << 0, 1, 1, 0;
  CHECK(contours(saddle, 0.5).size() == 1);
}

TEST_CASE("the track of an animation is at each step where the walk was") {
  Path path;
  for (int i = 0; i <= 100; ++i) path.points.emplace_back(std::cos(0.1 * i), std::sin(0.1 * i));
  const Page page{{Point(-1, -1), Point(1, 1)}};
  const Track track(path, page);
  for (int i = 0; i <= 100; ++i) {
    const Point expected =
        500 * Point(1 + path.points[std::size_t(i)].x(), 1 - path.points[std::size_t(i)].y());
    CHECK((track.at(i).first - expected).norm() < 3);
  }
  CHECK(track.at(100).second == Approx(500 * 10).epsilon(0.01));
  path.points.emplace_back(std::nan(""), 0);
  CHECK(Track(path, page).steps.back() == 100);
}
