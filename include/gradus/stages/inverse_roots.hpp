// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/linalg/eigenbasis.hpp>
#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

/// Whose length Shampoo's direction gets.
enum class ShampooGraft {
  none,    ///< its own
  sgd,     ///< that of g
  adagrad  ///< that of g/(√(sum of all g²) + 1e-8)
};

namespace detail {

// A block of a matrix, seen in the trees of its leaf.
struct ShampooBlock {
  Index row, col, rows, cols;  // where it lies
  Index left, right;           // the column of its squares in l and r

  template <class Matrix>
  auto part(Matrix& matrix) const {
    return matrix.block(row, col, rows, cols);
  }
  auto of_left(Eigen::MatrixXd& l) const { return l.block(row, left, rows, rows); }
  auto of_right(Eigen::MatrixXd& r) const { return r.block(col, right, cols, cols); }
};

}  // namespace detail

namespace stages {

/// A full preconditioner for each side of a matrix:
///
///     L ← L + uuᵀ,  R ← R + uᵀu                  (β2 < 1: averages, divided by 1 − β2ᵗ)
///     u ← (L + εI)^−¼ u (R + εI)^−¼
///
/// The roots are taken anew at t = 1, k + 1, 2k + 1, ... With β1 > 0 an average of u stands for it in the
/// last line. Grafting gives the result another length. A matrix larger than `block_size` is cut into blocks
/// with L, R and graft of their own. Shampoo's (Gupta, Koren & Singer, arXiv:1802.09568). State, all in
/// double: L, R and their roots; m with β1, s with AdaGrad's graft. Throws `std::runtime_error` when
/// eigenvalues are not found; then leaves may have moved.
struct InverseRoots {
  double beta1 = 0;                         ///< decay of the averaged gradient, in [0, 1); 0: none
  double beta2 = 1;                         ///< decay of L and R, in (0, 1]; 1: sums
  double epsilon = 1e-4;                    ///< ε > 0, added to the eigenvalues
  int period = 1;                           ///< k ≥ 1, steps between roots
  int block_size = 1024;                    ///< ≥ 1, the largest side of a block; read by `init`
  ShampooGraft graft = ShampooGraft::none;  ///< which length the direction is given
  GRADUS_FIELDS(InverseRoots, beta1, beta2, epsilon, period, block_size, graft)

  template <class Tree>
  struct State {
    matrices_like<Tree, double> l, r, l_root, r_root, m, s;  ///< L, R, their roots; average of u, sum of u²
    std::int64_t t = 0;                                      ///< steps taken
    double beta2_power = 1;                                  ///< β2ᵗ
    GRADUS_STATE(l, r, l_root, r_root, m, s, t, beta2_power)
  };

  /// m, for one block of coefficients.
  auto average() const {
    return [*this](auto& m, const auto& g) { m = beta1 * m + (1 - beta1) * g; };
  }

  /// The sum of squares s, for one block of coefficients.
  static auto add_squares() {
    return [](auto& s, const auto& g) { s += g.square(); };
  }

  /// The square of g/(√s + 1e-8), for one block of coefficients.
  static auto scaled_square() {
    return [](const auto& g, const auto& s) { return (g / (root(s) + 1e-8)).square(); };
  }

  /// Refuses bad fields.
  void validate(std::string_view who) const {
    require_fraction(who, "beta1", beta1);
    require_field(beta2 > 0 && beta2 <= 1, who, "beta2", beta2, "lie in (0, 1]");
    require_positive(who, "epsilon", epsilon);
    require_at_least(who, "period", period, 1);
    require_at_least(who, "block_size", block_size, 1);
  }

  /// Refuses a changed `block_size`, and options that need state which `init` did not make.
  void check_unchanged(std::string_view who, const InverseRoots& made_with) const {
    require_unchanged(who, "block_size", block_size, made_with.block_size);
    if (beta1 > 0) require_made(who, "beta1", made_with.beta1 > 0);
    if (graft == ShampooGraft::adagrad) require_made(who, "graft", made_with.graft == graft);
  }

  /// L, R, and their roots, side by side for the blocks; m and s as the leaf, or empty.
  std::array<Shape, 6> shapes(Index rows, Index cols) const {
    const Shape l{rows, width(rows, cols)}, r{cols, width(cols, rows)}, leaf{rows, cols}, empty{0, 0};
    return {l, r, l, r, beta1 > 0 ? leaf : empty, graft == ShampooGraft::adagrad ? leaf : empty};
  }

