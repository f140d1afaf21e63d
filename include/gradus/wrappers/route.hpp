// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/leaf_info.hpp>
#include <gradus/core/state.hpp>
#include <vector>

namespace GRADUS_NAMESPACE {

/// An optimizer that hands every leaf to one of several. Made by `route`.
template <class Predicates, class Optimizers>
struct Route;

/// The definition, for predicates and optimizers of these types.
template <class... Predicates, class... Optimizers>
struct Route<std::tuple<Predicates...>, std::tuple<Optimizers...>> {
  std::tuple<Predicates...> predicates;  ///< asked by `init`
  std::tuple<Optimizers...> optimizers;  ///< may be changed between steps, as by a schedule

  /// Its name, for messages.
  static constexpr std::string_view name() { return "route"; }
  static constexpr Scope scope = Scope::tree;  ///< predicates ask for names and shapes of whole leaves
  /// Visits every optimizer as a field, named "0", "1", ...
  template <class Visitor>
  void visit_fields(Visitor&& visitor) {
    visit_optimizers(visitor, optimizers);
  }
  /// As above, for a const one.
  template <class Visitor>
  void visit_fields(Visitor&& visitor) const {
    visit_optimizers(visitor, optimizers);
  }

  /// Whether there is a `solution`.
  template <class P, class Tree>
  static constexpr bool any_has_solution =
      (HasSolution<Optimizers, detail::Subset<const P>, state_of<Optimizers, Tree>> || ...);

  template <class Tree>
  struct State {
    /// Shape of a leaf.
    struct Place {
      Index rows, cols;  ///< of the leaf
    };
    std::tuple<state_of<Optimizers, Tree>...> states;  ///< of the optimizers
    std::vector<std::uint8_t> choice;                  ///< which optimizer has the leaf
    std::vector<Place> shapes;                         ///< of the leaves at `init`
    template <class Visitor>
    void visit(Visitor&& visitor) {
      visit_states(visitor, states);
    }
    template <class Visitor>
    void visit(Visitor&& visitor) const {
      visit_states(visitor, states);
    }
  };

  /// There is nothing to refuse here: the optimizers validate their own fields.
  void validate() const {}

  /// Asks the predicates about every leaf, once, in order: the first that holds decides. Throws
  /// `std::invalid_argument` that names a leaf which none claims, and what the optimizers themselves refuse.
  template <class P>
  State<like<P>> init(const P& params) const {
    gradus::require_parameters(name(), params);
    State<like<P>> state;
    // A leaf that an enclosing route gave to somebody else keeps the choice `none`.
    state.choice.resize(static_cast<std::size_t>(gradus::leaf_count(detail::without_subset(params))), none);
    gradus::walk(
        name(),
        [&](const Path& path, const auto& leaf) {
          const LeafInfo info{path.name(), leaf.rows(), leaf.cols()};
          std::uint8_t chosen = 0;
          const bool claimed = std::apply(
              [&](const auto&... holds) { return ((holds(info) || (++chosen, false)) || ...); }, predicates);
          if (!claimed) path.fail("is claimed by no optimizer");
          state.choice[static_cast<std::size_t>(path.ordinal)] = chosen;
          state.shapes.push_back({info.rows, info.cols});
        },
        params);
    for_each_part(state, params, [](const auto& optimizer, const auto& part, auto& part_state) {
      part_state = optimizer.init(part);
    });
    return state;
  }

  /// Throws what a step would refuse, of any of the optimizers, and changes nothing.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    gradus::require_same_structure(name(), params, grads);
    std::size_t seen = 0;
    gradus::walk(
        name(),
        [&](const Path& path, const auto& leaf) {
          if (seen >= state.shapes.size()) path.fail("was not there when the state was made");
          const auto [rows, cols] = state.shapes[seen++];
          if (rows != leaf.rows() || cols != leaf.cols()) {
            detail::fail_shape(path, leaf.rows(), leaf.cols(), 1, rows, cols);
          }
        },
        params);
    if (seen != state.shapes.size()) {
      throw std::invalid_argument("route: the state was made for " + std::to_string(state.shapes.size()) +
                                  " leaves, but the parameters have " + std::to_string(seen));
    }
    for_each_part(state, params, [&](const auto& optimizer, auto& part, const auto& part_state) {
      gradus::check_step(optimizer, part, grads, part_state);
    });
  }

