// SPDX-License-Identifier: MIT
//
// The tensors of parameters and of the state of any optimizer, each with its name.
// not in the umbrella: only who reads or writes files needs it
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/state.hpp>
#include <gradus/io/file_order.hpp>
#include <optional>
#include <string>
#include <utility>

namespace GRADUS_NAMESPACE::mpi {

/// Who owns what of a state that is divided among processes: distributed/plan.hpp.
struct Ownership;

}  // namespace GRADUS_NAMESPACE::mpi

namespace GRADUS_NAMESPACE::io::detail {

inline std::string joined(const std::string& prefix, std::string_view name) {
  return prefix.empty() || name.empty() ? prefix + std::string(name) : prefix + '.' + std::string(name);
}

struct NamedView {
  std::string name;
  TensorView view;
};

// Where a tensor comes from: a state that is divided among processes, or null; the ordinal of the leaf.
struct Origin {
  const mpi::Ownership* owners;
  Index leaf;
};

// Lists the tensors of a checkpoint, each with its name. One type for all trees, so that each is walked by
// one function.
class Entries {
 public:
  std::vector<NamedView> views{};
  std::vector<Origin> origins{};           // of the views
  std::optional<std::int64_t> steps{};     // the count t of the innermost state
  const mpi::Ownership* owners = nullptr;  // set by divided states while they are visited
  bool divided = false;                    // whether other processes have parts of the state

  template <class P>
  void add_parameters(const P& params) {
    prefix_ = Leaf<P> ? "params" : "";
    gradus::walk("gradus::io", *this, params);
  }
  template <class State>
  void add_state(const State& state) {
    prefix_ = "state";
    in_state_ = true;
    visit_fields(state);
  }

  // A leaf. Those of the state that a route gives to others, and that an option makes no use of, are empty.
  template <class L>
  void operator()(const Path& path, const L& leaf) {
    divided = divided || owners != nullptr;
    if (in_state_ && leaf.size() == 0) return;
    const std::string name = detail::joined(prefix_, path.name());
    if constexpr (requires { leaf.data(); }) {
      add(name, io::view(leaf), {owners, path.ordinal});
    } else {  // of `small_state`
      leaf.for_each_part([&](std::string_view part, const auto& matrix) {
        add(detail::joined(name, part), io::view(matrix), {owners, path.ordinal});
      });
    }
  }
  // A field of the state: a tree, a number, or a state inside.
  template <class Field>
  void operator()(std::string_view name, const Field& field) {
    divided = divided || owners != nullptr;
    const std::string before = std::exchange(prefix_, detail::joined(prefix_, name));
    if constexpr (Parameters<Field>) {
      gradus::walk("gradus::io", *this, field);
    } else if constexpr (std::is_arithmetic_v<Field>) {
      add(prefix_, io::view(field), {nullptr, 0});
      if constexpr (std::is_same_v<Field, std::int64_t>) {
        if (!steps && name == "t") steps = field;
      }
    } else {
      visit_fields(field);
    }
    prefix_ = before;
  }

 private:
  void add(std::string name, TensorView view, Origin origin) {
    views.push_back({std::move(name), std::move(view)});
    origins.push_back(origin);
  }

  template <class State>
  void visit_fields(const State& state) {
    if constexpr (requires { state.visit(*this); }) {
      state.visit(*this);
    } else {
      static_assert(std::is_empty_v<State>,
                    "gradus: this state does not name its fields, so they cannot be saved: write "
                    "GRADUS_STATE(m, v) with the names of its members inside it");
    }
  }

  std::string prefix_{};
  bool in_state_ = false;
};

template <class P, class State>
Entries entries_of(const P& params, const State& state) {
  Entries entries;
  entries.add_parameters(params);
  entries.add_state(state);
  return entries;
}

}  // namespace GRADUS_NAMESPACE::io::detail
