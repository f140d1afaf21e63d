// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <gradus/core/checks.hpp>
#include <gradus/core/state.hpp>
#include <gradus/core/sum_blocks.hpp>
#include <gradus/linalg/pack.hpp>
#include <gradus/linalg/products.hpp>
#include <gradus/orthogonalize/newton_schulz_form.hpp>
#include <gradus/orthogonalize/prescale.hpp>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

namespace GRADUS_NAMESPACE {

/// How `epsilon` keeps the norm that a matrix is divided by away from zero.
enum class NormGuard {
  max,  ///< max(‖X‖, ε): `torch.optim.Muon`
  add   ///< ‖X‖ + ε: Keller Jordan's Muon, Moonlight
};

/// Newton–Schulz iteration towards the polar factor UVᵀ of X = UΣVᵀ, for X m x n with m ≤ n (a taller one is
/// transposed):
///
///     X ← X / (safety · ‖X‖_F),  then in each step:  A = XXᵀ,  X ← aX + (bA + cA²)X
///
/// It changes singular values only and costs matrix products only. Where that is cheaper (`flops`), the same
/// polynomials are applied to the small matrix R = XXᵀ and gathered in Q, X being touched once or twice:
///
///     Z = bR + cR²,  Q ← Q(aI + Z),  R ← (aI + Z) R (aI + Z),  and at the end  X ← QX
///
/// (Gram Newton–Schulz; Zhang, Amsel, Chen & Dao, 2026). Q is applied and R made anew before every third step
/// in float and every sixth in double: the rounding errors in R grow from step to step.
///
/// A zero matrix gives zero; a rank-deficient one the factor on its row space; infinity or NaN anywhere gives
/// NaN everywhere. Matrices whose norm is below ε come out shorter than orthogonal, as in PyTorch.
/// `Products` computes the products; `Precision` is the scalar to compute in, `void` for the matrix's own.
template <class Products = DefaultProducts, class Precision = void>
struct BasicNewtonSchulz {
  int steps = 5;                                      ///< at least 1; of a table its number of rows
  Coefficients coefficients = quintics::jordan;       ///< (a, b, c), for every step or in a table
  double epsilon = 0;                                 ///< ε ≥ 0, in units of the norm
  NormGuard guard = NormGuard::max;                   ///< how ε enters
  double safety = 1;                                  ///< ≥ 1, multiplies the norm
  Prescale prescale = Prescale::frobenius;            ///< which norm makes X small enough
  NewtonSchulzForm form = NewtonSchulzForm::cheaper;  ///< plain or on the Gram matrix
  GRADUS_FIELDS(NewtonSchulz, steps, coefficients, epsilon, guard, safety, prescale, form)

  /// The scalar that a matrix of `Scalar` is computed in.
  template <class Scalar>
  using Compute = std::conditional_t<std::is_void_v<Precision>, Scalar, Precision>;

  /// Refuses bad fields with `std::invalid_argument`.
  void validate(std::string_view who) const {
    const int rows = coefficients.size();
    require_field(steps >= 1, who, "steps", steps, "be at least 1");
    if (rows != 0 && rows != steps) {
      require_field(false, who, "steps", steps,
                    "be the number of rows of the coefficients, " + std::to_string(rows));
    }
    require_nonnegative(who, "epsilon", epsilon);
    require_field(safety >= 1 && std::isfinite(safety), who, "safety", safety, "be at least 1");
    for (int k = 0; k < std::max(rows, 1); ++k) {
      const auto& [a, b, c] = coefficients[k];
      for (const double x : {a, b, c}) require_field(std::isfinite(x), who, "coefficients", x, "be finite");
    }
  }

  /// True if a `rows` x `cols` matrix is iterated on its Gram matrix.
  template <class Work>
  bool runs_gram(Index rows, Index cols) const {
    if (form != NewtonSchulzForm::cheaper) return form == NewtonSchulzForm::gram;
    if (sizeof(Work) == 2) return false;  // whose rounding errors it would magnify
    // The plain form is the more precise: it stays where the gain would be small.
    return flops<Work>(rows, cols, true) < 0.9 * flops<Work>(rows, cols, false);
  }

  /// The floating-point operations on a `rows` x `cols` matrix, symmetric results counted once: with m the
  /// smaller dimension and n the larger, m²n for XXᵀ, m³ for the product of two symmetric matrices, 2m²n for
  /// the application to X.
  template <class Work = float>
  double flops(Index rows, Index cols) const {
    return flops<Work>(rows, cols, runs_gram<Work>(rows, cols));
  }

