// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/for_each_leaf.hpp>
#include <gradus/core/matrices_like.hpp>
#include <gradus/core/optimizer.hpp>
#include <optional>

namespace GRADUS_NAMESPACE {

/// Where ε1 enters Adafactor.
enum class AdafactorForm {
  torch,  ///< V̂ ← max(V̂, ε1²) and mean(R) ← max(mean(R), ε1); ε1 = machine epsilon unless given
  t5      ///< g² ← g² + ε1 (the paper, T5's Mesh TensorFlow); ε1 = 1e-30 unless given
};

/// Adafactor (Shazeer & Stern, arXiv:1804.04235), equal to `torch.optim.Adafactor` or to T5's: AdaGrad-like
/// scaling by a mean square V of which only the means of rows and columns are kept.
///
///     w = t^−decay_power
///     R ← R + w(row means of g² − R),  C ← C + w(column means of g² − C),  V̂ = R Cᵀ/mean(R)
///     U = g/√V̂
///     α = max(ε2, rms(θ)) · min(η, 1/√t)
///     θ ← (1 − ηλ)θ − α/max(1, rms(U)/clip) · U
///
/// of a matrix; the V of a vector (one row or column), or of a matrix with a side below
/// `min_dim_size_to_factor`, is kept whole. With β1 > 0 it is an average of the last term that is subtracted,
/// as in T5. State: R and C, in double, or V; m with β1; and room for the largest gradient and each thread.
/// Reads and writes 10 numbers a coefficient of a matrix, 11 of a vector, 2 more with β1, in three or four
/// passes.
struct Adafactor {
  double learning_rate = 1e-2;                ///< η ≥ 0
  double decay_power = 0.8;                   ///< > 0: w falls from 1 with this power of t
  std::optional<double> epsilon1{};           ///< ε1 ≥ 0, see `AdafactorForm`
  double epsilon2 = 1e-3;                     ///< ε2 ≥ 0, the least root mean square of θ that counts
  double clip = 1;                            ///< > 0, the largest root mean square of U
  double beta1 = 0;                           ///< decay of the averaged update, in [0, 1); 0: none
  double weight_decay = 0;                    ///< λ ≥ 0, decoupled
  int min_dim_size_to_factor = 2;             ///< ≥ 2; T5 has 128
  AdafactorForm form = AdafactorForm::torch;  ///< where ε1 enters

  template <class Tree>
  struct State {
    matrices_like<Tree, double> r, c;   ///< means of rows and columns, or empty
    matrices_like<Tree> v, m;           ///< the whole mean square and the averaged update, or empty
    std::int64_t t = 0;                 ///< steps taken
    std::vector<Workspace> workspaces;  ///< scratch memory, one a thread
    GRADUS_STATE(r, c, v, m, t)
  };

  /// u ← g, and the squares of θ, for one block of coefficients.
  auto copy() const {
    return [](const auto& p, const auto& g, auto& u) {
      u = g;
      return wide_square(p);
    };
  }

  /// The step, for one block of coefficients.
  auto descend(double rate) const {
    return [=, *this](auto& p, const auto& u) { p = (1 - learning_rate * weight_decay) * p - rate * u; };
  }

  /// The averaged step.
  auto descend_averaged(double rate) const {
    return [=, *this](auto& p, const auto& u, auto& m) {
      m = beta1 * m + (1 - beta1) * rate * u;
      p = (1 - learning_rate * weight_decay) * p - m;
    };
  }

  /// R grows by a share of the squares of a column, and these, for one block of it.
  static auto add_squares(double share, double added) {
    return [=](auto& r, const auto& u) {
      auto squares = (u.square() + added).eval();
      r += share * squares;
      return squares;
    };
  }

  /// u ← g/√V̂, and the squares of u, for a block of a column j: √V̂ = factor · √R.
  static auto divide_by_product(double factor, double least) {
    return [=](auto& u, const auto& root_r) {
      u /= (factor * root_r).max(representable(least, u));
      return wide_square(u);
    };
  }

