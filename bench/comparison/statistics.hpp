// SPDX-License-Identifier: MIT
//
// Means, standard errors and Welch's test.
#pragma once

#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

namespace comparison {

using Sample = std::vector<double>;

/// The arithmetic mean of at least one value.
inline double mean(const Sample& sample) {
  return std::accumulate(sample.begin(), sample.end(), 0.0) / static_cast<double>(sample.size());
}

/// The standard error of the mean of at least two values: √(∑(x − mean)²/(n − 1)/n).
inline double standard_error(const Sample& sample) {
  const double middle = mean(sample), n = static_cast<double>(sample.size());
  double squares = 0;
  for (const double x : sample) squares += (x - middle) * (x - middle);
  return std::sqrt(squares / (n - 1) / n);
}

/// P(T ≤ t) for Student's t with ν ≥ 1 degrees of freedom, to 1e-8 from ν = 3 on. With T = √ν tan φ, the
/// density of φ is proportional to cos^(ν−1) φ, which Simpson's rule integrates.
inline double student_t_below(double t, double degrees) {
  const auto integral = [&](double from, double to) {
    const int intervals = 20'000;
    const double width = (to - from) / intervals;
    double sum = 0;
    for (int i = 0; i <= intervals; ++i) {
      const double weight = i == 0 || i == intervals ? 1 : i % 2 == 1 ? 4 : 2;
      sum += weight * std::pow(std::abs(std::cos(from + i * width)), degrees - 1);
    }
    return sum * width / 3;
  };
  const double half = std::numbers::pi / 2, angle = std::atan(t / std::sqrt(degrees));
  return integral(-half, angle) / integral(-half, half);
}

/// Welch's one-sided test that the mean behind `a` is below the mean behind `b`, whatever their variances:
/// the probability of so low a t if the means were equal.
///
///     t = (mean a − mean b)/√(s_a² + s_b²),   ν = (s_a² + s_b²)²/(s_a⁴/(n_a − 1) + s_b⁴/(n_b − 1))
///
/// where s is the standard error. Equal to `scipy.stats.ttest_ind(a, b, equal_var=False,
/// alternative="less").pvalue`; not a number if all values of both are equal.
inline double welch_below(const Sample& a, const Sample& b) {
  const double variance_a = std::pow(standard_error(a), 2), variance_b = std::pow(standard_error(b), 2);
  const double variance = variance_a + variance_b;
  const double degrees = variance * variance /
                         (variance_a * variance_a / static_cast<double>(a.size() - 1) +
                          variance_b * variance_b / static_cast<double>(b.size() - 1));
  return student_t_below((mean(a) - mean(b)) / std::sqrt(variance), degrees);
}

}  // namespace comparison
