// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <gradus/core/namespace.hpp>
#include <initializer_list>
#include <stdexcept>

namespace GRADUS_NAMESPACE {

/// Coefficients of the odd polynomial p(σ) = aσ + bσ³ + cσ⁵ that one Newton–Schulz step applies to the
/// singular values.
struct Quintic {
  double a, b, c;  ///< of σ, σ³, σ⁵

  /// p(σ)
  constexpr double operator()(double sigma) const {
    const double square = sigma * sigma;
    return sigma * (a + square * (b + square * c));
  }
  /// The polynomial σ ↦ p(σ / s).
  constexpr Quintic of_scaled(double s) const { return {a / s, b / (s * s * s), c / (s * s * s * s * s)}; }
};

/// The polynomials of an iteration: one for every step, or a table of one row a step. A table is made for its
/// number of steps and no other: cut short it would not converge.
class Coefficients {
 public:
  static constexpr int most_rows = 24;  ///< of a table

  /// One polynomial for every step.
  constexpr Coefficients(const Quintic& every_step) : rows_{every_step} {}

  /// A table of one row a step. Throws `std::invalid_argument` for no rows or more than `most_rows`.
  template <class Iterator>
  constexpr Coefficients(Iterator first, Iterator last) : size_(static_cast<int>(last - first)) {
    if (size_ < 1 || size_ > most_rows) {
      throw std::invalid_argument("gradus: a table of coefficients must have 1 to 24 rows");
    }
    std::copy(first, last, rows_.begin());
  }

  /// Same, for a table as it is written.
  constexpr Coefficients(std::initializer_list<Quintic> table) : Coefficients(table.begin(), table.end()) {}

  /// The number of rows of a table, 0 if there is one polynomial for every step.
  constexpr int size() const { return size_; }

  /// The polynomial of a step, counted from 0; past the end of a table its last row.
  constexpr const Quintic& operator[](int step) const {
    return rows_[static_cast<std::size_t>(std::max(std::min(step, size_ - 1), 0))];
  }

 private:
  std::array<Quintic, most_rows> rows_{};
  int size_ = 0;
};

/// Named coefficients.
namespace quintics {

/// Keller Jordan's (2024): lifts small singular values fast but does not converge; they end up between 0.68
/// and 1.14 (0.68 and 1.21 where they began below 0.01).
inline constexpr Quintic jordan{3.4445, -4.7750, 2.0315};

/// p(1) = 1, p'(1) = p''(1) = 0: converges, monotonically and with cubic order, from any σ in (0, 1.52]; 12
/// steps do for a well-conditioned matrix in double.
inline constexpr Quintic convergent{15.0 / 8, -10.0 / 8, 3.0 / 8};

/// The classical iteration, of quadratic order and the slowest: converges from any σ in (0, 1.73].
inline constexpr Quintic cubic{3.0 / 2, -1.0 / 2, 0};

/// p(1) = 1, p'(1) = 0, and between 0 and 1 never above 1.002: converges from any σ in (0, 1.41], with
/// quadratic order, and lifts small ones twofold a step. Twelve steps bring σ from 0.001 on to 1
/// (modded-nanogpt, track 3).
inline constexpr Quintic flat{2, -1.5, 0.5};

/// YouJiacheng's five steps (modded-nanogpt, 2025), tuned by gradient descent: singular values from 0.01 on
/// end up between 0.97 and 1.15, from 0.1 on between 0.97 and 1.04.
inline constexpr Coefficients you_jiacheng{{4.0848, -6.8946, 2.9270},
                                           {3.9505, -6.3029, 2.6377},
                                           {3.7418, -5.5913, 2.3037},
                                           {2.8769, -3.1427, 1.2046},
                                           {2.8366, -3.0525, 1.2012}};

/// DeepSeek-V4's ten steps, as in NVIDIA's Emerging-Optimizers: eight of `jordan` lift small singular values,
/// and two of `flat` bring them together. From 0.001 on they end between 1.0000 and 1.0006; those from
/// 1.26 on diverge.
inline constexpr Coefficients deepseekv4{jordan, jordan, jordan, jordan, jordan,
                                         jordan, jordan, jordan, flat,   flat};

/// Five cubic steps (arXiv:2606.00371; Emerging-Optimizers), three quarters of the cost of five quintics:
/// singular values from 0.007 on end between 0.77 and 1.30. Those above 1.003 change their sign, so no
/// prescale that only estimates σ₁ will do.
inline constexpr Coefficients cubic5{{3.3656576, -3.3420992, 0},
                                     {2.5744352, -1.4957376, 0},
                                     {2.5368962, -1.4312570, 0},
                                     {2.4418906, -1.2764040, 0},
                                     {2.2230472, -0.9630650, 0}};

}  // namespace quintics

}  // namespace GRADUS_NAMESPACE
