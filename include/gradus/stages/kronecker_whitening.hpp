// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/linalg/kronecker_factor.hpp>
#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

namespace stages {

/// Momentum, whitened by a Kronecker product that learns to whiten gradients (Li, arXiv:1512.04202,
/// arXiv:2402.11858), in the form QUAD of the author's code (github.com/lixilinx/psgd_torch). With G the
/// gradient, an m x n matrix that u begins as, and A = Q_LQ_L, B = Q_RQ_R,
///
///     every `period` steps, from the first on:  W = AGB
///         T = WWᵀ + δ²‖B‖²A²,  ℓ = ‖T‖ + n,  L ← max(βL + (1 − β)ℓ, ℓ)
///         Q_L ← EQ_LE  with E = I − μ_Q/(2L) (T − nI);  Q_R likewise, by Wᵀ and m
///     b ← β_t b + (1 − β_t)G  with β_t = min((t − 1)/t, μ)
///     u ← AbB, shortened to a root mean square of `clip_rms`, then clamped to ±`clip`
///
/// Q is symmetric, and positive as long as μ_Q ≤ 1; where W is white, T is nI on average, and Q stays. Of a
/// side n with n > `max_dimension` or n > `max_skew` times the other only a diagonal is kept; a side of 1 has
/// none, but one number serves a leaf of one coefficient. Q begins as a multiple of I, such that
/// AGB = (mean of G⁴ + δ⁴)^−¼ G.
///
/// Nothing is random here: δ stands for the noise that the author adds to G, its expectation taken, ‖T‖ is
/// found by power iteration from T's largest column, and both factors are given the same largest coefficient
/// in every fit, which changes nothing. State: b, Q_L, Q_R, L.
struct KroneckerWhitening {
  double momentum = 0.9;             ///< μ in [0, 1)
  double preconditioner_rate = 0.1;  ///< μ_Q in [0, 1]
  double beta = 0.9;                 ///< decay of L, in [0, 1)
  double damping = 1e-9;             ///< δ > 0: AB stays below 1/δ
  int period = 1;                    ///< ≥ 1, steps between fits
  Index max_dimension = 10000;       ///< ≥ 1, the longest side with a whole Q; read by `init`
  double max_skew = 1;               ///< ≥ 0, of a side with a whole Q; read by `init`
  double clip_rms = 2;               ///< > 0, largest root mean square of u
  double clip = 10;                  ///< > 0, largest coefficient of u
  GRADUS_FIELDS(KroneckerWhitening, momentum, preconditioner_rate, beta, damping, period, max_dimension,
                max_skew, clip_rms, clip)

  template <class Tree>
  struct State {
    matrices_like<Tree> b, q_left, q_right;  ///< average of G, and the factors
    matrices_like<Tree, double> bounds;      ///< L of both
    std::int64_t t = 0;                      ///< steps so far
    GRADUS_STATE(b, q_left, q_right, bounds, t)
  };

  /// Refuses bad fields.
  void validate(std::string_view who) const {
    require_fraction(who, "momentum", momentum);
    require_field(preconditioner_rate >= 0 && preconditioner_rate <= 1, who, "preconditioner_rate",
                  preconditioner_rate, "lie in [0, 1]");
    require_fraction(who, "beta", beta);
    require_positive(who, "damping", damping);
    require_at_least(who, "period", period, 1);
    require_at_least(who, "max_dimension", max_dimension, 1);
    require_nonnegative(who, "max_skew", max_skew);
    require_positive(who, "clip_rms", clip_rms);
    require_positive(who, "clip", clip);
  }

  /// Refuses a change of `max_dimension` or `max_skew`.
  void check_unchanged(std::string_view who, const KroneckerWhitening& made_with) const {
    require_unchanged(who, "max_dimension", static_cast<double>(max_dimension),
                      static_cast<double>(made_with.max_dimension));
    require_unchanged(who, "max_skew", max_skew, made_with.max_skew);
  }

  /// b as the leaf, Q_L and Q_R whole, as diagonals or empty, and two numbers.
  std::array<Shape, 4> shapes(Index rows, Index cols) const {
    const Shape left = rows == 1 && cols == 1 ? Shape{1, 1} : factor(rows, cols);
    return {Shape{rows, cols}, left, factor(cols, rows), Shape{2, 1}};
  }

