// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/for_each_leaf.hpp>
#include <gradus/core/matrices_like.hpp>
#include <gradus/core/optimizer.hpp>
#include <gradus/linalg/eigenbasis.hpp>
#include <gradus/linalg/multiply.hpp>

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

/// Shampoo (Gupta, Koren & Singer, arXiv:1802.09568): AdaGrad with a full matrix for each side of a matrix.
///
///     L ← L + GGᵀ,  R ← R + GᵀG                  (β2 < 1: averages, divided by 1 − β2ᵗ)
///     D = (L + εI)^−¼ G (R + εI)^−¼
///     θ ← (1 − ηλ)θ − η D
///
/// The roots are taken anew at t = 1, k + 1, 2k + 1, ... With β1 > 0 an average of the gradients stands for G
/// in D. Grafting gives D another length. A matrix larger than `block_size` is cut into blocks with L, R and
/// graft of their own; a vector is a matrix of one column. After one step from nothing, without ε, D is the
/// polar factor of G. State, all in double: L, R and their roots; m with β1, s with AdaGrad's graft; and
/// scratch memory for the largest leaf and each thread.
struct Shampoo {
  double learning_rate = 1e-2;              ///< η ≥ 0
  double beta1 = 0;                         ///< decay of the averaged gradient, in [0, 1); 0: none
  double beta2 = 1;                         ///< decay of L and R, in (0, 1]; 1: sums
  double epsilon = 1e-4;                    ///< ε > 0, added to the eigenvalues
  double weight_decay = 0;                  ///< λ ≥ 0, decoupled
  int period = 1;                           ///< k ≥ 1, steps between roots
  int block_size = 1024;                    ///< ≥ 1, the largest side of a block; read by `init`
  ShampooGraft graft = ShampooGraft::none;  ///< whose length the direction gets

  template <class Tree>
  struct State {
    matrices_like<Tree, double> l, r, l_root, r_root, m, s;  ///< L, R, their roots; average of G, sum of G²
    std::int64_t t = 0;                                      ///< steps taken
    double beta2_power = 1;                                  ///< β2ᵗ
    std::vector<detail::EigenScratch> scratch;               ///< scratch memory, one a thread
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

  /// The step, for one block of coefficients.
  auto descend() const {
    return
        [*this](auto& p, const auto& d) { p = (1 - learning_rate * weight_decay) * p - learning_rate * d; };
  }

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_nonnegative("Shampoo", "learning_rate", learning_rate);
    require_fraction("Shampoo", "beta1", beta1);
    require_field(beta2 > 0 && beta2 <= 1, "Shampoo", "beta2", beta2, "lie in (0, 1]");
    require_positive("Shampoo", "epsilon", epsilon);
    require_nonnegative("Shampoo", "weight_decay", weight_decay);
    require_field(period >= 1, "Shampoo", "period", period, "be at least 1");
    require_field(block_size >= 1, "Shampoo", "block_size", block_size, "be at least 1");
    const auto zeros = [&](bool wanted) {
      return make_matrices_like<double>(params, [wanted](const Path&, const auto& leaf) {
        return wanted ? Eigen::MatrixXd::Zero(leaf.rows(), leaf.cols()).eval() : Eigen::MatrixXd();
      });
    };
    State<like<P>> state;
    state.l = make_matrices_like<double>(
        params, [&](const Path&, const auto& leaf) { return squares(leaf.rows(), leaf.cols()); });
    state.r = make_matrices_like<double>(
        params, [&](const Path&, const auto& leaf) { return squares(leaf.cols(), leaf.rows()); });
    state.l_root = state.l;
    state.r_root = state.r;
    state.m = zeros(beta1 > 0);
    state.s = zeros(graft == ShampooGraft::adagrad);
    state.scratch.resize(static_cast<std::size_t>(leaf_threads(params)));
    walk(
        "Shampoo",
        [&](const Path&, const auto& leaf) {
          for (auto& scratch : state.scratch) {
            scratch.workspace.reset(bytes(leaf));
            for_each_cut(leaf.rows(), leaf.cols(), [&](const detail::ShampooBlock& cut) {
              scratch.basis(cut.rows), scratch.basis(cut.cols);
            });
          }
        },
        params);
    return state;
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_same_structure("Shampoo", params, grads);
    require_state(params, grads, state.l, state.r);
    if (beta1 > 0) require_same_structure("Shampoo", params, grads, state.m);
    if (graft == ShampooGraft::adagrad) require_same_structure("Shampoo", params, grads, state.s);
    const bool refresh = state.t++ % period == 0;
    const double correction = beta2 < 1 ? advance(state.beta2_power, beta2) : 1;
    for_each_leaf(
        state.scratch,
        [&](detail::EigenScratch& scratch, auto& theta, const auto& grad, auto& m, auto& s,
            auto&... statistics) {
          Workspace& workspace = scratch.workspace;
          workspace.reset(bytes(theta));
          const auto take = [&] { return workspace.take<double>(theta.rows(), theta.cols()); };
          MatrixMap<double> g = take(), d = take(), half = take();
          for_each_block([](auto& to, const auto& from) { to = from; }, g, grad);
          if (beta1 > 0) for_each_block(average(), m, std::as_const(g));
          if (graft == ShampooGraft::adagrad) for_each_block(add_squares(), s, std::as_const(g));
          const MatrixMap<double> averaged = beta1 > 0 ? MatrixMap<double>(m.data(), m.rows(), m.cols()) : g;
          for_each_cut(theta.rows(), theta.cols(), [&](const detail::ShampooBlock& cut) {
            direct(cut, scratch, refresh, correction, cut.part(g), cut.part(averaged), cut.part(half),
                   cut.part(d), statistics...);
            if (graft == ShampooGraft::sgd) rescale(cut.part(d), norm(cut.part(averaged)));
            if (graft == ShampooGraft::adagrad) {
              rescale(cut.part(d), std::sqrt(sum_blocks(scaled_square(), cut.part(averaged), cut.part(s))));
            }
          });
          for_each_block(descend(), theta, std::as_const(d));
        },
        params, grads, state.m, state.s, state.l, state.r, state.l_root, state.r_root);
  }

