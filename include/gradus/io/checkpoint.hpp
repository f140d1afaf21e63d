// SPDX-License-Identifier: MIT
//
// A run in a file: parameters and the state of any optimizer, saved and resumed.
// not in the umbrella: it needs nlohmann-json 3.11 or later (Debian: nlohmann-json3-dev)
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/io/describe_optimizer.hpp>
#include <gradus/io/safetensors_reader.hpp>
#include <gradus/io/safetensors_writer.hpp>
#include <optional>
#include <set>

namespace GRADUS_NAMESPACE::io {

/// Text by key, kept beside the tensors of a file: what a run wants to find again, such as the seed of its
/// batches. Keys that begin with "gradus." are the library's.
using Metadata = std::map<std::string, std::string>;

/// What `load` found beside tensors.
struct Loaded {
  Metadata metadata;                  ///< the text that was given to `save`
  std::optional<std::int64_t> steps;  ///< of the optimizer, if its state counts them
  std::vector<std::string> changed;   ///< "learning_rate was 0.001, is 0.01", for each field that differs
};

namespace detail {

inline constexpr std::string_view own_metadata = "gradus.", format_version = "1";

inline std::string joined(const std::string& prefix, std::string_view name) {
  return prefix.empty() || name.empty() ? prefix + std::string(name) : prefix + '.' + std::string(name);
}

struct NamedView {
  std::string name;
  TensorView view;
};

// Lists the tensors of a checkpoint, each with its name. One type for all trees, so that each is walked by
// one function.
class Entries {
 public:
  std::vector<NamedView> views{};
  std::optional<std::int64_t> steps{};  // the count t of the innermost state

  template <class P>
  void add_parameters(const P& params) {
    prefix_ = Leaf<P> ? "params" : "";
    gradus::walk("gradus::io", *this, params);
  }
  template <class State>
  void add_state(const State& state) {
    prefix_ = "state";
    in_state_ = true;
    if constexpr (requires { state.visit(*this); }) {
      state.visit(*this);
    } else {
      static_assert(std::is_empty_v<State>,
                    "gradus: this state does not name its fields, so they cannot be saved: write "
                    "GRADUS_STATE(m, v) with the names of its members inside it");
    }
  }

  // A leaf. Those of the state that a route gives to others, and that an option makes no use of, are empty.
  template <class L>
  void operator()(const Path& path, const L& leaf) {
    if (in_state_ && leaf.size() == 0) return;
    const std::string name = detail::joined(prefix_, path.name());
    if constexpr (requires { leaf.data(); }) {
      views.push_back({name, io::view(leaf)});
    } else {
      leaf.for_each_part([&](std::string_view part, const auto& matrix) {
        views.push_back({detail::joined(name, part), io::view(matrix)});
      });
    }
  }
  // A field of the state.
  template <class Field>
  void operator()(std::string_view name, const Field& field) {
    const std::string before = std::exchange(prefix_, detail::joined(prefix_, name));
    if constexpr (Parameters<Field>) {
      gradus::walk("gradus::io", *this, field);
    } else if constexpr (std::is_arithmetic_v<Field>) {
      views.push_back({prefix_, io::view(field)});
      if constexpr (std::is_same_v<Field, std::int64_t>) {
        if (!steps && name == "t") steps = field;
      }
    } else {
      field.visit(*this);
    }
    prefix_ = before;
  }

