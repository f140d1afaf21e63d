// SPDX-License-Identifier: MIT
//
// Tables of coefficients that are best possible in every step: the generators of Polar Express and CANS.
#pragma once

#include <Eigen/LU>
#include <cmath>
#include <gradus/orthogonalize/newton_schulz.hpp>
#include <vector>

namespace GRADUS_NAMESPACE {

namespace detail {

// The odd quintic that differs least from 1 on [lower, upper], by Remez' exchange: it is 1 − E, 1 + E, 1 − E,
// 1 + E at lower, q, r, upper, where q and r are its stationary points.
inline Quintic nearest_to_one(double lower, double upper) {
  if (lower / upper >= 1 - 5e-6) return quintics::convergent.of_scaled(upper);
  double q = (3 * lower + upper) / 4, r = (lower + 3 * upper) / 4, error = 0;
  Quintic best{};
  for (int iteration = 0; iteration < 100; ++iteration) {
    const std::array<double, 4> x{lower, q, r, upper};
    Eigen::Matrix4d equations;
    for (int i = 0; i < 4; ++i) {
      const double s = x[static_cast<std::size_t>(i)];
      equations.row(i) << s, s * s * s, s * s * s * s * s, (i % 2 == 0 ? 1 : -1);
    }
    const Eigen::Vector4d solution = equations.fullPivLu().solve(Eigen::Vector4d::Ones());
    best = {solution(0), solution(1), solution(2)};
    if (std::abs(solution(3) - error) < 1e-15) break;
    error = solution(3);
    const double root = std::sqrt(9 * best.b * best.b - 20 * best.a * best.c);
    q = std::sqrt((-3 * best.b - root) / (10 * best.c));
    r = std::sqrt((-3 * best.b + root) / (10 * best.c));
  }
  return best;
}

inline void require_table_steps(const char* who, int steps) {
  require_field(steps >= 1 && steps <= Coefficients::most_rows, who, "steps", steps, "be from 1 to 24");
}

}  // namespace detail

/// What Polar Express's table is made for.
struct PolarExpress {
  double lower_end =
      1e-3;  ///< ℓ in (0, 1): singular values from here on, of a largest one of 1, converge fastest
  double cushion = 0.02;  ///< in [0, 1): treats ℓ as at least this part of the largest singular value
  double safety = 1.02;   ///< ≥ 1: room above the largest one for rounding errors
};

/// The table of Polar Express (Amsel, Persson, Musco & Gower, arXiv:2505.16932): each step's polynomial
/// differs least from 1 on the interval [ℓ, u] that the steps before have left.
///
///     pₖ = the quintic nearest to 1 on [max(ℓ, cushion · u), u], of σ / safety except in the last step
///     ℓ ← pₖ(ℓ),  u ← 2 − ℓ
///
/// The defaults give the five rows of modded-nanogpt and of the Dion repository. Throws
/// `std::invalid_argument` for bad numbers.
inline Coefficients polar_express_coefficients(int steps, const PolarExpress& options = {}) {
  constexpr auto who = "polar_express";
  const auto& [lower_end, cushion, safety] = options;
  detail::require_table_steps(who, steps);
  require_field(lower_end > 0 && lower_end < 1, who, "lower_end", lower_end, "be between 0 and 1");
  require_fraction(who, "cushion", cushion);
  require_field(safety >= 1 && std::isfinite(safety), who, "safety", safety, "be at least 1");
  std::vector<Quintic> rows;
  double lower = lower_end, upper = 1;
  for (int k = 0; k < steps; ++k) {
    Quintic p = detail::nearest_to_one(std::max(lower, cushion * upper), upper);
    if (cushion * upper > lower) {  // centres the values around 1 again
      const double rescale = 2 / (p(lower) + p(upper));
      p = {p.a * rescale, p.b * rescale, p.c * rescale};
    }
    if (k + 1 < steps) p = p.of_scaled(safety);
    rows.push_back(p);
    upper = 2 - p(lower);
    lower = std::min(p(lower), upper);
  }
  return {rows.begin(), rows.end()};
}

/// Newton–Schulz with the table of Polar Express for this number of steps, on X / (safety · ‖X‖_F + 1e-6) as
/// modded-nanogpt and the Dion repository do.
template <class Method = NewtonSchulz>
Method polar_express(int steps = 5, const PolarExpress& options = {}) {
  return {.steps = steps,
          .coefficients = polar_express_coefficients(steps, options),
          .epsilon = 1e-6,
          .guard = NormGuard::add,
          .safety = options.safety};
}

/// The table of CANS (Grishina, Smirnov & Rakhuba, arXiv:2506.10935): Polar Express without cushion or
/// safety, for the smallest left end from which all singular values up to 1 end within 1 ± `error`, 0 < error
/// < 1. Throws `std::invalid_argument` for bad numbers.
inline Coefficients cans_coefficients(int steps, double error = 0.3) {
  detail::require_table_steps("cans", steps);
  require_field(error > 0 && error < 1, "cans", "error", error, "be between 0 and 1");
  const auto table = [&](double lower_end) {
    return polar_express_coefficients(steps, {.lower_end = lower_end, .cushion = 0, .safety = 1});
  };
  const auto reaches = [&](double lower_end) {
    const Coefficients rows = table(lower_end);
    double sigma = lower_end;
    for (int k = 0; k < steps; ++k) sigma = rows[k](sigma);
    return 1 - sigma <= error;
  };
  double too_small = std::log(1e-12), enough = std::log(1 - 1e-9);
  for (int k = 0; k < 60; ++k) {
    const double middle = (too_small + enough) / 2;
    (reaches(std::exp(middle)) ? enough : too_small) = middle;
  }
  return table(std::exp(enough));
}

/// Newton–Schulz with the table of CANS for this number of steps, on X / (1.01 ‖X‖_F + 1e-7): its polynomials
/// grow fast above 1, where rounding errors may carry the singular value of a matrix of rank one. Those of
/// bfloat16 are too large for it, and so are float's from about ten steps on: a step may multiply them by
/// ten. Take `polar_express` there.
template <class Method = NewtonSchulz>
Method cans(int steps = 5, double error = 0.3) {
  return {.steps = steps,
          .coefficients = cans_coefficients(steps, error),
          .epsilon = 1e-7,
          .guard = NormGuard::add,
          .safety = 1.01};
}

}  // namespace GRADUS_NAMESPACE