  /// Bytes of scratch that a `rows` x `cols` matrix needs.
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    using Work = Compute<Scalar>;
    const Index m = std::min(rows, cols), n = std::max(rows, cols);
    return 2 * Workspace::bytes<Work>(m, n) + 4 * Workspace::bytes<Work>(m, m) +
           Workspace::bytes<detail::Compute<Work>>(m, 2) + Products::template scratch<Work>(m, n);
  }

  /// Replaces `x` by its approximate polar factor. `workspace` must have room for `scratch`. Throws
  /// `std::invalid_argument` for bad fields, `x` being as it was.
  template <class Scalar>
  void operator()(MatrixMap<Scalar> x, Workspace& workspace) const {
    using Work = Compute<Scalar>;
    static_assert(MatrixProducts<Products, Work>, "gradus: these products cannot compute in this precision");
    validate("NewtonSchulz");
    const double norm = gradus::norm(x);
    const bool vanishes = norm < std::numeric_limits<double>::min();  // or 1 / norm would be infinite
    if (vanishes || !std::isfinite(norm)) {
      x.setConstant(vanishes ? Scalar(0) : std::numeric_limits<Scalar>::quiet_NaN());
      return;
    }
    const std::size_t used = workspace.used();
    const bool tall = x.rows() > x.cols();
    auto wide = tall ? workspace.take<Work>(x.cols(), x.rows()) : workspace.take<Work>(x.rows(), x.cols());
    using Wide = std::common_type_t<Scalar, double>;
    const auto scaled = [scale = Wide(1) / static_cast<Wide>(norm)](const Scalar& value) {
      return static_cast<Work>(static_cast<Wide>(value) * scale);
    };
    if (tall) {
      detail::assign_transposed(wide, x, scaled);
    } else {
      std::transform(x.data(), x.data() + x.size(), wide.data(), scaled);
    }
    const MatrixMap<Work> factor = iterate<Work>(wide, epsilon / norm, workspace);
    if (tall) {
      detail::assign_transposed(x, factor, [](const Work& value) { return static_cast<Scalar>(value); });
    } else {
      x = factor.template cast<Scalar>();
    }
    workspace.rewind(used);
  }

  /// Bytes of scratch for `of_columns`.
  template <class Scalar>
  std::size_t scratch_of_columns(Index rows, Index cols) const {
    using Work = Compute<Scalar>;
    return 2 * Workspace::bytes<Work>(rows, cols) + 4 * Workspace::bytes<Work>(rows, rows) +
           Workspace::bytes<detail::Compute<Work>>(rows, 2) +
           Products::template scratch<Work>(rows, std::max(rows, cols));
  }

  /// Replaces `x`, some columns of a matrix X that has at least as many columns as rows, by the same columns
  /// of its polar factor, while others do so with theirs: on the Gram matrix XXᵀ = Σ xxᵀ, which is the only
  /// thing that depends on all columns. `sum(numbers, count)` adds numbers over all of them, in place; it is
  /// called three times in float for five steps, once with one number and twice with the Gram matrix, and
  /// in the same way by all. Any `form` is ignored.
  template <class Scalar, class Sum>
  void of_columns(MatrixMap<Scalar> x, const Sum& sum, Workspace& workspace) const {
    using Work = Compute<Scalar>;
    validate("NewtonSchulz");
    const Index m = x.rows();
    double square = gradus::norm(x);
    square *= square;
    sum(&square, Index{1});
    const double norm = std::sqrt(square);
    const bool vanishes = norm < std::numeric_limits<double>::min();
    if (vanishes || !std::isfinite(norm)) {
      x.setConstant(vanishes ? Scalar(0) : std::numeric_limits<Scalar>::quiet_NaN());
      return;
    }
    const std::size_t used = workspace.used();
    auto work = workspace.take<Work>(m, x.cols()), y = workspace.take<Work>(m, x.cols());
    auto r = workspace.take<Work>(m, m);
    std::transform(x.data(), x.data() + x.size(), work.data(),
                   [&](const Scalar& value) { return static_cast<Work>(static_cast<double>(value) / norm); });
    const auto gram_of = [&](auto to, auto of) {
      Products::gram(to, of, workspace);
      sum(to.data(), to.size());
    };
    gram_of(r, work);
    const double s = divisor(safety * detail::rescale(prescale, work, r, workspace), epsilon / norm);
    const auto row = [&](int k) { return k == 0 ? coefficients[0].of_scaled(s) : coefficients[k]; };
    x = gram(row, work, y, r, gram_of, workspace).template cast<Scalar>();
    workspace.rewind(used);
  }

