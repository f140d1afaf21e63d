// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <gradus/orthogonalize/orthogonalize.hpp>
#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

/// Which slices of a matrix `stages::OrthogonalizeLargest` chooses among.
enum class DionSlices {
  shorter_side,  ///< rows, or columns if there are fewer of them: Dion2
  rows           ///< rows: NorDion2
};

namespace stages {

/// Momentum, of which only the largest slices are orthogonalized; the others stay in it and grow. With the
/// slices I, the k = ⌈`fraction` · number⌉ of largest ℓ1 norm, the first of equal ones,
///
///     M ← M + u
///     u ← orthogonalize(M_I) in the slices I, 0 elsewhere
///     M_I ← μ M_I                            (error feedback: only what was used decays)
///
/// Dion2's (Ahn et al., arXiv:2512.16928). With a fraction of 1 it is `Average` as a sum, without Nesterov,
/// and `Orthogonalize`; with less, Newton–Schulz costs as much less as k² is. State: M.
template <Orthogonalizer Method = NewtonSchulz>
struct OrthogonalizeLargest {
  double momentum = 0.95;                        ///< μ in [0, 1)
  double fraction = 0.25;                        ///< of the slices, in (0, 1]
  DionSlices slices = DionSlices::shorter_side;  ///< rows or columns
  Method orthogonalizer{};                       ///< how the polar factor is found
  GRADUS_FIELDS(OrthogonalizeLargest, momentum, fraction, slices, orthogonalizer)

  template <class Tree>
  struct State {
    matrices_like<Tree> m;  ///< momentum
    GRADUS_STATE(m)
  };

  /// Refuses bad fields, and what the method refuses.
  void validate(std::string_view who) const {
    require_fraction(who, "momentum", momentum);
    require_field(fraction > 0 && fraction <= 1, who, "fraction", fraction, "lie in (0, 1]");
    orthogonalizer.validate(who);
  }

  /// M is as large as the leaf.
  static std::array<Shape, 1> shapes(Index rows, Index cols) { return {Shape{rows, cols}}; }

  /// Room for the norms of the slices, their order, the chosen ones, and the method's own scratch.
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    const auto [by_rows, number, length, k] = choice(rows, cols);
    return Workspace::bytes<double>(number, 1) + Workspace::bytes<Index>(number, 1) +
           Workspace::bytes<Scalar>(k, length) + orthogonalizer.template scratch<Scalar>(k, length);
  }

  /// The floating-point operations of the method on the chosen slices.
  double flops(Index rows, Index cols) const {
    const auto chosen = choice(rows, cols);
    return detail::polar_flops(orthogonalizer, chosen.k, chosen.length);
  }

  /// M, and the polar factor of its largest slices in place of u.
  template <class Tree>
  auto begin(State<Tree>&) const {
    return [this](auto& update, auto& m) {
      using Scalar = typename std::remove_cvref_t<decltype(update.matrix)>::Scalar;
      update.settle();
      gradus::for_each_block([](auto& sum, const auto& u) { sum += u; }, m, std::as_const(update.matrix));
      const Choice of = choice(m.rows(), m.cols());
      auto order = update.workspace.template take<Index>(of.number, 1);
      sort_slices(m, of, order, update.workspace);
      // The slices as rows: the transposed matrix has the transposed polar factor.
      auto block = update.workspace.template take<Scalar>(of.k, of.length);
      const auto at = [&](auto& x, Index a, Index j) -> auto& {
        return of.by_rows ? x(order(a), j) : x(j, order(a));
      };
      for (Index j = 0; j < of.length; ++j) {
        for (Index a = 0; a < of.k; ++a) {
          auto& x = at(m, a, j);
          block(a, j) = x;
          x *= static_cast<Scalar>(momentum);
        }
      }
      orthogonalizer(block, update.workspace);
      update.matrix.setZero();
      for (Index j = 0; j < of.length; ++j) {
        for (Index a = 0; a < of.k; ++a) at(update.matrix, a, j) = block(a, j);
      }
    };
  }

 private:
  // Which slices there are, how many and how long, and how many of them are chosen.
  struct Choice {
    bool by_rows;
    Index number, length, k;
  };

  Choice choice(Index rows, Index cols) const {
    const bool by_rows = slices == DionSlices::rows || rows <= cols;
    const Index number = by_rows ? rows : cols;
    const auto k = static_cast<Index>(std::ceil(fraction * static_cast<double>(number)));
    return {by_rows, number, by_rows ? cols : rows, std::min(number, k)};
  }

  // The first k of `order` become the slices of largest norm. What is NaN counts as infinite.
  template <class Matrix>
  static void sort_slices(const Matrix& m, const Choice& of, MatrixMap<Index> order, Workspace& workspace) {
    auto norms = workspace.take<double>(of.number, 1);
    norms.setZero();
    for (Index j = 0; j < m.cols(); ++j) {
      const auto sizes = m.col(j).cwiseAbs().template cast<double>();
      if (of.by_rows) {
        norms += sizes;
      } else {
        norms(j) = sizes.sum();
      }
    }
    for (Index i = 0; i < of.number; ++i) {
      order(i) = i;
      if (std::isnan(norms(i))) norms(i) = std::numeric_limits<double>::infinity();
    }
    std::partial_sort(order.data(), order.data() + of.k, order.data() + of.number, [&](Index a, Index b) {
      return norms(a) > norms(b) || (norms(a) == norms(b) && a < b);
    });
  }
};

}  // namespace stages

}  // namespace GRADUS_NAMESPACE