 private:
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

[[noreturn]] inline void fail(const std::filesystem::path& path, const std::string& what) {
  throw std::invalid_argument(path.string() + ": " + what);
}

// The metadata that are the user's.
inline Metadata without_own(Metadata metadata) {
  std::erase_if(metadata, [](const auto& entry) { return entry.first.starts_with(own_metadata); });
  return metadata;
}

// Refuses tensors that nobody has asked for.
inline void require_all_wanted(const std::filesystem::path& path, const SafetensorsReader& file,
                               const std::set<std::string>& wanted) {
  for (const auto& [name, tensor] : file.tensors()) {
    if (wanted.count(name) == 0) {
      detail::fail(path, detail::quote(name) + " is in the file, but neither the parameters nor the state " +
                             "of the optimizer have it");
    }
  }
}

}  // namespace detail

/// Writes parameters and the state of their optimizer to one safetensors file, durably: see `DurableFile`.
///
///     gradus::io::save("run.safetensors", model, optimizer, state, {{"seed", "7"}});
///
/// A leaf is a tensor of its name, such as "layers.0.w", with the shape [rows, cols], or [n] for a vector by
/// its type; parameters that are a single leaf are "params". The state's fields are "state.m.layers.0.w",
/// "state.inner.t" and so on; numbers have the shape [], and keep every bit. What is empty in the state is
/// left out. The metadata have `metadata`, "gradus.format", "gradus.steps", "gradus.optimizer" and, for each
/// field of the optimizer that is a number or a choice, "gradus.optimizer.learning_rate".
///
/// Throws `std::invalid_argument` for two leaves of one name and for metadata of a reserved key, and
/// `std::runtime_error` when the file cannot be written; the old one is then as it was.
template <class P, class O, class State>
void save(const std::filesystem::path& path, const P& params, const O& optimizer, const State& state,
          Metadata metadata = {}) {
  for (const auto& [key, text] : metadata) {
    if (key.starts_with(detail::own_metadata)) {
      detail::fail(path, "the key '" + key + "' of the metadata is reserved: it begins with 'gradus.'");
    }
  }
  const detail::Entries entries = detail::entries_of(params, state);
  metadata.merge(detail::describe_optimizer(optimizer));
  metadata["gradus.format"] = detail::format_version;
  if (entries.steps) metadata["gradus.steps"] = std::to_string(*entries.steps);
  std::vector<OutputTensor> tensors;
  for (const auto& [name, view] : entries.views) tensors.push_back(io::tensor(name, view));
  io::write_safetensors(path, std::move(tensors), metadata);
}

/// Reads a file of `save` into parameters of the same structure and shapes, and into a state that `init` of
/// the same optimizer has made for them. The next step then has the same bits as without the file.
///
///     auto state = optimizer.init(model);
///     const auto found = gradus::io::load("run.safetensors", model, optimizer, state);
///
/// The optimizer keeps its fields: those that differ from the file's stand in the result. Nothing is
/// converted, resized or left over: throws `std::invalid_argument`, which names the tensor, what is expected
/// and what is found, unless the file has just these tensors, and `std::runtime_error` when it cannot be
/// read. Nothing has changed then, unless the file fails while its tensors are read.
template <class P, class O, class State>
Loaded load(const std::filesystem::path& path, P&& params, const O& optimizer, State& state) {
  const SafetensorsReader file(path);
  const Metadata& text = file.metadata();
  if (const auto format = text.find("gradus.format");
      format != text.end() && format->second != detail::format_version) {
    detail::fail(path, "is of the format " + format->second + ", of a later version of the library");
  }
  const Metadata described = detail::describe_optimizer(optimizer);
  const auto saved_with = text.find("gradus.optimizer");
  if (saved_with != text.end() && saved_with->second != described.at("gradus.optimizer")) {
    detail::fail(path, "was saved with the optimizer " + saved_with->second + ", but is loaded with " +
                           described.at("gradus.optimizer"));
  }

  const detail::Entries entries = detail::entries_of(params, state);
  std::set<std::string> wanted;
  for (const auto& [name, view] : entries.views) {
    file.check(name, view);
    wanted.insert(name);
  }
  detail::require_all_wanted(path, file, wanted);
  for (const auto& [name, view] : entries.views) file.read(name, view);
  return {detail::without_own(text), detail::entries_of(params, state).steps,
          detail::changed_fields(text, described)};
}

}  // namespace GRADUS_NAMESPACE::io
