// SPDX-License-Identifier: MIT
//
// Whole-matrix methods are lists of stages: the optimizer that such a list is.
#pragma once

#include <gradus/stages/stage.hpp>
#include <vector>

namespace GRADUS_NAMESPACE {

/// A list of stages is an optimizer. It takes care of traversal, checks, threads and scratch memory. Write
/// one yourself, or give an optimizer its stages' fields, as `Muon` does:
///
///     StageList optimizer{"RowMuon", std::tuple{stages::Average{}, stages::Orthogonalize<>{},
///                                               stages::NormalizeNeurons{}, stages::Descend{}}};
///
/// No type of stage may occur twice. Leaves are spread over threads; the products inside a stage use all of
/// them where there is one large leaf. Any number of threads gives the same bits.
template <Stage... S>
struct StageList {
  std::string_view title;                      ///< for messages
  std::tuple<S...> stages;                     ///< in the order in which they run
  static constexpr Scope scope = Scope::leaf;  ///< stages see whole matrices

  /// Its name, for messages.
  std::string_view name() const { return title; }

  /// Visits every stage, with its name, as a field.
  template <class Visitor>
  void visit_fields(Visitor&& visitor) {
    std::apply([&](auto&... stage) { (visitor(stage.name(), stage), ...); }, stages);
  }
  /// As above, for a const one.
  template <class Visitor>
  void visit_fields(Visitor&& visitor) const {
    std::apply([&](const auto&... stage) { (visitor(stage.name(), stage), ...); }, stages);
  }

  template <class Tree>
  struct State {
    std::tuple<typename S::template State<Tree>...> stages;  ///< of the stages
    std::int64_t t = 0;                                      ///< steps taken
    std::tuple<S...> made_with;                              ///< the stages as they were at `init`
    std::vector<Shape> shapes;                               ///< of the leaves at `init`
    std::vector<Workspace> workspaces;                       ///< scratch memory, one a thread

    /// The state of one of the stages.
    template <class T>
    auto& of() {
      return std::get<typename T::template State<Tree>>(stages);
    }
    template <class Visitor>
    void visit(Visitor&& visitor) {
      visit_all(visitor, *this);
    }
    template <class Visitor>
    void visit(Visitor&& visitor) const {
      visit_all(visitor, *this);
    }

    template <class Visitor>
    void visit_scratch(Visitor&& visitor) const {
      visitor("workspaces", workspaces);
    }

   private:
    template <class Visitor, class Self>
    static void visit_all(Visitor& visitor, Self& self) {
      std::apply([&](auto&... state) { (detail::visit_field(S::name(), visitor, state), ...); }, self.stages);
      visitor("t", self.t);
    }
  };

  /// The floating-point operations of a step on a `rows` x `cols` leaf, roughly: those that stages have a
  /// function `flops` for, and one a coefficient and stage.
  double flops(Index rows, Index cols) const {
    double total = static_cast<double>(sizeof...(S)) * static_cast<double>(rows * cols);
    for_each_stage([&](const auto& stage) {
      if constexpr (requires { stage.flops(rows, cols); }) total += stage.flops(rows, cols);
    });
    return total;
  }

  /// Refuses a field that makes no sense with `std::invalid_argument`, by name and value.
  void validate() const {
    std::apply([&](const auto&... stage) { (stage.validate(title), ...); }, stages);
  }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what `validate` refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    validate();
    gradus::require_parameters(title, params);
    State<like<P>> state;
    state.made_with = stages;
    gradus::walk(
        title,
        [&](const Path& path, const auto& leaf) {
          check_leaf(path, leaf);
          state.shapes.resize(static_cast<std::size_t>(path.ordinal) + 1);
          state.shapes.back() = {leaf.rows(), leaf.cols()};
        },
        params);
    const auto make_state = [&](const auto& stage, auto& its) {
      std::apply([&](auto&... trees) { make(stage, params, trees...); }, its.trees());
    };
    for_each_stage(make_state, state.stages);
    state.workspaces = gradus::make_workspaces(params, [&](const auto& leaf) { return scratch(leaf); });
    return state;
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    validate();
    const auto check_unchanged = [&](const auto& stage, const auto& before) {
      if constexpr (requires { stage.check_unchanged(title, before); }) stage.check_unchanged(title, before);
    };
    for_each_stage(check_unchanged, state.made_with);
    const auto trees =
        std::apply([](const auto&... s) { return std::tuple_cat(s.trees()...); }, state.stages);
    std::apply(
        [&](const auto&... tree) {
          gradus::require_same_structure(title, params, grads);
          gradus::walk(
              title,
              [&](const Path& path, const auto& leaf, const auto&, const auto&...) {
                const auto k = static_cast<std::size_t>(path.ordinal);
                const Shape made = k < state.shapes.size() ? state.shapes[k] : Shape{0, 0};
                if (made != Shape{leaf.rows(), leaf.cols()}) {
                  detail::fail_shape(path, leaf.rows(), leaf.cols(), 1, made.rows, made.cols);
                }
                check_leaf(path, leaf);
              },
              params, grads, tree...);
        },
        trees);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    ++state.t;
    const auto functions = [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tuple{std::get<I>(stages).begin(std::get<I>(state.stages))...};
    }
    (std::index_sequence_for<S...>{});
    const auto trees = std::apply([](auto&... s) { return std::tuple_cat(s.trees()...); }, state.stages);
    std::apply(
        [&](auto&... tree) {
          gradus::for_each_leaf(
              state.workspaces,
              [&](Workspace& workspace, auto& theta, const auto& g, auto&... matrices) {
                run(functions, workspace, theta, g, std::tie(matrices...));
              },
              params, grads, tree...);
        },
        trees);
  }

