// SPDX-License-Identifier: MIT
//
// Whole-matrix methods are lists of stages: what a stage is.
#pragma once

#include <gradus/core/for_each_leaf.hpp>
#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// What a step makes of one leaf: the matrix that begins as its gradient, passes through the stages, and ends
/// in the parameter. The update is `factor * matrix`, so that a stage which multiplies by a number need not
/// pass over memory.
template <class Parameter, class Scalar>
struct Update {
  Parameter& parameter;      ///< θ, a leaf of any storage
  MatrixMap<Scalar> matrix;  ///< u, stored by columns; 16-bit leaves have `float` here
  Workspace& workspace;      ///< scratch memory; the list takes back what a stage takes
  double factor = 1;         ///< of the matrix
  double rate = 1;           ///< of the learning rate, for the shape of the matrix

  /// Multiplies the factor into the matrix: for stages that depend on the length of u.
  void settle() {
    if (factor != 1) gradus::for_each_block([f = factor](auto& u) { u = f * u; }, matrix);
    factor = 1;
  }
};

/// The state of a stage that keeps none.
struct NoState {
  std::tuple<> trees() const { return {}; }  ///< None.
};

/// A stage: a value with fields (GRADUS_FIELDS) and
///
///     validate(who)         refuses bad fields, as `validate` of an optimizer does
///     State<Tree>           trees of matrices and numbers, with GRADUS_STATE; or `NoState`
///     shapes(rows, cols)    an array: the shape of each of these trees for a leaf of this shape
///     begin(state)          once a step: returns the function `f(update, matrices...)`, which is
///                           called for every leaf, with the matrices of its trees, by any thread
///
/// and, where it needs them,
///
///     check_unchanged(who, made_with)   refuses a change of fields that are read when the state is
///                                       made; `made_with` is the stage as it was then
///     check_leaf(path, leaf)            refuses a leaf that does not suit the fields
///     start(path, matrices...)          fills the matrices of a leaf, which are zero without it
///     scratch<Scalar>(rows, cols)       bytes that the function takes of the workspace
///     flops(rows, cols)                 what the function computes, if that is more than a few operations
///                                       a coefficient: work is divided by it
///
/// A function that returns `false` leaves its parameter as it is: the stages behind it are left out.
template <class S>
concept Stage = requires(const S& stage) {
  stage.validate("");
  stage.shapes(Index{}, Index{});
  S::name();
};

/// The shape of a matrix.
struct Shape {
  Index rows, cols;                               ///< of it
  bool operator==(const Shape&) const = default;  ///< Whether both agree.
};

}  // namespace GRADUS_NAMESPACE
