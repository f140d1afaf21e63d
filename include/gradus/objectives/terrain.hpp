// SPDX-License-Identifier: MIT
//
// A landscape given by heights on a grid, and a canyon to walk in.
#pragma once

#include <algorithm>
#include <gradus/objectives/test_function.hpp>

namespace GRADUS_NAMESPACE {

/// The heights of a grid as a smooth function of two variables: bicubic interpolation after Catmull and Rom
/// (R. Keys, IEEE Transactions on Acoustics, Speech, and Signal Processing 29(6), 1981). It passes through
/// every height, has a continuous gradient, and equals a quadratic function of which the grid was made, but
/// for the cells at the edges. Beyond these it goes on as in a mirror, so that all of the plane is defined.
///
///     Terrain terrain{heights, {Eigen::Vector2d(0, 0), Eigen::Vector2d(12, 9)}};  // 12 km x 9 km
///     minimize(terrain, Eigen::Vector2d(2, 3), Adam{.learning_rate = 0.01});
///
/// Called as a test function is, with `float` or `double`, but not differentiable by `AutoDiffScalar`. An
/// infinite coordinate gives NaN. Throws `std::invalid_argument` for fewer than 2 x 2 heights and a box
/// without area.
struct Terrain {
  static constexpr std::string_view name = "Terrain";
  static constexpr int dimension = 2;

  Eigen::MatrixXd heights;  ///< heights(i, j) stands at step i from lower[0] to upper[0], j of the other
  Domain domain;            ///< the box of the grid: the first height is in one corner, the last opposite

  template <class X>
  test_functions::Scalar<X> operator()(const X& x) const {
    test_functions::check<Terrain>(x);
    const Nodes a = nodes(0, x[0]), b = nodes(1, x[1]);
    return static_cast<test_functions::Scalar<X>>(a.value.dot(around(a, b) * b.value));
  }

  template <class X, class G>
  test_functions::Scalar<X> operator()(const X& x, G&& gradient) const {
    using T = test_functions::Scalar<X>;
    test_functions::check<Terrain>(x, gradient);
    const Nodes a = nodes(0, x[0]), b = nodes(1, x[1]);
    const Eigen::Matrix4d h = around(a, b);
    gradient[0] = static_cast<T>(a.slope.dot(h * b.value));
    gradient[1] = static_cast<T>(a.value.dot(h * b.slope));
    return static_cast<T>(a.value.dot(h * b.value));
  }

 private:
  // The four nodes next to a coordinate, and their weights in the value and in its derivative.
  struct Nodes {
    std::array<Index, 4> index;
    Eigen::Vector4d value, slope;
  };

  Nodes nodes(Index axis, double x) const {
    const Index count = axis == 0 ? heights.rows() : heights.cols(), last = count - 1;
    test_functions::require_at_least(2, static_cast<double>(count), name, "rows and columns of heights");
    const double length = domain.upper[axis] - domain.lower[axis], scale = static_cast<double>(last) / length;
    if (!(length > 0)) throw std::invalid_argument("Terrain: domain.lower is not below domain.upper");
    // With its mirror image the grid has a period of twice its length.
    const double place = std::remainder((x - domain.lower[axis]) * scale, 2.0 * static_cast<double>(last));
    const double t = std::abs(place);
    const Index i = std::isfinite(t) ? std::min(static_cast<Index>(t), last - 1) : 0;
    const double s = t - static_cast<double>(i), s2 = s * s, s3 = s * s2;
    return {{i == 0 ? 1 : i - 1, i, i + 1, i + 1 == last ? last - 1 : i + 2},
            Eigen::Vector4d(-s + 2 * s2 - s3, 2 - 5 * s2 + 3 * s3, s + 4 * s2 - 3 * s3, s3 - s2) / 2,
            Eigen::Vector4d(-1 + 4 * s - 3 * s2, 9 * s2 - 10 * s, 1 + 8 * s - 9 * s2, 3 * s2 - 2 * s) *
                std::copysign(scale / 2, place)};
  }

  Eigen::Matrix4d around(const Nodes& a, const Nodes& b) const { return heights(a.index, b.index); }
};

/// A canyon of `points` x `points` heights on [-5, 5]^2, made by a formula. Terraced walls lead from a
/// plateau down to a river that winds from west to east. It has a pool near (-1.5, -1.4), where descent comes
/// to rest, and its lowest point near (2, 1.5).
inline Terrain canyon(Index points = 101) {
  const auto height = [](double x, double y) {
    const double from_river = y - 1.5 * std::cos(0.8 * (x - 2)), square = from_river * from_river;
    const double bed = 0.05 * (x - 2) * (x - 2) - 0.4 * std::cos(1.6 * (x - 2)) / (1 + square);
    const double wall = 6 * square / (1 + square) + 0.02 * y * y;
    return bed + wall - 0.25 * std::sin(3 * wall);
  };
  const Eigen::VectorXd grid = Eigen::VectorXd::LinSpaced(points, -5, 5);
  Terrain terrain{Eigen::MatrixXd(points, points), test_functions::cube<Terrain>(2, -5, 5)};
  for (Index i = 0; i < points; ++i) {
    for (Index j = 0; j < points; ++j) terrain.heights(i, j) = height(grid[i], grid[j]);
  }
  return terrain;
}

}  // namespace GRADUS_NAMESPACE
