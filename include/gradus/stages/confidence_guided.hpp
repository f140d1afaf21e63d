// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/factored_average.hpp>

namespace GRADUS_NAMESPACE {

namespace stages {

/// Adafactor's division, its average, and a division by how far the two are apart:
///
///     R, C average the row and column means of u² + ε1 with β2,  V̂ = R Cᵀ/mean(R)
///     U = u/√V̂,  U ← U/max(1, rms(U)/clip)
///     m ← β1 m + (1 − β1)U
///     R', C' average those of (U − m)² + ε2 with β3,             S = R' C'ᵀ/mean(R')
///     u ← m/√S
///
/// of a matrix; of a vector (one row or column) V is kept whole, and u ← m. Nothing is corrected for starting
/// at 0. CAME's (Luo et al., arXiv:2307.02047). State: R, C, R', C', in double, or V; m.
struct ConfidenceGuided {
  double beta1 = 0.9;       ///< decay of m, in [0, 1)
  double beta2 = 0.999;     ///< decay of the mean square, in [0, 1)
  double beta3 = 0.9999;    ///< decay of the instability, in [0, 1)
  double epsilon1 = 1e-30;  ///< ε1 ≥ 0, added to squares
  double epsilon2 = 1e-16;  ///< ε2 ≥ 0, added to the instability
  double clip = 1;          ///< > 0, the largest root mean square of U
  GRADUS_FIELDS(ConfidenceGuided, beta1, beta2, beta3, epsilon1, epsilon2, clip)

  template <class Tree>
  struct State {
    matrices_like<Tree, double> r, c;                          ///< means of rows and columns, or empty
    matrices_like<Tree, double> instability_r, instability_c;  ///< R', C', or empty
    matrices_like<Tree> v, m;                                  ///< whole mean square, or empty; average
    GRADUS_STATE(r, c, instability_r, instability_c, v, m)
  };

  /// Refuses bad fields.
  void validate(std::string_view who) const {
    require_fraction(who, "beta1", beta1);
    require_fraction(who, "beta2", beta2);
    require_fraction(who, "beta3", beta3);
    require_nonnegative(who, "epsilon1", epsilon1);
    require_nonnegative(who, "epsilon2", epsilon2);
    require_positive(who, "clip", clip);
  }

  /// R, C, R', C', or V; m.
  static std::array<Shape, 6> shapes(Index rows, Index cols) {
    const Shape leaf{rows, cols}, empty{0, 0};
    const bool factored = is_factored(rows, cols);
    const Shape of_rows = factored ? Shape{rows, 1} : empty, of_cols = factored ? Shape{cols, 1} : empty;
    return {of_rows, of_cols, of_rows, of_cols, factored ? empty : leaf, leaf};
  }

  /// Room for √R and √R'.
  template <class Scalar>
  static std::size_t scratch(Index rows, Index) {
    return 2 * Workspace::bytes<Scalar>(rows, 1);
  }

  /// V, u divided by √V, and the squares of u, for one block of a vector.
  auto divide_by_root() const {
    return [*this](auto& u, auto& v) {
      v = beta2 * v + (1 - beta2) * (u.square() + representable(epsilon1, v));
      u /= root(v);
      return wide_square(u);
    };
  }

  /// m, and m in place of u, for one block of a vector, with U = factor · u.
  auto average(double factor) const {
    return [=, *this](auto& u, auto& m) {
      m = beta1 * m + (1 - beta1) * factor * u;
      u = m;
    };
  }

  /// m, and a share of (U − m)² + ε2 added to R', for a block of a column, with U = factor · u.
  auto average_and_add(double factor, double share) const {
    return [=, *this](auto& r, const auto& u, auto& m) {
      m = beta1 * m + (1 - beta1) * factor * u;
      auto instability = ((factor * u - m).square() + epsilon2).eval();
      r += share * instability;
      return instability;
    };
  }

  /// u ← m/√S, for a block of a column j: √S = factor · √R'.
  static auto divide_average(double factor) {
    return [=](auto& u, const auto& m, const auto& root_r) { u = m / (factor * root_r); };
  }

  /// The averages, and the direction in place of u.
  template <class Tree>
  auto begin(State<Tree>&) const {
    return
        [this](auto& update, auto& r, auto& c, auto& instability_r, auto& instability_c, auto& v, auto& m) {
          update.settle();
          auto& u = update.matrix;
          if (!is_factored(u.rows(), u.cols())) {
            const double factor = clipping(gradus::sum_blocks(divide_by_root(), u, v), u.size());
            gradus::for_each_block(average(factor), u, m);
          } else {
            const auto add_to = [this](double share) { return detail::add_squares(share, epsilon1); };
            detail::average_rows_and_columns(add_to, 1 - beta2, r, c, std::as_const(u));
            const double factor = clipping(detail::divide_by_factors(u, r, c, 0, update.workspace), u.size());
            guide(factor, u, instability_r, instability_c, m, update.workspace);
          }
        };
  }

 private:
  static bool is_factored(Index rows, Index cols) { return std::min(rows, cols) > 1; }

  // U = clipping(‖u‖², size) · u.
  double clipping(double of_u, Index size) const {
    return 1 / std::max(1.0, std::sqrt(of_u / static_cast<double>(size)) / clip);
  }

  GRADUS_PACKETS_BEGIN

  // m, R', C', and u ← m/√S.
  template <class Scalar>
  void guide(double factor, MatrixMap<Scalar> u, Eigen::MatrixXd& r, Eigen::MatrixXd& c,
             Eigen::MatrixX<Scalar>& m, Workspace& workspace) const {
    const auto add_to = [&](double share) { return average_and_add(factor, share); };
    detail::average_rows_and_columns(add_to, 1 - beta3, r, c, std::as_const(u), m);
    const auto root_r = detail::roots<Scalar>(r, workspace);
    const double mean = r.mean();
    for (Index j = 0; j < u.cols(); ++j) {
      auto column = u.col(j);
      const auto of_m = std::as_const(m).col(j);
      gradus::for_each_block(divide_average(std::sqrt(c(j) / mean)), column, of_m, root_r);
    }
  }

  GRADUS_PACKETS_END
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
