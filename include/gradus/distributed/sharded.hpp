// SPDX-License-Identifier: MIT
//
// The state of an optimizer divided among ranks.
// not in the umbrella: it needs MPI 3.1 or later (Debian: libopenmpi-dev)
#pragma once

#include <gradus/distributed/compare.hpp>
#include <gradus/distributed/spread.hpp>

namespace GRADUS_NAMESPACE::mpi {

/// An optimizer of which every rank steps a part: a P-th of the state and of the work (ZeRO-1: Rajbhandari et
/// al., arXiv:1910.02054). Made by `sharded`. Parameters and gradients are whole on all ranks, and must be
/// the same on all: average the gradients before.
///
///     auto optimizer = route(is_hidden, sharded(Muon{}, ranks), sharded(AdamW{}, ranks));
///     auto state = optimizer.init(model);
///     ...
///     average.add(gradients);
///     optimizer.step(model, average.wait(), state);
///
/// The inner optimizer steps a tree of the same structure and names, where what other ranks own is empty;
/// then the parameters are gathered. What is owned depends on the inner optimizer's `scope`:
///
/// - `coefficient` (Adam, Lion, ...): all coefficients in one line, cut into equal shares;
/// - `leaf` (Muon, SOAP, LAMB, ...): whole leaves, dealt to ranks by the cost of their step, see `make_plan`;
/// - `tree` (Prodigy, `route`, `skip_nonfinite`, ...): the compiler refuses it. A route takes `sharded` into
///   its parts, a wrapper goes around it.
///
/// Parameters and state have the bits of one process, whatever the number of ranks; leaves of small fixed
/// size, which are stepped as matrices of any size here, to rounding. A step is called by all ranks together;
/// so is `solution`. A rank receives the parameters that it does not own, once a step. Name, fields and the
/// names in the state are those of the inner optimizer. State: the inner optimizer's, of the part; room for
/// the part's parameters and gradient, and a bucket.
template <class O>
struct Sharded {
  static_assert(mpi::can_be_divided<O>());

  O inner;
  Communicator* ranks = nullptr;               ///< outlives the optimizer
  std::size_t bucket_bytes = 32ULL << 20;      ///< what travels at a time; no influence on the result
  static constexpr Scope scope = Scope::tree;  ///< it cannot be divided again

  /// The inner optimizer's name, for messages and files, if it has one.
  std::string_view name() const requires(requires(const O& o) { std::string_view(o.name()); }) {
    return inner.name();
  }
  /// Visits the inner optimizer's fields.
  template <class Visitor>
  void visit_fields(Visitor&& visitor) {
    if constexpr (requires { inner.visit_fields(visitor); }) inner.visit_fields(visitor);
  }
  /// As above, for a const one.
  template <class Visitor>
  void visit_fields(Visitor&& visitor) const {
    if constexpr (requires { inner.visit_fields(visitor); }) inner.visit_fields(visitor);
  }

  template <class Tree>
  struct State {
    state_of<O, part_like<Tree>> inner;
    part_like<Tree> part;            ///< the parameters, while they are stepped
    part_state_like<Tree> gradient;  ///< of them
    Ownership owners;                ///< of the leaves
    detail::Spread spread;           ///< how parts come to all
    GRADUS_SCRATCH(part, gradient)

    /// Visits the inner state's fields: they are named as without `sharded`.
    template <class Visitor>
    void visit(Visitor&& visitor) {
      visit_inner(visitor, *this);
    }
    /// As above, for a const one.
    template <class Visitor>
    void visit(Visitor&& visitor) const {
      visit_inner(visitor, *this);
    }

   private:
    template <class Visitor, class Self>
    static void visit_inner(Visitor& visitor, Self& self) {
      if constexpr (requires { visitor.owners; })
        visitor.owners = self.owners.plan.size() > 1 ? &self.owners : nullptr;
      if constexpr (!std::is_empty_v<state_of<O, part_like<Tree>>>) self.inner.visit(visitor);
      if constexpr (requires { visitor.owners; }) visitor.owners = nullptr;
    }
  };

  /// Refuses what the inner optimizer refuses, if it refuses anything.
  void validate() const requires(requires(const O& o) { o.validate(); }) { inner.validate(); }