  /// Three matrices as the leaf; for a block, an eigenbasis and the products.
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    const Index side = widest(std::max(rows, cols));
    return 3 * Workspace::bytes<double>(rows, cols) +
           std::max(Workspace::bytes<double>(side, side) + Workspace::bytes<double>(side, 1) +
                        std::max(eigenbasis_scratch(side), eigen_function_scratch(side)),
                    detail::multiply_scratch<double>(side));
  }

  /// The floating-point operations of L, R and the products with their roots; once in a `period` the roots.
  double flops(Index rows, Index cols) const {
    const auto side = [&](Index n) {
      const auto m = static_cast<double>(widest(n));
      return 4 * m * static_cast<double>(rows * cols) + 9 * m * m * static_cast<double>(n) / period;
    };
    return side(rows) + side(cols);
  }

  /// The statistics, and the preconditioned matrix in place of u.
  template <class Tree>
  auto begin(State<Tree>& state) const {
    const bool refresh = state.t++ % period == 0;
    const double correction = beta2 < 1 ? advance(state.beta2_power, beta2) : 1;
    return [=, this](auto& update, auto& l, auto& r, auto& l_root, auto& r_root, auto& m, auto& s) {
      update.settle();
      auto& u = update.matrix;
      Workspace& workspace = update.workspace;
      const auto take = [&] { return workspace.take<double>(u.rows(), u.cols()); };
      MatrixMap<double> g = take(), d = take(), half = take();
      gradus::for_each_block([](auto& to, const auto& from) { to = from; }, g, std::as_const(u));
      if (beta1 > 0) gradus::for_each_block(average(), m, std::as_const(g));
      if (graft == ShampooGraft::adagrad) gradus::for_each_block(add_squares(), s, std::as_const(g));
      const MatrixMap<double> averaged = beta1 > 0 ? MatrixMap<double>(m.data(), m.rows(), m.cols()) : g;
      for_each_cut(u.rows(), u.cols(), [&](const detail::ShampooBlock& cut) {
        accumulate(cut.of_left(l), cut.part(g), workspace);
        accumulate(cut.of_right(r), cut.part(g).transpose(), workspace);
        if (refresh) {
          take_root(cut.of_left(l), correction, cut.of_left(l_root), workspace);
          take_root(cut.of_right(r), correction, cut.of_right(r_root), workspace);
        }
        detail::multiply(cut.part(half), cut.of_left(l_root), cut.part(averaged), workspace);
        detail::multiply(cut.part(d), cut.part(half), cut.of_right(r_root), workspace);
        if (graft == ShampooGraft::sgd) rescale(cut.part(d), gradus::norm(cut.part(averaged)));
        if (graft == ShampooGraft::adagrad) {
          rescale(cut.part(d),
                  std::sqrt(gradus::sum_blocks(scaled_square(), cut.part(averaged), cut.part(s))));
        }
      });
      gradus::for_each_block([](auto& to, const auto& from) { to = from; }, u, std::as_const(d));
    };
  }

 private:
  // The squares of blocks above each other stand above each other in l, those of blocks side by side, side by
  // side; in r the reverse.
  Index widest(Index side) const { return std::min<Index>(side, block_size); }

  Index width(Index rows, Index cols) const { return widest(rows) * ((cols + block_size - 1) / block_size); }

  template <class F>
  void for_each_cut(Index rows, Index cols, const F& f) const {
    for (Index i = 0; i * block_size < rows; ++i) {
      for (Index j = 0; j * block_size < cols; ++j) {
        const Index row = i * block_size, col = j * block_size;
        f(detail::ShampooBlock{row, col, widest(rows - row), widest(cols - col), j * widest(rows),
                               i * widest(cols)});
      }
    }
  }

  template <class Square, class G>
  void accumulate(Square&& square, const G& g, Workspace& workspace) const {
    detail::add_gram(square, beta2, beta2 < 1 ? 1 - beta2 : 1, g, workspace);
  }

  template <class Square, class Root>
  void take_root(const Square& square, double correction, Root&& inverse_root, Workspace& workspace) const {
    const std::size_t used = workspace.used();
    auto vectors = workspace.take<double>(square.rows(), square.rows());
    auto values = workspace.take<double>(square.rows(), 1);
    gradus::eigenbasis(square, vectors, values, workspace);
    const auto root = [=, this](double value) {
      return std::pow(std::max(value / correction, 0.0) + epsilon, -0.25);
    };
    gradus::eigen_function(inverse_root, vectors, values, root, workspace);
    workspace.rewind(used);
  }

  template <class D>
  static void rescale(D&& d, double length) {
    const double own = gradus::norm(d);
    if (own > 0) d *= length / own;
  }
};

}  // namespace stages
}  // namespace GRADUS_NAMESPACE
