// SPDX-License-Identifier: MIT
//
// Any optimizer behind one type, so that a law is compiled once and not once for every optimizer.
#pragma once

#include <any>
#include <optional>

#include "storages.hpp"

namespace gradus_test {

/// Gradients clipped by norm, then by value, lazily.
template <class G>
auto clipped(const G& grads, double max_norm, double limit) {
  return gradus::clip_by_value(gradus::clip_by_global_norm(grads, max_norm), limit);
}
template <class G>
using Clipped = decltype(clipped(std::declval<const G&>(), 1, 1));

/// What can be done with a state: writing its fields to bytes, reading them back into a state that `init`
/// made, and asking for `t`.
struct StateFunctions {
  std::vector<char> (*save)(const std::any&);
  void (*load)(std::any&, const std::vector<char>&);
  std::optional<std::int64_t> (*steps_taken)(const std::any&);
};

/// The state of an `AnyOptimizer`. Copies are deep. Only that of a `Tree` of float or double has functions.
struct AnyState {
  std::any value;
  const StateFunctions* functions;

  std::vector<char> save() const { return functions->save(value); }
  void load(const std::vector<char>& bytes) { functions->load(value, bytes); }
  std::optional<std::int64_t> steps_taken() const { return functions->steps_taken(value); }
};

template <class P>
using Init = AnyState (*)(const std::any& optimizer, const P& params);
template <class P, class G>
using Step = void (*)(const std::any& optimizer, P& params, const G& grads, AnyState& state);

template <class P>
using Solution = P (*)(const std::any& optimizer, const P& params, const AnyState& state);

template <class Scalar>
using Maps = std::vector<Eigen::Map<Matrix<Scalar>>>;
template <class Scalar>
using Refs = std::vector<Eigen::Ref<Matrix<Scalar>>>;
template <class Scalar>
using ConstRefs = std::vector<Eigen::Ref<const Matrix<Scalar>>>;
template <class Scalar>
using Vector2 = Eigen::Matrix<Scalar, 2, 1>;
template <class Tree>
using Part = gradus::detail::Subset<Tree>;  // what `route` gives to an optimizer

/// The types that every optimizer is compiled for. All laws do with these: each more is compiled for each
/// optimizer.
template <class Scalar>
using FunctionsFor =
    std::tuple<Init<Tree<Scalar>>, Step<Tree<Scalar>, Tree<Scalar>>, Solution<Tree<Scalar>>,
               Step<Tree<Scalar>, Clipped<Tree<Scalar>>>, Init<Part<const Tree<Scalar>>>,
               Step<Part<Tree<Scalar>>, Tree<Scalar>>, Step<Part<Tree<Scalar>>, Clipped<Tree<Scalar>>>,  //
               Init<Maps<Scalar>>, Step<Maps<Scalar>, Tree<Scalar>>, Step<Maps<Scalar>, Maps<Scalar>>,   //
               Init<Refs<Scalar>>, Step<Refs<Scalar>, ConstRefs<Scalar>>,                                //
               Init<StorageParams<Scalar>>, Step<StorageParams<Scalar>, StorageGrads<Scalar>>,
               Init<Vector2<Scalar>>, Step<Vector2<Scalar>, Clipped<Vector2<Scalar>>>>;
using Functions = decltype(std::tuple_cat(
    std::declval<FunctionsFor<float>>(), std::declval<FunctionsFor<double>>(),
    std::declval<std::tuple<Init<Tree<Eigen::half>>, Step<Tree<Eigen::half>, Tree<Eigen::half>>,
                            Init<Tree<Eigen::bfloat16>>, Step<Tree<Eigen::bfloat16>, Tree<Eigen::bfloat16>>,
                            Init<Matrix<double>>, Step<Matrix<double>, Matrix<double>>,
                            Step<Matrix<double>, Matrix<float>>>>()));

/// A field of an optimizer, or null if it has none of this name.
using FieldAccess = double* (*)(std::any& optimizer);

struct OptimizerFunctions {
  Functions functions;
  FieldAccess learning_rate, weight_decay;
};

/// An optimizer of any type; itself one, for the types in `Functions`. Made by `erase` of erase.hpp.
struct AnyOptimizer {
  std::any optimizer;
  const OptimizerFunctions* functions;

  template <class>
  using State = AnyState;

  template <gradus::Parameters P>
  AnyState init(const P& params) const {
    return std::get<Init<P>>(functions->functions)(optimizer, params);
  }
  template <class P, class G>
  void step(P&& params, const G& grads, AnyState& state) const {
    std::get<Step<std::remove_cvref_t<P>, G>>(functions->functions)(optimizer, params, grads, state);
  }
  template <class Scalar>
  Tree<Scalar> solution(const Tree<Scalar>& params, const AnyState& state) const {
    return std::get<Solution<Tree<Scalar>>>(functions->functions)(optimizer, params, state);
  }

  /// The field of this optimizer, or of the innermost one if it is a wrapper; null if there is none.
  double* learning_rate() { return functions->learning_rate(optimizer); }
  double* weight_decay() { return functions->weight_decay(optimizer); }
};

}  // namespace gradus_test
