// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/linalg/multiply.hpp>
#include <gradus/stages/stage.hpp>
#include <numbers>
#include <random>

namespace GRADUS_NAMESPACE {

namespace stages {

/// Momentum of low rank with orthonormal directions: one step of power iteration on the momentum M (m x n)
/// follows its r strongest directions; what it misses stays in M and is not forgotten:
///
///     M ← M + u
///     P = orthonormal basis of MQ,  R = MᵀP
///     M ← M − (1 − μ) P Rᵀ                      (error feedback: only the part that was used decays)
///     Q ← R, each column divided by ‖column‖ + ε
///     u ← P Qᵀ
///
/// with r = ⌈`rank_fraction` · min(m, n)⌉ and a random Gaussian Q at first. P comes from classical
/// Gram–Schmidt, run twice, which is as orthogonal as Householder's QR and needs no memory of its own. Dion's
/// (Ahn et al., arXiv:2504.05295). State: M, Q.
struct PowerIteration {
  double momentum = 0.95;    ///< μ in [0, 1]
  double epsilon = 1e-8;     ///< ε > 0
  double rank_fraction = 1;  ///< in (0, 1]; read by `init`
  std::uint32_t seed = 0;  ///< of the first Q, to which each leaf adds its place in the tree; read by `init`
  GRADUS_FIELDS(PowerIteration, momentum, epsilon, rank_fraction, seed)

  template <class Tree>
  struct State {
    matrices_like<Tree> m, q;  ///< momentum, and its strongest directions
    GRADUS_STATE(m, q)
  };

  /// Refuses bad fields.
  void validate(std::string_view who) const {
    require_field(momentum >= 0 && momentum <= 1, who, "momentum", momentum, "lie in [0, 1]");
    require_positive(who, "epsilon", epsilon);
    require_field(rank_fraction > 0 && rank_fraction <= 1, who, "rank_fraction", rank_fraction,
                  "lie in (0, 1]");
  }

  /// Refuses a change of `rank_fraction` or `seed`.
  void check_unchanged(std::string_view who, const PowerIteration& made_with) const {
    require_unchanged(who, "rank_fraction", rank_fraction, made_with.rank_fraction);
    require_unchanged(who, "seed", seed, made_with.seed);
  }

  /// M as the leaf, Q with r columns.
  std::array<Shape, 2> shapes(Index rows, Index cols) const {
    return {Shape{rows, cols}, Shape{cols, rank(rows, cols)}};
  }

  /// The first Q.
  template <class Matrix>
  void start(const Path& path, Matrix&, Matrix& q) const {
    std::mt19937 engine(seed + static_cast<std::uint32_t>(path.ordinal));
    for (auto& x : q.reshaped()) x = static_cast<typename Matrix::Scalar>(gaussian(engine));
  }

  /// Room for P, R, a column, and the products.
  template <class Scalar>
  std::size_t scratch(Index m, Index n) const {
    const Index r = rank(m, n);
    return Workspace::bytes<Scalar>(m, r) + Workspace::bytes<Scalar>(n, r) + Workspace::bytes<Scalar>(r, 1) +
           detail::multiply_scratch<Scalar>(std::max(m, n));
  }

  /// The floating-point operations of the products and of P.
  double flops(Index rows, Index cols) const {
    const auto r = static_cast<double>(rank(rows, cols));
    return 8 * r * (static_cast<double>(rows * cols) + static_cast<double>(rows) * r);
  }

  /// M, Q, and P Qᵀ in place of u.
  template <class Tree>
  auto begin(State<Tree>&) const {
    return [*this](auto& update, auto& m, auto& q) {
      using Scalar = typename std::remove_cvref_t<decltype(m)>::Scalar;
      update.settle();
      Workspace& workspace = update.workspace;
      auto p = workspace.template take<Scalar>(m.rows(), q.cols());
      auto r = workspace.template take<Scalar>(q.rows(), q.cols());
      gradus::for_each_block([](auto& sum, const auto& g) { sum += g; }, m, std::as_const(update.matrix));
      detail::multiply(p, m, q, workspace);
      orthonormalize(p, workspace.template take<Scalar>(q.cols(), 1));
      detail::multiply(r, m.transpose(), p, workspace);
      detail::multiply_add(false, m, momentum - 1, p, r.transpose(), 1, m, workspace);
      for (Index k = 0; k < q.cols(); ++k) {
        if (!p.col(k).isZero(0)) q.col(k) = r.col(k) / static_cast<Scalar>(gradus::norm(r.col(k)) + epsilon);
      }
      detail::multiply(update.matrix, p, q.transpose(), workspace);
    };
  }

 private:
  Index rank(Index rows, Index cols) const {
    const Index most = std::min(rows, cols);
    return std::min(most, static_cast<Index>(std::ceil(rank_fraction * static_cast<double>(most))));
  }

  // By Box and Muller: the standard fixes the numbers of the engine, but not those of its distributions.
  static double gaussian(std::mt19937& engine) {
    const double u = (static_cast<double>(engine()) + 0.5) * 0x1p-32;
    const double v = (static_cast<double>(engine()) + 0.5) * 0x1p-32;
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
  }

  // Makes the columns of p orthonormal, those that depend on the columns before them zero.
  template <class Scalar>
  static void orthonormalize(MatrixMap<Scalar> p, MatrixMap<Scalar> overlap) {
    const Scalar tiny = 10 * static_cast<Scalar>(p.rows()) * std::numeric_limits<Scalar>::epsilon();
    for (Index k = 0; k < p.cols(); ++k) {
      const auto basis = p.leftCols(k);
      auto column = p.col(k);
      const double length = gradus::norm(column);  // which the square of large numbers does not overflow
      if (length == 0) continue;
      column /= static_cast<Scalar>(length);
      for (int round = 0; round < 2; ++round) {
        overlap.topRows(k).noalias() = basis.transpose() * column;
        column.noalias() -= basis * overlap.topRows(k);
        const Scalar rest = column.norm();
        if (rest <= tiny) {
          column.setZero();
        } else {
          column /= rest;
        }
      }
    }
  }
};

}  // namespace stages
}  // namespace GRADUS_NAMESPACE