  /// Room for W, both squares, and what a fit needs.
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    const auto [leaf, left, right, bounds] = shapes(rows, cols);
    return detail::factors_scratch<Scalar>(rows, cols, left.cols, right.cols);
  }

  /// The floating-point operations of the whole factors; once in a `period` of their fits.
  double flops(Index rows, Index cols) const {
    const auto side = [&](const Shape& factor) {
      const auto m = static_cast<double>(factor.cols > 1 ? factor.cols : 0);
      const double product = m * static_cast<double>(rows * cols), square = m * m * m;
      return 2 * product + square + (3 * product + 5 * square) / period;
    };
    return side(factor(rows, cols)) + side(factor(cols, rows));
  }

  /// b and the factors, and the whitened b in place of u.
  template <class Tree>
  auto begin(State<Tree>& state) const {
    const auto t = static_cast<double>(++state.t);
    const bool fits = (state.t - 1) % period == 0;
    return [=, this](auto& update, auto& b, auto& q_left, auto& q_right, auto& bounds) {
      using Scalar = typename std::remove_cvref_t<decltype(b)>::Scalar;
      update.settle();
      auto& u = update.matrix;
      if (u.size() == 0) return;
      Workspace& workspace = update.workspace;
      auto left = workspace.template take<Scalar>(q_left.rows(), q_left.cols());
      auto right = workspace.template take<Scalar>(q_right.rows(), q_right.cols());
      const auto square = [&] {
        detail::square_factor(q_left, left, workspace);
        detail::square_factor(q_right, right, workspace);
      };
      if (t == 1) start_factors(u, q_left, q_right);
      square();
      if (fits) {
        auto w = workspace.template take<Scalar>(u.rows(), u.cols());
        w = u;
        detail::apply_factors(left, w, right, workspace);
        fit(q_left, left, w, right, bounds(0), workspace);
        fit(q_right, right, w.transpose(), left, bounds(1), workspace);
        detail::balance_factors(q_left, q_right);
        square();
      }
      gradus::for_each_block(
          [kept = std::min((t - 1) / t, momentum)](auto& average, auto& g) {
            average = kept * average + (1 - kept) * g;
            g = average;
          },
          b, u);
      detail::apply_factors(left, u, right, workspace);
      const double rms = gradus::norm(u) / std::sqrt(static_cast<double>(u.size()));
      gradus::for_each_block([scale = rms > clip_rms ? clip_rms / rms : 1,
                              limit = clip](auto& x) { x = clamped(scale * x, limit); },
                             u);
    };
  }

 private:
  // The shape of the factor of a side of n beside another.
  Shape factor(Index n, Index other) const {
    if (n <= 1 || other == 0) return {0, 0};
    const bool is_whole =
        n <= max_dimension && static_cast<double>(n) <= max_skew * static_cast<double>(other);
    return {n, is_whole ? n : 1};
  }

  // Multiples of the identity.
  template <class U, class Q>
  void start_factors(const U& u, Q& q_left, Q& q_right) const {
    double sum = 0;
    for (const auto& column : u.colwise())
      sum += column.template cast<double>().array().square().square().sum();
    const double scale = std::pow(sum / static_cast<double>(u.size()) + std::pow(damping, 4), -0.125);
    const double each = q_left.size() > 0 && q_right.size() > 0 ? std::sqrt(scale) : scale;
    for (Q* q : {&q_left, &q_right}) {
      if (q->cols() == 1) {
        q->setOnes();
      } else {
        q->setIdentity();
      }
      *q *= static_cast<typename Q::Scalar>(each);
    }
  }

  template <class Q, class Square, class W>
  void fit(Q& q, const Square& square, const W& w, const Square& other, double& bound,
           Workspace& workspace) const {
    const double noise = other.size() > 0 ? other.template cast<double>().squaredNorm() : 1;
    detail::fit_factor(q, square, w, {preconditioner_rate, beta, damping * damping * noise, bound},
                       workspace);
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
