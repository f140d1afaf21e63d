// SPDX-License-Identifier: MIT
//
// Any optimizer behind one type, so that a law is compiled once and not once for every optimizer. It is
// compiled for one kind of tree: views, which every tree in memory can be seen through.
#pragma once

#include <any>
#include <gradus/gradus.hpp>
#include <gradus/io/entries.hpp>
#include <optional>

#include "problem.hpp"

namespace gradus_test {

using Strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
template <class Scalar>
using View = Eigen::Map<Matrix<Scalar>, 0, Strides>;
template <class Scalar>
using Views = std::vector<View<Scalar>>;
template <class Scalar>
using ConstViews = std::vector<Eigen::Map<const Matrix<Scalar>, 0, Strides>>;

/// Views of all leaves of a tree in memory, or of those that a `route` lets be seen. `init` may be handed a
/// const tree, which it does not write.
template <class Scalar, class Tree>
Views<Scalar> views_of(const Tree& tree) {
  Views<Scalar> views;
  gradus::walk(
      "views_of",
      [&](const gradus::Path&, const auto& leaf) {
        views.emplace_back(const_cast<Scalar*>(leaf.data()), leaf.rows(), leaf.cols(),
                           Strides(leaf.colStride(), leaf.rowStride()));
      },
      tree);
  return views;
}

/// The same to be read.
template <class Scalar, class Tree>
ConstViews<Scalar> const_views_of(const Tree& tree) {
  ConstViews<Scalar> views;
  for (const auto& view : views_of<Scalar>(tree)) {
    views.emplace_back(view.data(), view.rows(), view.cols(),
                       Strides(view.outerStride(), view.innerStride()));
  }
  return views;
}

/// The gradients that every optimizer is compiled for: lazy ones, a factor times views.
template <class Scalar>
using Scaled = decltype(gradus::scale(std::declval<const ConstViews<Scalar>&>(), 1.0));

/// The scalar of a tree's leaves, which is one for all.
template <class Tree>
struct ScalarOf : ScalarOf<std::remove_cvref_t<decltype(std::declval<Tree&>()[0])>> {};
template <gradus::Leaf L>
struct ScalarOf<L> : std::type_identity<typename L::Scalar> {};
template <class Tree>
struct ScalarOf<gradus::detail::Subset<Tree>> : ScalarOf<std::remove_const_t<Tree>> {};
template <class F, class Tree, class... More>
struct ScalarOf<gradus::Lazy<F, Tree, More...>> : ScalarOf<std::remove_cvref_t<Tree>> {};
template <class A, class... More>
struct ScalarOf<std::tuple<A, More...>> : ScalarOf<std::remove_cvref_t<A>> {};
template <class Tree>
using scalar_of = typename ScalarOf<std::remove_cvref_t<Tree>>::type;

/// The state of an `AnyOptimizer`. Copies are deep.
struct AnyState {
  using Entries = gradus::io::detail::Entries;

  std::any value;
  void (*list)(const std::any& value, Entries& entries);

  /// Names its tensors and numbers, as GRADUS_STATE does.
  void visit(Entries& entries) const { list(value, entries); }

  /// The bytes of all of them.
  std::vector<char> save() const {
    std::vector<char> bytes;
    for (const auto& entry : entries().views) {
      gradus::io::send(entry.view, [&](const void* from, std::size_t size) {
        const char* first = static_cast<const char*>(from);
        bytes.insert(bytes.end(), first, first + size);
      });
    }
    return bytes;
  }
  /// Into a state that `init` made.
  void load(const std::vector<char>& bytes) {
    std::size_t at = 0;
    for (const auto& entry : entries().views) {
      gradus::io::receive(entry.view, [&](void* to, std::size_t size) {
        std::memcpy(to, bytes.data() + at, size);
        at += size;
      });
    }
  }
  std::optional<std::int64_t> steps_taken() const { return entries().steps; }