 private:
  template <class Work>
  double flops(Index rows, Index cols, bool gram) const {
    return detail::newton_schulz_flops<Work>(coefficients, steps, rows, cols, gram);
  }

  // What X / ‖X‖_F of this size and ε / ‖X‖_F are divided by.
  double divisor(double size, double relative_epsilon) const {
    return guard == NormGuard::max ? std::max(size, relative_epsilon) : size + relative_epsilon;
  }

  // For X / ‖X‖_F and ε / ‖X‖_F. The result lies in x or in the memory of y.
  template <class Work>
  MatrixMap<Work> iterate(MatrixMap<Work> x, double relative_epsilon, Workspace& workspace) const {
    auto y = workspace.take<Work>(x.rows(), x.cols());
    auto r = workspace.take<Work>(x.rows(), x.rows());
    Products::gram(r, x, workspace);
    const double size = safety * detail::rescale(prescale, x, r, workspace);
    // Dividing X is the same as dividing in the first polynomial, and costs nothing there.
    const double s = divisor(size, relative_epsilon);
    const auto row = [&](int k) { return k == 0 ? coefficients[0].of_scaled(s) : coefficients[k]; };
    if (!runs_gram<Work>(x.rows(), x.cols())) return plain(row, x, y, r, workspace);
    return gram(
        row, x, y, r, [&](auto to, auto of) { Products::gram(to, of, workspace); }, workspace);
  }

  // X ← aX + (bR + cR²)X with R = XXᵀ
  template <class Row, class Map>
  Map plain(const Row& row, Map x, Map y, Map r, Workspace& workspace) const {
    auto z = workspace.take<typename Map::Scalar>(r.rows(), r.rows());
    Map *now = &x, *next = &y;
    for (int k = 0; k < steps; ++k) {
      if (k > 0) Products::gram(r, *now, workspace);
      polynomial(z, row(k), r, workspace);
      Products::apply(*next, z, row(k).a, *now, workspace);
      std::swap(now, next);
    }
    return *now;
  }

  // Z = bR + cR², Q ← Q(aI + Z), R ← (aI + Z) R (aI + Z), X ← QX
  // where `gram_of(R, X)` makes R = XXᵀ.
  template <class Row, class Map, class GramOf>
  Map gram(const Row& row, Map x, Map y, Map r, const GramOf& gram_of, Workspace& workspace) const {
    using Work = typename Map::Scalar;
    const Index m = r.rows();
    auto z = workspace.take<Work>(m, m), q0 = workspace.take<Work>(m, m), q1 = workspace.take<Work>(m, m);
    Map *now = &x, *next = &y, *q = &q0, *t = &q1;
    for (int k = 0; k < steps; ++k) {
      const bool restart = detail::restarts_before<Work>(k);
      if (restart) {
        Products::apply(*next, *q, 0, *now, workspace);
        std::swap(now, next);
        gram_of(r, *now);
      }
      const double a = row(k).a;
      polynomial(z, row(k), r, workspace);
      if (k == 0 || restart) {
        std::copy_n(z.data(), z.size(), q->data());
        for (Index i = 0; i < m; ++i) (*q)(i, i) += static_cast<Work>(a);
      } else {
        Products::commuting(*t, 1, *q, z, a, *q, workspace);
        std::swap(q, t);
      }
      if (k + 1 == steps || detail::restarts_before<Work>(k + 1)) continue;
      Products::commuting(*t, 1, r, z, a, r, workspace);
      Products::commuting(r, 1, *t, z, a, *t, workspace);
    }
    Products::apply(*next, *q, 0, *now, workspace);
    return *next;
  }

  // z ← bR + cR²
  template <class Map>
  void polynomial(Map z, const Quintic& p, Map r, Workspace& workspace) const {
    if (p.c == 0) {
      using Work = typename Map::Scalar;
      using Wide = detail::Compute<Work>;
      std::transform(r.data(), r.data() + r.size(), z.data(),
                     [b = static_cast<Wide>(p.b)](const Work& value) {
                       return detail::converted<Work>(b * detail::converted<Wide>(value));
                     });
    } else {
      Products::commuting(z, p.c, r, r, p.b, r, workspace);
    }
  }
};

/// Newton–Schulz in the matrix's own precision: PyTorch's five steps unless said otherwise.
using NewtonSchulz = BasicNewtonSchulz<>;

/// The floating-point operations of a method on a `rows` x `cols` matrix, as `method.flops`.
template <class Scalar = float, class Method>
double flops(Index rows, Index cols, const Method& method) {
  return method.template flops<typename Method::template Compute<Scalar>>(rows, cols);
}

}  // namespace GRADUS_NAMESPACE
