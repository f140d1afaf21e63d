// SPDX-License-Identifier: MIT
//
// An optimizer that averages the gradients of all ranks before its step.
// not in the umbrella: it needs MPI 3.1 or later (Debian: libopenmpi-dev)
#pragma once

#include <gradus/distributed/gradient_average.hpp>

namespace GRADUS_NAMESPACE::mpi {

/// An optimizer that steps with the mean of all ranks' gradients; every rank has the whole state. For loops
/// that exist already, and for `minimize`, whose objective must then return the same value on all ranks, as
/// `average(ranks, value)` does. Made by `data_parallel`. Wrappers go inside,
/// `data_parallel(skip_nonfinite(A), ranks)`: what is around it sees the gradient of one rank. For
/// transformations of the mean, such as clipping, use `GradientAverage` in a loop of your own. State: the
/// inner optimizer's; what a `GradientAverage` takes.
template <class O>
struct DataParallel {
  O inner;
  Communicator* ranks = nullptr;           ///< outlives the optimizer
  std::size_t bucket_bytes = 32ULL << 20;  ///< what travels at a time; no influence on the result
  GRADUS_FIELDS(DataParallel, inner, bucket_bytes)
  static constexpr Scope scope = Scope::tree;       ///< every rank has all of it
  static constexpr bool averages_gradients = true;  ///< so what is around it sees those of one rank

  template <class Tree>
  struct State {
    state_of<O, Tree> inner;
    GradientAverage<Tree> average;  ///< of the gradients
    GRADUS_STATE(inner)
  };

  /// There is nothing to refuse here: the inner optimizer validates its own fields.
  void validate() const {}

  /// Makes the state for `params`. Throws `RankError`, on all ranks, where they differ in names, shapes,
  /// scalars or values, the optimizer's type or a field, and what the inner optimizer refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    static_assert(!gradus::detail::is_subset<P>,
                  "gradus::mpi::data_parallel goes around a route, not into it");
    detail::require_ranks(ranks, "data_parallel");
    mpi::require_equal(*ranks, name(), detail::leaves_text(params) + detail::fields_text(*this));
    mpi::require_equal_bits(*ranks, name(), params);
    return {inner.init(params), GradientAverage<like<P>>(*ranks, params, {.bucket_bytes = bucket_bytes})};
  }

  /// Throws what the inner step would refuse, and changes nothing. Not collective.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    gradus::require_same_structure(name(), params, grads);
    gradus::check_step(inner, params, grads, state.inner);
  }

  /// One step, of all ranks. Throws `RankError`, on all, for what `check` throws on one of them, before
  /// anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    mpi::require_equal_fields(*ranks, name(), *this);
    mpi::agree(*ranks, [&] { check(params, grads, state); });
    state.average.add(grads);
    inner.step(params, state.average.wait(), state.inner);
  }

  /// The inner optimizer's solution.
  template <class P, class Tree>
  requires HasSolution<O, P, state_of<O, Tree>>
  decltype(auto) solution(const P& params, const State<Tree>& state) const {
    return inner.solution(params, state.inner);
  }
};

/// `data_parallel(Prodigy{}, ranks)`: see `DataParallel`.
template <class O>
DataParallel<O> data_parallel(O optimizer, Communicator& ranks) {
  return {std::move(optimizer), &ranks};
}

}  // namespace GRADUS_NAMESPACE::mpi
