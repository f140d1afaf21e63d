// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/state.hpp>
#include <gradus/stages/descend.hpp>
#include <gradus/stages/stage_list.hpp>

namespace GRADUS_NAMESPACE {

/// An optimizer whose steps go through stages before they are taken: the update that the stages begin with is
/// the step of the inner optimizer, its learning rate and decay included, in place of a gradient.
///
///     u = θ − θ⁺,  then the stages from u and θ on
///
/// The last of them moves the parameters, as `stages::Descend` does with a learning rate of 1. Iterates kept
/// inside the optimizer do not see what the stages make of its step, so wrap methods that keep none. u is a
/// difference of rounded numbers: where its length does not matter, as in `hyperball`, let the inner steps be
/// about as long as the parameters. Does not compile inside `stochastic_rounding`, whose noise it would take
/// for steps. State: the inner optimizer's and the stages'. Needs one more copy of the parameters, and what
/// the stages need; reads and writes 6 numbers a coefficient, beside the inner step and the stages. Made by
/// `through_stages`, and for stages that are meant for it by `hyperball`, `update_floor` and `radial_brake`.
template <class O, Stage... S>
struct ThroughStages {
  std::string_view title;  ///< for messages
  O inner;
  std::tuple<S...> stages;                                            ///< in the order in which they run
  static constexpr Scope scope = widest(Scope::leaf, scope_of<O>());  ///< what a coefficient depends on

  /// Its name, for messages.
  std::string_view name() const { return title; }

  /// Visits the inner optimizer, and every stage with its name, as fields.
  template <class Visitor>
  void visit_fields(Visitor&& visitor) {
    visitor("inner", inner);
    std::apply([&](auto&... stage) { (visitor(stage.name(), stage), ...); }, stages);
  }
  /// As above, for a const one.
  template <class Visitor>
  void visit_fields(Visitor&& visitor) const {
    visitor("inner", inner);
    std::apply([&](const auto&... stage) { (visitor(stage.name(), stage), ...); }, stages);
  }

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    typename StageList<S...>::template State<Tree> stages;  ///< of the stages
    iterate_like<Tree> update;                              ///< θ while the inner optimizer steps, then u
    GRADUS_STATE(inner, stages)
    GRADUS_SCRATCH(update)
  };

  /// Keeps θ, for one block of coefficients.
  static auto keep() {
    return [](const auto& p, auto& before) { before = p; };
  }

  /// Takes the step back, and keeps it, for one block of coefficients.
  static auto take_back() {
    return [](auto& p, auto& before) {
      const auto theta = before;
      before -= p;
      p = theta;
    };
  }

  /// Refuses what the stages refuse.
  void validate() const { list().validate(); }

  /// Makes the state for `params`. Throws `std::invalid_argument` for what the stages or the inner optimizer
  /// refuse.
  template <class P>
  State<like<P>> init(const P& params) const {
    gradus::require_parameters(title, params);
    return {inner.init(params), list().init(params), gradus::copy_state(params)};
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    gradus::require_same_structure(title, params, grads, state.update);
    gradus::check_step(inner, params, grads, state.inner);
    list().check(params, state.update, state.stages);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    check(params, grads, state);
    gradus::for_each_block(keep(), std::as_const(params), state.update);
    inner.step(params, grads, state.inner);
    gradus::walk(
        title,
        [](const Path&, auto& p, auto& update) {
          static_assert(
              !detail::RandomlyRounded<decltype(p)>,
              "gradus::through_stages: inside stochastic_rounding it would take the noise of rounding for "
              "steps; put it inside compensated or master_weights");
          gradus::for_each_block(take_back(), p, update);
        },
        params, state.update);
    list().step(params, std::as_const(state.update), state.stages);
  }

  /// The inner optimizer's solution.
  template <class P, class Tree>
  requires HasSolution<O, P, state_of<O, Tree>>
  decltype(auto) solution(const P& params, const State<Tree>& state) const {
    return inner.solution(params, state.inner);
  }

 private:
  StageList<S...> list() const { return {title, stages}; }
};

/// `through_stages(Adam{}, stages::Orthogonalize<>{}, stages::Descend{.learning_rate = 0.02})`: see
/// `ThroughStages`.
template <class O, Stage... S>
ThroughStages<O, S...> through_stages(O optimizer, S... stages) {
  return {"through_stages", std::move(optimizer), {std::move(stages)...}};
}

}  // namespace GRADUS_NAMESPACE