  /// V, and u ← g/√V, and the squares of u, for one block of coefficients.
  auto divide_by_root(double weight, double eps) const {
    const bool t5 = form == AdafactorForm::t5;
    return [=](auto& u, auto& v) {
      v += weight * (u.square() + (t5 ? eps : 0) - v);
      u /= root(v.max(representable(t5 ? 0 : eps * eps, v)));
      return wide_square(u);
    };
  }

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_nonnegative("Adafactor", "learning_rate", learning_rate);
    require_positive("Adafactor", "decay_power", decay_power);
    if (epsilon1) require_nonnegative("Adafactor", "epsilon1", *epsilon1);
    require_nonnegative("Adafactor", "epsilon2", epsilon2);
    require_positive("Adafactor", "clip", clip);
    require_fraction("Adafactor", "beta1", beta1);
    require_nonnegative("Adafactor", "weight_decay", weight_decay);
    require_field(min_dim_size_to_factor >= 2, "Adafactor", "min_dim_size_to_factor", min_dim_size_to_factor,
                  "be at least 2");
    const auto zeros = [](bool wanted, Index rows, Index cols) {
      return wanted ? Eigen::MatrixXd::Zero(rows, cols).eval() : Eigen::MatrixXd();
    };
    const auto zero_matrix = []<class L>(bool wanted, const L& leaf) {
      using Matrix = Eigen::MatrixX<detail::Compute<typename L::Scalar>>;
      return wanted ? Matrix::Zero(leaf.rows(), leaf.cols()).eval() : Matrix();
    };
    State<like<P>> state;
    state.r = make_matrices_like<double>(
        params, [&](const Path&, const auto& leaf) { return zeros(is_factored(leaf), leaf.rows(), 1); });
    state.c = make_matrices_like<double>(
        params, [&](const Path&, const auto& leaf) { return zeros(is_factored(leaf), leaf.cols(), 1); });
    state.v = make_matrices_like(
        params, [&](const Path&, const auto& leaf) { return zero_matrix(!is_factored(leaf), leaf); });
    state.m = make_matrices_like(params,
                                 [&](const Path&, const auto& leaf) { return zero_matrix(beta1 > 0, leaf); });
    state.workspaces = make_workspaces(params, [](const auto& leaf) { return scratch(leaf); });
    return state;
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("Adafactor", params, grads);
    require_state(params, grads, state);
    if (beta1 > 0) require_same_structure("Adafactor", params, grads, state.m);
    const auto t = static_cast<double>(++state.t);
    for_each_leaf(
        state.workspaces,
        [&](Workspace& workspace, auto& theta, const auto& g, auto& r, auto& c, auto& v, auto& m) {
          workspace.reset(scratch(theta));
          auto u = workspace.template take<ScalarOf<decltype(theta)>>(theta.rows(), theta.cols());
          const auto size = static_cast<double>(theta.size());
          const double of_theta = sum_blocks(copy(), std::as_const(theta), g, u);
          const double weight = std::pow(t, -decay_power);
          const double of_u = is_factored(theta) ? divide(u, r, c, weight, workspace) : divide(u, v, weight);
          const double length = std::max(epsilon2, std::sqrt(of_theta / size));
          const double rate = length * std::min(learning_rate, 1 / std::sqrt(t)) /
                              std::max(1.0, std::sqrt(of_u / size) / clip);
          if (beta1 > 0) {
            for_each_block(descend_averaged(rate), theta, std::as_const(u), m);
          } else {
            for_each_block(descend(rate), theta, std::as_const(u));
          }
        },
        params, grads, state.r, state.c, state.v, state.m);
  }

 private:
  template <class L>
  using ScalarOf = detail::Compute<typename std::remove_cvref_t<L>::Scalar>;

  template <class L>
  static std::size_t scratch(const L& leaf) {
    return Workspace::bytes<ScalarOf<L>>(leaf.rows(), leaf.cols()) +
           Workspace::bytes<ScalarOf<L>>(leaf.rows(), 1);
  }

  template <class L>
  bool is_factored(const L& leaf) const {
    return std::min(leaf.rows(), leaf.cols()) >= min_dim_size_to_factor;
  }

  template <class P, class G, class S>
  void require_state(const P& params, const G& grads, const S& state) const {
    walk(
        "Adafactor",
        [&](const Path& path, const auto& leaf, const auto&, const auto& r, const auto& c, const auto& v) {
          const Index rows = is_factored(leaf) ? r.size() : v.rows();
          const Index cols = is_factored(leaf) ? c.size() : v.cols();
          if (rows != leaf.rows() || cols != leaf.cols()) {
            path.fail("is " + detail::shape_text(leaf.rows(), leaf.cols()) + ", but its state is " +
                      detail::shape_text(rows, cols));
          }
        },
        params, grads, state.r, state.c, state.v);
  }

  template <class Scalar>
  double least() const {
    return epsilon1.value_or(form == AdafactorForm::t5 ? 1e-30 : std::numeric_limits<Scalar>::epsilon());
  }

  GRADUS_PACKETS_BEGIN

  // R, C, and u ← u/√V̂, column by column; returns ‖u‖².
  template <class Scalar>
  double divide(MatrixMap<Scalar> u, Eigen::MatrixXd& r, Eigen::MatrixXd& c, double weight,
                Workspace& workspace) const {
    const bool t5 = form == AdafactorForm::t5;
    const double eps = least<Scalar>(), added = t5 ? eps : 0;
    const auto rows = static_cast<double>(u.rows()), cols = static_cast<double>(u.cols());
    r *= 1 - weight;
    for (Index j = 0; j < u.cols(); ++j) {
      const auto column = u.col(j);
      c(j) += weight * (sum_blocks(add_squares(weight / cols, added), r, column) / rows - c(j));
    }
    const double mean = t5 ? r.mean() : std::max(r.mean(), eps);
    auto root_r = workspace.template take<Scalar>(u.rows(), 1);
    for (Index i = 0; i < u.rows(); ++i) root_r(i) = static_cast<Scalar>(std::sqrt(r(i)));
    double of_u = 0;
    for (Index j = 0; j < u.cols(); ++j) {
      auto column = u.col(j);
      const auto kernel = divide_by_product(std::sqrt(c(j) / mean), t5 ? 0 : eps);
      of_u += sum_blocks(kernel, column, std::as_const(root_r));
    }
    return of_u;
  }

  GRADUS_PACKETS_END

  // The same with a whole V.
  template <class Scalar>
  double divide(MatrixMap<Scalar> u, Eigen::MatrixX<Scalar>& v, double weight) const {
    return sum_blocks(divide_by_root(weight, least<Scalar>()), u, v);
  }
};

}  // namespace GRADUS_NAMESPACE