 private:
  // The squares of blocks above each other stand above each other in l, those of blocks side by side, side by
  // side; in r the reverse.
  Index widest(Index side) const { return std::min<Index>(side, block_size); }

  Index width(Index rows, Index cols) const { return widest(rows) * ((cols + block_size - 1) / block_size); }

  Eigen::MatrixXd squares(Index rows, Index cols) const {
    return Eigen::MatrixXd::Zero(rows, width(rows, cols));
  }

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

  template <class L>
  static std::size_t bytes(const L& leaf) {
    return 3 * Workspace::bytes<double>(leaf.rows(), leaf.cols()) +
           detail::multiply_scratch<double>(std::max(leaf.rows(), leaf.cols()));
  }

  template <class P, class G, class S>
  void require_state(const P& params, const G& grads, const S& l, const S& r) const {
    walk(
        "Shampoo",
        [&](const Path& path, const auto& leaf, const auto&, const auto& left, const auto& right) {
          const Index rows = leaf.rows(), cols = leaf.cols();
          if (rows != left.rows() || cols != right.rows()) {
            path.fail("is " + detail::shape_text(rows, cols) + ", but its state is " +
                      detail::shape_text(left.rows(), right.rows()));
          }
          if (width(rows, cols) != left.cols() || width(cols, rows) != right.cols()) {
            path.fail("has a state of another block_size than " + std::to_string(block_size));
          }
        },
        params, grads, l, r);
  }

  // L, R, their roots where `refresh` asks for them, and D, of one block.
  template <class G, class A, class H, class D>
  void direct(const detail::ShampooBlock& cut, detail::EigenScratch& scratch, bool refresh, double correction,
              const G& g, const A& averaged, H&& half, D&& d, Eigen::MatrixXd& l, Eigen::MatrixXd& r,
              Eigen::MatrixXd& l_root, Eigen::MatrixXd& r_root) const {
    Workspace& workspace = scratch.workspace;
    const double kept = beta2, added = beta2 < 1 ? 1 - beta2 : 1;
    detail::add_gram(cut.of_left(l), kept, added, g, workspace);
    detail::add_gram(cut.of_right(r), kept, added, g.transpose(), workspace);
    if (refresh) {
      take_root(scratch, cut.of_left(l), correction, cut.of_left(l_root));
      take_root(scratch, cut.of_right(r), correction, cut.of_right(r_root));
    }
    detail::multiply(half, cut.of_left(l_root), averaged, workspace);
    detail::multiply(d, half, cut.of_right(r_root), workspace);
  }

  template <class Square, class Root>
  void take_root(detail::EigenScratch& scratch, const Square& square, double correction,
                 Root&& inverse_root) const {
    Eigenbasis& basis = scratch.basis(square.rows());
    basis.compute(square / correction);
    const auto root = [eps = epsilon](double value) { return std::pow(std::max(value, 0.0) + eps, -0.25); };
    basis.function(inverse_root, root, scratch.workspace);
  }

  template <class D>
  static void rescale(D&& d, double length) {
    const double own = norm(d);
    if (own > 0) d *= length / own;
  }
};

}  // namespace GRADUS_NAMESPACE
