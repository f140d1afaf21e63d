// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/stages/factored_average.hpp>
#include <limits>
#include <optional>

namespace GRADUS_NAMESPACE {

/// Where ε1 enters Adafactor.
enum class AdafactorForm {
  torch,  ///< V̂ ← max(V̂, ε1²) and mean(R) ← max(mean(R), ε1); ε1 = machine epsilon unless given
  t5      ///< g² ← g² + ε1 (the paper, T5's Mesh TensorFlow); ε1 = 1e-30 unless given
};

namespace stages {

/// Division by the root of a mean square V of which only the means of rows and columns are kept, and a length
/// relative to the parameter's:
///
///     w = t^−decay_power
///     R ← R + w(row means of u² − R),  C ← C + w(column means of u² − C),  V̂ = R Cᵀ/mean(R)
///     U = u/√V̂
///     α = max(ε2, rms(θ)) · min(η, 1/√t)
///     u ← α/max(1, rms(U)/clip) · U
///
/// of a matrix; the V of a vector (one row or column), or of a matrix with a side below
/// `min_dim_size_to_factor`, is kept whole. With β1 > 0 an average of the last line follows. Adafactor's
/// (Shazeer & Stern, arXiv:1804.04235). State: R and C, in double, or V; m with β1.
struct FactoredRoot {
  double learning_rate = 1e-2;                ///< η ≥ 0
  double beta1 = 0;                           ///< decay of the averaged update, in [0, 1); 0: none
  std::optional<double> epsilon1{};           ///< ε1 ≥ 0, see `AdafactorForm`
  double epsilon2 = 1e-3;                     ///< ε2 ≥ 0, the least root mean square of θ that counts
  double decay_power = 0.8;                   ///< > 0: w falls from 1 with this power of t
  double clip = 1;                            ///< > 0, the largest root mean square of U
  int min_dim_size_to_factor = 2;             ///< ≥ 2; T5 has 128
  AdafactorForm form = AdafactorForm::torch;  ///< where ε1 enters
  GRADUS_FIELDS(FactoredRoot, learning_rate, beta1, epsilon1, epsilon2, decay_power, clip,
                min_dim_size_to_factor, form)

  template <class Tree>
  struct State {
    matrices_like<Tree, double> r, c;  ///< means of rows and columns, or empty
    matrices_like<Tree> v, m;          ///< the whole mean square and the averaged update, or empty
    std::int64_t t = 0;                ///< steps taken
    GRADUS_STATE(r, c, v, m, t)
  };

  /// Refuses bad fields.
  void validate(std::string_view who) const {
    require_nonnegative(who, "learning_rate", learning_rate);
    require_fraction(who, "beta1", beta1);
    if (epsilon1) require_nonnegative(who, "epsilon1", *epsilon1);
    require_nonnegative(who, "epsilon2", epsilon2);
    require_positive(who, "decay_power", decay_power);
    require_positive(who, "clip", clip);
    require_at_least(who, "min_dim_size_to_factor", min_dim_size_to_factor, 2);
  }

  /// Refuses a change of `min_dim_size_to_factor`, and β1 when it is switched on late.
  void check_unchanged(std::string_view who, const FactoredRoot& made_with) const {
    require_unchanged(who, "min_dim_size_to_factor", min_dim_size_to_factor,
                      made_with.min_dim_size_to_factor);
    if (beta1 > 0) require_made(who, "beta1", made_with.beta1 > 0);
  }

  /// R and C, or V; m.
  std::array<Shape, 4> shapes(Index rows, Index cols) const {
    const Shape leaf{rows, cols}, empty{0, 0};
    const bool factored = is_factored(rows, cols);
    return {factored ? Shape{rows, 1} : empty, factored ? Shape{cols, 1} : empty, factored ? empty : leaf,
            beta1 > 0 ? leaf : empty};
  }

  /// Room for √R.
  template <class Scalar>
  std::size_t scratch(Index rows, Index) const {
    return Workspace::bytes<Scalar>(rows, 1);
  }

  /// m, and m in place of u, for one block of coefficients.
  auto average(double factor) const {
    return [=, *this](auto& m, auto& u) {
      m = beta1 * m + (1 - beta1) * factor * u;
      u = m;
    };
  }

  /// The statistics, and the divided matrix in place of u.
  template <class Tree>
  auto begin(State<Tree>& state) const {
    const auto t = static_cast<double>(++state.t);
    return [=, this](auto& update, auto& r, auto& c, auto& v, auto& m) {
      update.settle();
      auto& u = update.matrix;
      const auto size = static_cast<double>(u.size());
      const double of_theta =
          gradus::sum_blocks([](const auto& p) { return wide_square(p); }, std::as_const(update.parameter));
      const double weight = std::pow(t, -decay_power);
      const double of_u =
          is_factored(u.rows(), u.cols()) ? divide(u, r, c, weight, update.workspace) : divide(u, v, weight);
      const double length = std::max(epsilon2, std::sqrt(of_theta / size));
      update.factor =
          length * std::min(learning_rate, 1 / std::sqrt(t)) / std::max(1.0, std::sqrt(of_u / size) / clip);
      if (beta1 > 0) {
        gradus::for_each_block(average(update.factor), m, u);
        update.factor = 1;
      }
    };
  }

  /// Updates V, divides u by √V and returns its squares, for one block.
  auto divide_by_root(double weight, double eps) const {
    const bool t5 = form == AdafactorForm::t5;
    return [=](auto& u, auto& v) {
      v += weight * (u.square() + (t5 ? eps : 0) - v);
      u /= root(v.max(representable(t5 ? 0 : eps * eps, v)));
      return wide_square(u);
    };
  }

 private:
  bool is_factored(Index rows, Index cols) const { return std::min(rows, cols) >= min_dim_size_to_factor; }

  template <class Scalar>
  double least() const {
    return epsilon1.value_or(form == AdafactorForm::t5 ? 1e-30 : std::numeric_limits<Scalar>::epsilon());
  }

  // R, C, and u ← u/√V̂; returns ‖u‖².
  template <class Scalar>
  double divide(MatrixMap<Scalar> u, Eigen::MatrixXd& r, Eigen::MatrixXd& c, double weight,
                Workspace& workspace) const {
    const bool t5 = form == AdafactorForm::t5;
    const auto add_to = [added = t5 ? least<Scalar>() : 0](double share) {
      return detail::add_squares(share, added);
    };
    detail::average_rows_and_columns(add_to, weight, r, c, std::as_const(u));
    return detail::divide_by_factors(u, r, c, t5 ? 0 : least<Scalar>(), workspace);
  }

  // The same with a whole V.
  template <class Scalar>
  double divide(MatrixMap<Scalar> u, Eigen::MatrixX<Scalar>& v, double weight) const {
    return gradus::sum_blocks(divide_by_root(weight, least<Scalar>()), u, v);
  }
};

}  // namespace stages
}  // namespace GRADUS_NAMESPACE
