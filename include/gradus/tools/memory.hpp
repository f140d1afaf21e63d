// SPDX-License-Identifier: MIT
//
// What training a model takes, before it is begun.
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/for_each_leaf.hpp>
#include <gradus/core/state.hpp>

namespace GRADUS_NAMESPACE {

/// Bytes that a model and its optimizer take, without gradients and activations.
struct Memory {
  std::size_t parameters = 0;  ///< θ
  std::size_t state = 0;       ///< what a checkpoint has beside θ, but for single numbers
  std::size_t scratch = 0;     ///< room for the matrices of a step, for as many threads as there are now

  /// All of it.
  std::size_t total() const { return parameters + state + scratch; }
};

namespace detail {

template <class L>
std::size_t bytes_of(const L& leaf) {
  if constexpr (requires { leaf.data(); }) {
    return static_cast<std::size_t>(leaf.size()) * sizeof(*leaf.data());
  } else {
    std::size_t bytes = 0;
    leaf.for_each_part([&](std::string_view, const auto& part) { bytes += detail::bytes_of(part); });
    return bytes;
  }
}

// What the state of one leaf, which is the only one that its optimizer has seen, takes.
struct LeafMemory {
  Index ordinal;  // of the leaf
  std::size_t state = 0, scratch = 0;
  std::vector<std::size_t> workspaces{};  // of one thread, in the order in which they are visited

  template <class Tree>
  std::size_t bytes(const Tree& tree) const {
    std::size_t bytes = 0;
    const auto count = [&](const Path& path, const auto& leaf) {
      if (path.ordinal == ordinal) bytes = detail::bytes_of(leaf);
    };
    gradus::walk("memory", count, tree);
    return bytes;
  }

  template <class State>
  void add(const State& part) {
    const auto add_field = [this](std::string_view, const auto& field) {
      using Field = std::remove_cvref_t<decltype(field)>;
      if constexpr (Parameters<Field>) {
        state += bytes(field);
      } else if constexpr (!std::is_arithmetic_v<Field>) {
        add(field);
      }
    };
    const auto add_scratch = [this](std::string_view, const auto& field) {
      if constexpr (Parameters<std::remove_cvref_t<decltype(field)>>) {
        scratch += bytes(field);
      } else {
        workspaces.push_back(field.empty() ? 0 : field.front().capacity());
      }
    };
    if constexpr (requires { part.visit(add_field); }) part.visit(add_field);
    if constexpr (requires { part.visit_scratch(add_scratch); }) part.visit_scratch(add_scratch);
  }
};

// The scratch memory of one of an optimizer's lists of stages: for each thread as much as the leaf needs that
// needs most.
struct WorkspaceMemory {
  LeafSizes leaves{};
  std::size_t largest = 0;

  void add(Index size, std::size_t bytes) {
    if (bytes == 0) return;
    leaves.add(size);
    largest = std::max(largest, bytes);
  }
  std::size_t total() const { return largest * static_cast<std::size_t>(leaves.threads()); }
};

}  // namespace detail

/// The bytes that `optimizer` will take for `params`, whose sizes alone count: that is what `init` allocates,
/// but for single numbers. Found leaf by leaf, so that no more memory is taken meanwhile than the leaf needs
/// that needs most. A state that does not name its fields (GRADUS_STATE) counts as nothing. Throws what
/// `init` refuses.
///
///     std::cout << gradus::memory(gradus::AdamW{}, model).total() / 1e9 << " GB\n";
template <class O, Parameters P>
Memory memory(const O& optimizer, const P& params) {
  Memory total;
  std::vector<detail::WorkspaceMemory> workspaces;
  std::vector<std::uint8_t> choice(static_cast<std::size_t>(gradus::leaf_count(params)), 0);
  const auto add = [&](const auto& leaf, const auto& state, Index ordinal) {
    detail::LeafMemory of_leaf{ordinal};
    of_leaf.add(state);
    total.parameters += detail::bytes_of(leaf);
    total.state += of_leaf.state;
    total.scratch += of_leaf.scratch;
    workspaces.resize(std::max(workspaces.size(), of_leaf.workspaces.size()));
    for (std::size_t k = 0; k < of_leaf.workspaces.size(); ++k) {
      workspaces[k].add(leaf.size(), of_leaf.workspaces[k]);
    }
  };
  gradus::walk(
      "memory",
      [&](const Path& path, const auto& leaf) {
        if constexpr (Leaf<P>) {
          add(leaf, optimizer.init(params), 0);
        } else {
          auto& chosen = choice[static_cast<std::size_t>(path.ordinal)];
          chosen = 1;
          add(leaf, optimizer.init(detail::Subset<const P>{params, choice.data(), 1}), path.ordinal);
          chosen = 0;
        }
      },
      params);
  for (const auto& workspace : workspaces) total.scratch += workspace.total();
  return total;
}

}  // namespace GRADUS_NAMESPACE