  /// One step of every optimizer on its leaves. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    for_each_part(state, params, [&](const auto& optimizer, auto& part, auto& part_state) {
      optimizer.step(part, grads, part_state);
    });
  }

  /// The parts' solutions; the parameters where a part has none.
  template <class P, class Tree>
  requires any_has_solution<P, Tree>
  auto solution(const P& params, const State<Tree>& state) const {
    like<P> result = gradus::copy_like(params);
    for_each_part(state, result, [&](const auto& optimizer, auto& part, const auto& part_state) {
      const detail::Subset<const P> own{params, part.choice, part.wanted};
      if constexpr (requires { optimizer.solution(own, part_state); }) {
        const auto& found = optimizer.solution(own, part_state);
        detail::require_same_shapes("solution", part, found);
        gradus::for_each_block([](auto& x, const auto& value) { x = value; }, part, found);
      }
    });
    return result;
  }

 private:
  static constexpr std::uint8_t none = 255;

  template <class Visitor, class All>
  static void visit_optimizers(Visitor& visitor, All& all) {
    std::size_t k = 0;
    std::apply([&](auto&... one) { (visitor(std::to_string(k++), one), ...); }, all);
  }
  template <class Visitor, class All>
  static void visit_states(Visitor& visitor, All& all) {
    std::size_t k = 0;
    std::apply([&](auto&... one) { (detail::visit_field(std::to_string(k++), visitor, one), ...); }, all);
  }

  template <class S, class P, class F>
  void for_each_part(S& state, P& params, const F& f) const {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      const auto one = [&](const auto& optimizer, auto& part_state, std::uint8_t k) {
        detail::Subset<P> part{params, state.choice.data(), k};
        f(optimizer, part, part_state);
      };
      (one(std::get<I>(optimizers), std::get<I>(state.states), std::uint8_t{I}), ...);
    }
    (std::index_sequence_for<Optimizers...>{});
  }
};

namespace detail {

template <class... P, class... O>
auto make_route(std::tuple<P...> predicates, std::tuple<O...> optimizers) {
  return Route<std::tuple<P...>, std::tuple<O...>>{std::move(predicates), std::move(optimizers)};
}

template <class... P, class... O, class Last>
auto make_route(std::tuple<P...> predicates, std::tuple<O...> optimizers, Last last) {
  return detail::make_route(std::tuple_cat(std::move(predicates), std::tuple{any_leaf}),
                            std::tuple_cat(std::move(optimizers), std::tuple<Last>{std::move(last)}));
}

template <class... P, class... O, class Predicate, class Optimizer, class... More>
auto make_route(std::tuple<P...> predicates, std::tuple<O...> optimizers, Predicate predicate,
                Optimizer optimizer, More... more) {
  static_assert(std::is_invocable_r_v<bool, Predicate, const LeafInfo&>,
                "gradus::route(predicate, optimizer, ..., optimizer): a predicate must be callable as "
                "bool(const LeafInfo&)");
  return detail::make_route(
      std::tuple_cat(std::move(predicates), std::tuple<Predicate>{std::move(predicate)}),
      std::tuple_cat(std::move(optimizers), std::tuple<Optimizer>{std::move(optimizer)}), std::move(more)...);
}

}  // namespace detail

/// `route(predicate, A, B)` steps the leaves for which `predicate(LeafInfo)` holds with optimizer A and the
/// others with B; `route(p1, A, p2, B, C)` reads as if, else if, else. Without a last optimizer a leaf that
/// no predicate claims is an error at `init`. Shapes cannot tell everything: embeddings and output layers are
/// matrices that must not go to Muon, so ask for the name as well:
///
///     route([](const LeafInfo& leaf) { return is_matrix(leaf) && leaf.name != "head"; }, Muon{}, AdamW{})
///
/// `route(predicate, Frozen{}, AdamW{})` leaves some leaves as they are. Other wrappers go around a route or
/// into it: into it they see, and take norms over, the leaves of their part alone.
template <class... Arguments>
auto route(Arguments... arguments) {
  static_assert(sizeof...(Arguments) >= 2, "gradus::route needs a predicate and an optimizer at least");
  return detail::make_route(std::tuple<>{}, std::tuple<>{}, std::move(arguments)...);
}

}  // namespace GRADUS_NAMESPACE