  /// Makes the state for this rank's part of `params`. Throws `RankError`, on all ranks, for what the inner
  /// optimizer refuses on one of them, and where ranks differ in names, shapes, scalars or values, the
  /// optimizer's type or one of its fields; it names what differs.
  template <class P>
  State<like<P>> init(const P& params) const {
    static_assert(gradus::detail::explain_tree<P>());
    require_in_memory<P>();
    detail::require_ranks(ranks, "sharded");
    mpi::require_equal(*ranks, who(),
                       detail::leaves_text(params) + detail::fields_text(*this) + "bucket_bytes is\t" +
                           std::to_string(bucket_bytes) + '\n');
    mpi::require_equal_bits(*ranks, who(), params);
    State<like<P>> state;
    mpi::agree(*ranks, [&] {
      gradus::require_parameters(who(), params);
      require_at_least(who(), "bucket_bytes", static_cast<std::int64_t>(bucket_bytes), 1);
      require_field(bucket_bytes <= (std::size_t{1} << 30), who(), "bucket_bytes",
                    static_cast<double>(bucket_bytes), "be at most 2^30, as MPI counts in int");
      state.owners.rank = ranks->rank();
      state.owners.plan = mpi::make_plan(inner, params, ranks->size());
      std::vector<std::size_t> widths;
      gradus::walk(
          who(),
          [&](const Path& path, const auto& leaf) {
            widths.resize(static_cast<std::size_t>(path.ordinal) + 1);
            widths.back() = sizeof(typename std::remove_cvref_t<decltype(leaf)>::Scalar);
            state.owners.leaves.push_back({path.ordinal, leaf.rows(), leaf.cols(),
                                           bool(std::remove_cvref_t<decltype(leaf)>::IsRowMajor)});
          },
          params);
      state.spread = detail::Spread(state.owners.plan, widths, bucket_bytes);
      state.part = mpi::make_part<part_like<like<P>>>(state.owners.own(), params);
      state.gradient = mpi::make_part<part_state_like<like<P>>>(state.owners.own(), params);
      mpi::take_part(state.owners.own(), params, params, state.part);
      state.inner = inner.init(std::as_const(state.part));
    });
    return state;
  }

  /// Throws what a step would refuse, and changes nothing: fields, structures and shapes. Not collective.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    gradus::require_same_structure(who(), params, grads);
    const auto& made = state.owners.leaves;
    std::size_t seen = 0;
    gradus::walk(
        who(),
        [&](const Path& path, const auto& leaf) {
          if (seen == made.size() || made[seen].ordinal != path.ordinal) {
            path.fail("was not there when the state was made");
          }
          const auto [rows, cols] = std::pair(made[seen].rows, made[seen].cols);
          ++seen;
          if (rows != leaf.rows() || cols != leaf.cols()) {
            gradus::detail::fail_shape(path, leaf.rows(), leaf.cols(), 1, rows, cols);
          }
        },
        params);
    if (seen != made.size()) {
      throw std::invalid_argument(std::string(who()) + ": the state was made for " +
                                  std::to_string(made.size()) + " leaves, but the parameters have " +
                                  std::to_string(seen));
    }
    // It changes nothing, but wants to see something that a step could change.
    gradus::check_step(inner, const_cast<part_like<Tree>&>(state.part), state.gradient, state.inner);
  }

  /// One step, of all ranks. Throws `RankError`, on all, for what `check` throws on one of them and where a
  /// field differs between ranks, before anything is changed; and for what the inner step throws, after which
  /// the run cannot go on but from a checkpoint.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    require_in_memory<P>();
    mpi::agree(*ranks, [&] { check(params, grads, state); });
    mpi::require_equal_fields(*ranks, who(), *this);
    mpi::take_part(state.owners.own(), params, std::as_const(params), state.part);
    mpi::take_part(state.owners.own(), params, grads, state.gradient);
    mpi::agree(*ranks, [&] { inner.step(state.part, std::as_const(state.gradient), state.inner); });
    state.spread.run(*ranks, params, state.part);
  }

  /// The inner optimizer's solution, whole, on all ranks; called by all.
  template <class P, class Tree>
  requires HasSolution<O, part_like<Tree>, state_of<O, part_like<Tree>>> like<P> solution(
      const P& params, const State<Tree>& state)
  const {
    like<P> result = gradus::copy_like(params);
    part_like<Tree> part = state.part;
    mpi::take_part(state.owners.own(), params, params, part);
    const auto& found = inner.solution(part, state.inner);
    part_like<Tree> mine = part;
    gradus::for_each_block([](auto& x, const auto& value) { x = value; }, mine, found);
    detail::Spread spread = state.spread;
    if constexpr (gradus::detail::is_subset<P>) {
      gradus::detail::Subset<like<P>> seen{result, params.choice, params.wanted};
      spread.run(*ranks, seen, mine);
    } else {
      spread.run(*ranks, result, mine);
    }
    return result;
  }

 private:
  // For messages.
  std::string_view who() const {
    if constexpr (requires { std::string_view(inner.name()); }) {
      return inner.name();
    } else {
      return "sharded";
    }
  }

  template <class P>
  static consteval void require_in_memory() {
    using Tree = std::remove_cvref_t<decltype(gradus::detail::without_subset(std::declval<P&>()))>;
    static_assert(
        !gradus::detail::WidenedNode<Tree>,
        "gradus::mpi::sharded: inside a wrapper of precision/ it sees numbers that are not in memory: "
        "put that wrapper inside sharded");
  }
};

/// `sharded(AdamW{}, ranks)`: see `Sharded`.
template <class O>
Sharded<O> sharded(O optimizer, Communicator& ranks) {
  return {std::move(optimizer), &ranks};
}

}  // namespace GRADUS_NAMESPACE::mpi
