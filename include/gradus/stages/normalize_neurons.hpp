// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/layout.hpp>
#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

/// What NorMuon averages the squares of u over.
enum class NorMuonStatistics {
  outputs,     ///< one number for each output: the paper
  longer_side  ///< one for each row if rows ≥ cols, else one for each column: modded-nanogpt
};

namespace stages {

/// Every neuron, a row of outputs x inputs, divided by the root of its mean square; the norm of the matrix
/// stays:
///
///     v ← β2 v + (1 − β2) · mean of u² over each row             (starts at 0, not corrected)
///     n = u/(√v + ε), row by row
///     u ← ‖u‖/(‖n‖ + ε) · n
///
/// With `skip_zeros` a row of zeros takes no part: its v stays. NorMuon's (Li et al., arXiv:2510.05491); with
/// a β2 of 0 all rows become equally long, as in MuonEq (arXiv:2603.28254), where it precedes Newton–Schulz.
/// State: v, one number a row.
struct NormalizeNeurons {
  double beta2 = 0.95;                                        ///< β2 in [0, 1), the decay of v
  double epsilon = 1e-10;                                     ///< ε > 0
  Layout layout = Layout::outputs_by_inputs;                  ///< what rows and columns are
  NorMuonStatistics statistics = NorMuonStatistics::outputs;  ///< what v has one number for
  bool skip_zeros = false;  ///< leave v as it is where u has only zeros: NorDion2
  GRADUS_FIELDS(NormalizeNeurons, beta2, epsilon, layout, statistics, skip_zeros)

  template <class Tree>
  struct State {
    matrices_like<Tree> v;  ///< averages of the mean squares, one column a leaf
    GRADUS_STATE(v)
  };

  /// Refuses bad β2 and ε.
  void validate(std::string_view who) const {
    require_fraction(who, "beta2", beta2);
    require_positive(who, "epsilon", epsilon);
  }

  /// Refuses a change of `layout` or `statistics`.
  void check_unchanged(std::string_view who, const NormalizeNeurons& made_with) const {
    require_same_choice(who, "layout", layout, made_with.layout);
    require_same_choice(who, "statistics", statistics, made_with.statistics);
  }

  /// v has one number a neuron: a column of them for rows, a row of them for columns.
  std::array<Shape, 1> shapes(Index rows, Index cols) const {
    return {by_rows(rows, cols) ? Shape{rows, 1} : Shape{1, cols}};
  }

  /// v, and the normalized matrix in place of u.
  template <class Tree>
  auto begin(State<Tree>&) const {
    return [*this](auto& update, auto& v) {
      update.settle();
      auto& u = update.matrix;
      using Scalar = typename std::remove_cvref_t<decltype(u)>::Scalar;
      const double before = gradus::norm(u);
      const auto kept = static_cast<Scalar>(beta2), eps = representable(epsilon, v);
      if (by_rows(u.rows(), u.cols())) {
        const auto part = static_cast<Scalar>((1 - beta2) / static_cast<double>(u.cols()));
        if (skip_zeros) {
          for (Index i = 0; i < u.rows(); ++i) v(i) *= u.row(i).isZero(0) ? Scalar(1) : kept;
        } else {
          v *= kept;
        }
        for (const auto& column : u.colwise()) v += part * column.cwiseAbs2();
        for (auto column : u.colwise()) column.array() /= root(v.col(0).array()) + eps;
      } else {
        const auto part = static_cast<Scalar>((1 - beta2) / static_cast<double>(u.rows()));
        for (Index j = 0; j < u.cols(); ++j) {
          if (skip_zeros && u.col(j).isZero(0)) continue;
          v(j) = kept * v(j) + part * u.col(j).squaredNorm();
          u.col(j) /= std::sqrt(v(j)) + eps;
        }
      }
      update.factor *= before / (gradus::norm(u) + epsilon);
    };
  }

 private:
  bool by_rows(Index rows, Index cols) const {
    if (statistics == NorMuonStatistics::longer_side) return rows >= cols;
    return layout == Layout::outputs_by_inputs;
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
