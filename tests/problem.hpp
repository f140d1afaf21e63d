// SPDX-License-Identifier: MIT
//
// The deterministic problem that reference/generate.py runs, and small tools around it.
#pragma once

#include <cmath>
#include <cstring>
#include <gradus/core/like.hpp>
#include <gradus/core/sum_blocks.hpp>
#include <utility>
#include <vector>

namespace gradus_test {

using gradus::Index;
template <class Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
template <class Scalar>
using Tree = std::vector<Matrix<Scalar>>;
using Shapes = std::vector<std::pair<Index, Index>>;

inline double start(double leaf, double i, double j) { return std::sin(1 + 1.3 * leaf + 0.7 * i + 0.4 * j); }

inline double gradient(double theta, double t, double leaf, double i, double j) {
  return 0.6 * theta + std::cos(0.5 * t + i + 2 * leaf) + 0.3 * std::sin(t * (j + 1));
}

/// Sets every coefficient of a tree to `f(value, leaf, row, column)`.
template <class T, class F>
void fill(T&& tree, const F& f) {
  gradus::walk(
      "fill",
      [&](const gradus::Path& at, auto& leaf) {
        using Scalar = typename std::remove_cvref_t<decltype(leaf)>::Scalar;
        for (Index i = 0; i < leaf.rows(); ++i) {
          for (Index j = 0; j < leaf.cols(); ++j) {
            leaf(i, j) =
                static_cast<Scalar>(f(static_cast<double>(leaf(i, j)), static_cast<double>(at.ordinal),
                                      static_cast<double>(i), static_cast<double>(j)));
          }
        }
      },
      tree);
}

template <class Scalar>
Tree<Scalar> make_tree(const Shapes& shapes) {
  Tree<Scalar> tree;
  for (const auto& [rows, cols] : shapes) tree.push_back(Matrix<Scalar>::Zero(rows, cols));
  fill(tree, [](double, double l, double i, double j) { return start(l, i, j); });
  return tree;
}

/// Writes the gradient at step t = 1, 2, ... of the problem at `params` into `grads`.
template <class P, class G>
void write_gradient(const P& params, G&& grads, int t) {
  gradus::walk(
      "copy", [](const auto&, const auto& p, auto& g) { g = p; }, params, grads);
  fill(grads, [t](double theta, double l, double i, double j) { return gradient(theta, t, l, i, j); });
}

/// Takes steps first, ..., last of the problem.
template <class O, class P, class S>
void run(const O& optimizer, P&& params, S& state, int first, int last) {
  auto grads = gradus::zeros_like(params);
  for (int t = first; t <= last; ++t) {
    write_gradient(params, grads, t);
    optimizer.step(params, grads, state);
  }
}

/// Parameters after `steps` steps from the start.
template <class Scalar, class O>
Tree<Scalar> after(const O& optimizer, int steps, const Shapes& shapes = {{4, 3}, {3, 1}, {2, 4}, {1, 1}}) {
  auto params = make_tree<Scalar>(shapes);
  auto state = optimizer.init(params);
  run(optimizer, params, state, 1, steps);
  return params;
}

/// True if two trees of one structure hold the same bits.
template <class A, class B>
bool same_bits(const A& a, const B& b) {
  bool same = true;
  gradus::walk(
      "same_bits",
      [&](const auto&, const auto& x, const auto& y) {
        for (Index i = 0; i < x.rows(); ++i) {
          for (Index j = 0; j < x.cols(); ++j) {
            const auto u = x(i, j), v = y(i, j);
            same = same && std::memcmp(&u, &v, sizeof(u)) == 0;
          }
        }
      },
      a, b);
  return same;
}

/// ‖a − b‖ / ‖b‖ over all leaves.
template <class A, class B>
double relative_difference(const A& a, const B& b) {
  const auto difference = [](const auto& x, const auto& y) { return x - y; };
  return gradus::norm(gradus::lazy(difference, a, b)) / gradus::norm(b);
}

}  // namespace gradus_test
