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

template <class P, class... G>
using On = std::tuple<Init<P>, Step<P, G>...>;
template <class... Tuples>
using Joined = decltype(std::tuple_cat(std::declval<Tuples>()...));

/// The types that every optimizer is compiled for: parameters, and what gradients they are stepped with. All
/// laws share these, because each of them costs compile time for each optimizer.
template <class Scalar>
using FunctionsOf = Joined<On<Tree<Scalar>, Tree<Scalar>, Clipped<Tree<Scalar>>>,  //
                           On<Maps<Scalar>, Maps<Scalar>>,                         //
                           On<Refs<Scalar>, ConstRefs<Scalar>>,                    //
                           On<StorageParams<Scalar>, StorageGrads<Scalar>>,        //
                           On<Vector2<Scalar>, Clipped<Vector2<Scalar>>>,          //
                           std::tuple<Solution<Tree<Scalar>>>,                     //
                           std::tuple<Init<Part<const Tree<Scalar>>>>,             //
                           std::tuple<Step<Part<Tree<Scalar>>, Tree<Scalar>>>,     //
                           std::tuple<Step<Part<Tree<Scalar>>, Clipped<Tree<Scalar>>>>>;
using Functions = Joined<FunctionsOf<float>, FunctionsOf<double>,   //
                         On<Matrix<double>, Matrix<float>>,         //
                         On<Tree<Eigen::half>, Tree<Eigen::half>>,  //
                         On<Tree<Eigen::bfloat16>, Tree<Eigen::bfloat16>>>;

/// A field of an optimizer, or null if it has none of this name.
using FieldAccess = double* (*)(std::any& optimizer);

struct OptimizerFunctions {
  Functions typed;
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
    return std::get<Init<P>>(functions->typed)(optimizer, params);
  }
  template <class P, class G>
  void step(P&& params, const G& grads, AnyState& state) const {
    std::get<Step<std::remove_cvref_t<P>, G>>(functions->typed)(optimizer, params, grads, state);
  }
  template <class Scalar>
  Tree<Scalar> solution(const Tree<Scalar>& params, const AnyState& state) const {
    return std::get<Solution<Tree<Scalar>>>(functions->typed)(optimizer, params, state);
  }

  /// The field of this optimizer, or of the innermost one if it is a wrapper; null if there is none.
  double* learning_rate() { return functions->learning_rate(optimizer); }
  double* weight_decay() { return functions->weight_decay(optimizer); }
};

}  // namespace gradus_test
