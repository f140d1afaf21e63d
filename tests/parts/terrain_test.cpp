// SPDX-License-Identifier: MIT
//
// The interpolation of a height grid: against its nodes, against differences, across the edges of cells.
#include <gradus/gradus.hpp>
#include <gradus/objectives/objectives.hpp>
#include <limits>

#include "catch.hpp"
#include "objective_helpers.hpp"

using Eigen::Vector2d;
using gradus::Terrain;
using gradus_test::Approx;
using gradus_test::message_of;

namespace {

Terrain random_terrain(Eigen::Index rows, Eigen::Index cols) {
  return {gradus::PortableRandom(5).matrix(rows, cols), {Vector2d(-1, 2), Vector2d(3, 9)}};
}

Vector2d node(const Terrain& terrain, Eigen::Index i, Eigen::Index j) {
  const Vector2d share(double(i) / double(terrain.heights.rows() - 1),
                       double(j) / double(terrain.heights.cols() - 1));
  return terrain.domain.lower + share.cwiseProduct(terrain.domain.upper - terrain.domain.lower);
}

Vector2d gradient_of(const Terrain& terrain, const Vector2d& x) {
  Vector2d gradient;
  terrain(x, gradient);
  return gradient;
}

}  // namespace

TEST_CASE("a terrain passes through its heights") {
  for (const auto& terrain : {random_terrain(6, 5), random_terrain(2, 2), random_terrain(2, 7)}) {
    for (Eigen::Index i = 0; i < terrain.heights.rows(); ++i) {
      for (Eigen::Index j = 0; j < terrain.heights.cols(); ++j) {
        CHECK(terrain(node(terrain, i, j)) == Approx(terrain.heights(i, j)).margin(1e-13));
      }
    }
  }
}

TEST_CASE("the gradient of a terrain is what differences find, inside the grid and far beyond it") {
  for (const auto& terrain : {random_terrain(6, 5), random_terrain(2, 2), gradus::canyon()}) {
    gradus::PortableRandom random(11);
    const Vector2d centre = (terrain.domain.lower + terrain.domain.upper) / 2;
    const Vector2d half = (terrain.domain.upper - terrain.domain.lower) / 2;
    for (const double reach : {1.0, 20.0}) {
      for (int k = 0; k < 50; ++k) {
        const Vector2d x = centre + reach * half.cwiseProduct(Vector2d(random.matrix(2, 1)));
        const auto check = gradus::check_gradient(terrain, x);
        INFO(x.transpose() << '\n' << check);
        CHECK(check.ok());
        Vector2d gradient;
        CHECK(terrain(x, gradient) == terrain(x));
      }
    }
  }
}

TEST_CASE("value and gradient of a terrain do not jump between cells, nor at the edge of the grid") {
  const Terrain terrain = random_terrain(6, 5);
  for (Eigen::Index i = 0; i < 6; ++i) {
    for (Eigen::Index j = 0; j < 5; ++j) {
      const Vector2d here = node(terrain, i, j), along(0.3, 0.4);
      for (const Vector2d& side : {Vector2d(1e-9, 0), Vector2d(0, 1e-9)}) {
        const Vector2d x = here + along.cwiseProduct(Vector2d(side.y(), side.x()).normalized());
        CHECK(terrain(x + side) == Approx(terrain(x - side)).margin(1e-7));
        CHECK((gradient_of(terrain, x + side) - gradient_of(terrain, x - side)).norm() < 1e-6);
      }
    }
  }
}

TEST_CASE("a terrain made of a quadratic function is that function, away from the edges") {
  Terrain terrain = random_terrain(9, 8);
  const auto f = [](const Vector2d& x) {
    return 3 + x[0] - 2 * x[1] + x[0] * x[1] + 0.5 * x[0] * x[0] - x[1] * x[1];
  };
  for (Eigen::Index i = 0; i < 9; ++i) {
    for (Eigen::Index j = 0; j < 8; ++j) terrain.heights(i, j) = f(node(terrain, i, j));
  }
  for (const Vector2d& x : {Vector2d(0.3, 4.4), Vector2d(1.1, 5), Vector2d(2.4, 7.9)}) {
    CHECK(terrain(x) == Approx(f(x)).epsilon(1e-13));
    const Vector2d expected(1 + x[1] + x[0], -2 + x[0] - 2 * x[1]);
    CHECK((gradient_of(terrain, x) - expected).norm() < 1e-12);
  }
}

TEST_CASE("beyond its edges a terrain goes on as in a mirror") {
  const Terrain terrain = random_terrain(6, 5);
  const Vector2d x(-0.3, 4.2), reflected(-1.7, 4.2), repeated(-0.3 + 8, 4.2 - 14);
  CHECK(terrain(reflected) == Approx(terrain(x)).epsilon(1e-12));
  CHECK(terrain(repeated) == Approx(terrain(x)).epsilon(1e-12));
  const Vector2d there = gradient_of(terrain, x), here = gradient_of(terrain, reflected);
  CHECK((here - Vector2d(-there[0], there[1])).norm() < 1e-12);
}

TEST_CASE("a terrain takes floats, rows and views, and gives NaN where there is no place") {
  const Terrain terrain = random_terrain(6, 5);
  const Vector2d x(0.25, 4.5);
  Eigen::RowVectorXf gradient;
  CHECK(terrain(Eigen::RowVector2f(0.25f, 4.5f), gradient) == Approx(terrain(x)).epsilon(1e-6));
  CHECK((gradient.transpose().cast<double>() - gradient_of(terrain, x)).norm() < 1e-6);
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(std::isnan(terrain(Vector2d(infinity, 3))));
  CHECK(std::isnan(gradient_of(terrain, Vector2d(1, -infinity))[1]));
}

TEST_CASE("a terrain that is none is refused by name") {
  const Vector2d x(0, 3);
  CHECK(message_of([&] { random_terrain(1, 4)(x); }).find("Terrain: rows and columns of heights is 1") == 0);
  CHECK(message_of([&] {
          Terrain terrain = random_terrain(4, 4);
          terrain.domain.lower = terrain.domain.upper;
          terrain(x);
        }) == "Terrain: domain.lower is not below domain.upper");
  CHECK(message_of([] { gradus::canyon()(Eigen::VectorXd(Eigen::Vector3d(0, 0, 0))); }) ==
        "Terrain needs 2 dimensions, got 3");
}

TEST_CASE("the river of the canyon has its lowest point where it is said to be, and a pool before") {
  const Terrain canyon = gradus::canyon();
  const auto valley = [&](double x, double y) {
    return gradus::minimize(canyon, Vector2d(x, y), gradus::SGD{.learning_rate = 0.02},
                            {.max_steps = 5000, .gradient_norm = 1e-9})
        .x;
  };
  const Vector2d lowest = valley(2.2, 1.3), pool = valley(-4, -4);
  CHECK((lowest - Vector2d(2, 1.5)).norm() < 0.05);
  CHECK(canyon.heights.minCoeff() >= canyon(lowest));
  CHECK((pool - Vector2d(-1.5, -1.4)).norm() < 0.1);
  CHECK(canyon(pool) > canyon(lowest) + 0.5);
}