 private:
  template <class L>
  using ScalarOf = detail::Compute<typename std::remove_cvref_t<L>::Scalar>;

  // How many trees the states of the stages before number I have.
  template <std::size_t I>
  static constexpr std::size_t trees_before() {
    constexpr std::array<std::size_t, sizeof...(S) + 1> counts{
        std::tuple_size_v<decltype(std::declval<const S&>().shapes(0, 0))>...};
    std::size_t sum = 0;
    for (std::size_t k = 0; k < I; ++k) sum += counts[k];
    return sum;
  }

  // Calls `f(stage, its...)` for every stage, with what stands in its place in other tuples.
  template <class F, class... Tuples>
  void for_each_stage(const F& f, Tuples&... tuples) const {
    const auto call = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
      f(std::get<I>(stages), std::get<I>(tuples)...);
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (call(std::integral_constant<std::size_t, I>{}), ...);
    }
    (std::index_sequence_for<S...>{});
  }

  // Makes the trees of one stage.
  template <class T, class P, class... Trees>
  static void make(const T& stage, const P& params, Trees&... trees) {
    if constexpr (sizeof...(Trees) > 0) {
      (detail::grow(trees, params), ...);
      gradus::walk(
          "gradus",
          [&]([[maybe_unused]] const Path& path, const auto& leaf, auto&... matrices) {
            const auto shapes = stage.shapes(leaf.rows(), leaf.cols());
            auto shape = shapes.begin();
            ((matrices.setZero(shape->rows, shape->cols), ++shape), ...);
            if constexpr (requires { stage.start(path, matrices...); }) stage.start(path, matrices...);
          },
          params, trees...);
    }
  }

  template <class L>
  void check_leaf(const Path& path, const L& leaf) const {
    for_each_stage([&](const auto& stage) {
      if constexpr (requires { stage.check_leaf(path, leaf); }) stage.check_leaf(path, leaf);
    });
  }

  // Room for the update, and for the stage that needs most.
  template <class L>
  std::size_t scratch(const L& leaf) const {
    std::size_t most = 0;
    for_each_stage([&](const auto& stage) {
      if constexpr (requires { stage.template scratch<ScalarOf<L>>(leaf.rows(), leaf.cols()); }) {
        most = std::max(most, stage.template scratch<ScalarOf<L>>(leaf.rows(), leaf.cols()));
      }
    });
    return Workspace::bytes<ScalarOf<L>>(leaf.rows(), leaf.cols()) + most;
  }

  // One leaf through all stages.
  template <class Functions, class Theta, class Gradient, class Matrices>
  void run(const Functions& functions, Workspace& workspace, Theta& theta, const Gradient& g,
           const Matrices& matrices) const {
    workspace.reset(scratch(theta));
    Update<Theta, ScalarOf<Theta>> update{theta, workspace.take<ScalarOf<Theta>>(theta.rows(), theta.cols()),
                                          workspace};
    gradus::for_each_block([](auto& u, const auto& from) { u = from; }, update.matrix, g);
    const std::size_t used = workspace.used();
    const auto run_one = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
      constexpr std::size_t first = trees_before<I>(), count = trees_before<I + 1>() - first;
      const bool goes_on = [&]<std::size_t... K>(std::index_sequence<K...>) {
        const auto call = [&] { return std::get<I>(functions)(update, std::get<first + K>(matrices)...); };
        if constexpr (std::is_void_v<decltype(call())>) {
          call();
          return true;
        } else {
          return call();
        }
      }
      (std::make_index_sequence<count>{});
      workspace.rewind(used);
      return goes_on;
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      static_cast<void>((run_one(std::integral_constant<std::size_t, I>{}) && ...));
    }
    (std::index_sequence_for<S...>{});
  }
};

/// For compilers that deduce nothing of an aggregate by themselves.
template <class... S>
StageList(std::string_view, std::tuple<S...>) -> StageList<S...>;

}  // namespace GRADUS_NAMESPACE

/// Makes an optimizer of a struct whose fields are those of its stages: `Stages` is the type of the list,
/// `stages()` the list itself, and `validate`, `init`, `check`, `step` and `State` are its.
#define GRADUS_RUN_STAGES                                                                           \
  template <class Tree>                                                                             \
  using State = typename Stages::template State<Tree>;                                              \
  static constexpr gradus::Scope scope = Stages::scope;                                             \
  double flops(gradus::Index rows, gradus::Index cols) const { return stages().flops(rows, cols); } \
  void validate() const { stages().validate(); }                                                    \
  template <class P>                                                                                \
  auto init(const P& params) const {                                                                \
    return stages().init(params);                                                                   \
  }                                                                                                 \
  template <class P, class G, class S>                                                              \
  void check(P&& params, const G& grads, const S& state) const {                                    \
    stages().check(params, grads, state);                                                           \
  }                                                                                                 \
  template <class P, class G, class S>                                                              \
  void step(P&& params, const G& grads, S& state) const {                                           \
    stages().step(params, grads, state);                                                            \
  }