 private:
  Entries entries() const {
    Entries entries;
    entries.add_state(*this);
    return entries;
  }
};

/// An optimizer's functions for one type of parameters and of gradients.
template <class P, class G>
struct FunctionsFor {
  AnyState (*init)(const std::any& optimizer, const P& params);
  void (*check)(const std::any& optimizer, P& params, const G& grads, const AnyState& state);
  void (*step)(const std::any& optimizer, P& params, const G& grads, AnyState& state);
  void (*solve)(const std::any& optimizer, const P& params, const AnyState& state, P& result);
};
template <class Scalar>
using OnViews = FunctionsFor<Views<Scalar>, Scaled<Scalar>>;
using OnVector2 = FunctionsFor<Eigen::Vector2d, Eigen::Vector2d>;
// Half takes bfloat16's paths: the tests of precision have it, and a law asks a few optimizers about both.
using Functions = std::tuple<OnViews<float>, OnViews<double>, OnViews<Eigen::bfloat16>, OnVector2>;

struct OptimizerFunctions {
  Functions typed;
  double* (*field)(std::any& optimizer, const std::string& name);
};

/// An optimizer of any type; itself one, for every tree of views or matrices. Made by `erase` of erase.hpp.
struct AnyOptimizer {
  std::any optimizer;
  const OptimizerFunctions* functions;

  template <class>
  using State = AnyState;

  AnyState init(const Eigen::Vector2d& x) const {
    return std::get<OnVector2>(functions->typed).init(optimizer, x);
  }
  void step(Eigen::Vector2d& x, const Eigen::Vector2d& gradient, AnyState& state) const {
    std::get<OnVector2>(functions->typed).step(optimizer, x, gradient, state);
  }

  Eigen::Vector2d solution(const Eigen::Vector2d& x, const AnyState& state) const {
    Eigen::Vector2d result;
    std::get<OnVector2>(functions->typed).solve(optimizer, x, state, result);
    return result;
  }

  template <class P>
  AnyState init(const P& params) const {
    auto views = views_of<scalar_of<P>>(params);
    return on<P>().init(optimizer, views);
  }
  template <class P, class G>
  void check(P&& params, const G& grads, const AnyState& state) const {
    auto views = views_of<scalar_of<P>>(params);
    with_gradient<scalar_of<P>>(params, grads,
                                [&](const auto& g) { on<P>().check(optimizer, views, g, state); });
  }
  template <class P, class G>
  void step(P&& params, const G& grads, AnyState& state) const {
    auto views = views_of<scalar_of<P>>(params);
    with_gradient<scalar_of<P>>(params, grads,
                                [&](const auto& g) { on<P>().step(optimizer, views, g, state); });
  }
  template <class Scalar>
  Tree<Scalar> solution(const Tree<Scalar>& params, const AnyState& state) const {
    Tree<Scalar> result = params;
    auto views = views_of<Scalar>(result);
    on<Tree<Scalar>>().solve(optimizer, views_of<Scalar>(params), state, views);
    return result;
  }

  /// A field of this optimizer, or of the innermost one if it is a wrapper; null if there is none.
  double* learning_rate() { return functions->field(optimizer, "learning_rate"); }
  double* weight_decay() { return functions->field(optimizer, "weight_decay"); }

 private:
  template <class P>
  const auto& on() const {
    return std::get<OnViews<scalar_of<P>>>(functions->typed);
  }

  // Calls `f` with views of the gradients. Lazy ones are evaluated, on the leaves that are seen of `params`.
  template <class Scalar, class P, class G, class F>
  static void with_gradient(const P& params, const G& grads, const F& f) {
    if constexpr (std::is_same_v<G, Scaled<Scalar>>) {
      f(grads);
    } else if constexpr (gradus::is_lazy<G> || gradus::detail::is_subset<P>) {
      Tree<Scalar> evaluated;
      gradus::walk(
          "evaluate",
          [&](const gradus::Path&, const auto& leaf, const auto& g) {
            evaluated.push_back(Matrix<Scalar>(leaf.rows(), leaf.cols()));
            gradus::for_each_block([](auto& to, const auto& from) { to = from; }, evaluated.back(), g);
          },
          params, grads);
      const auto views = const_views_of<Scalar>(evaluated);
      f(gradus::scale(views, 1));
    } else {
      const auto views = const_views_of<Scalar>(grads);
      f(gradus::scale(views, 1));
    }
  }
};

}  // namespace gradus_test
