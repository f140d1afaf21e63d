// SPDX-License-Identifier: MIT
//
// A run in a file: parameters and the state of any optimizer, saved and resumed.
// not in the umbrella: it needs nlohmann-json 3.11 or later (Debian: nlohmann-json3-dev)
#pragma once

#include <gradus/io/describe_optimizer.hpp>
#include <gradus/io/entries.hpp>
#include <gradus/io/safetensors_reader.hpp>
#include <gradus/io/safetensors_writer.hpp>
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

[[noreturn]] inline void fail(const std::filesystem::path& path, const std::string& what) {
  throw std::invalid_argument(path.string() + ": " + what);
}

// The metadata that are the user's.
inline Metadata without_own(Metadata metadata) {
  std::erase_if(metadata, [](const auto& entry) { return entry.first.starts_with(own_metadata); });
  return metadata;
}

// The metadata of a file: `own` beside the user's.
inline Metadata with_own(const std::filesystem::path& path, Metadata metadata, Metadata own) {
  for (const auto& [key, text] : metadata) {
    if (key.starts_with(own_metadata)) {
      detail::fail(path, "the key '" + key + "' of the metadata is reserved: it begins with 'gradus.'");
    }
  }
  metadata.merge(own);
  metadata["gradus.format"] = format_version;
  return metadata;
}

inline void write_entries(const std::filesystem::path& path, const Entries& entries, Metadata metadata,
                          Metadata own) {
  std::vector<OutputTensor> tensors;
  for (const auto& [name, view] : entries.views) tensors.push_back(io::tensor(name, view));
  io::write_safetensors(path, std::move(tensors),
                        detail::with_own(path, std::move(metadata), std::move(own)));
}

// The tensors of a run that is this process's alone.
template <class P, class State>
Entries own_entries_of(const std::filesystem::path& path, const P& params, const State& state) {
  Entries entries = detail::entries_of(params, state);
  if (entries.divided) {
    detail::fail(path, "the state is divided among processes: only gradus::mpi::save and load see all of it");
  }
  return entries;
}

// Opens a file whose names mean what they mean to this version.
inline SafetensorsReader open_checkpoint(const std::filesystem::path& path) {
  SafetensorsReader file(path);
  const auto format = file.metadata().find("gradus.format");
  if (format != file.metadata().end() && format->second != format_version) {
    detail::fail(path, "is of the format " + format->second + ", of a later version of the library");
  }
  return file;
}

// Refuses a file that was saved with another optimizer; tells what else the file says, but for the steps.
template <class O>
Loaded require_saved_with(const std::filesystem::path& path, const SafetensorsReader& file,
                          const O& optimizer) {
  const Metadata& text = file.metadata();
  const Metadata described = detail::describe_optimizer(optimizer);
  const auto saved_with = text.find("gradus.optimizer");
  if (saved_with != text.end() && saved_with->second != described.at("gradus.optimizer")) {
    detail::fail(path, "was saved with the optimizer " + saved_with->second + ", but is loaded with " +
                           described.at("gradus.optimizer"));
  }
  return {detail::without_own(text), {}, detail::changed_fields(text, described)};
}

// Reads all entries, once it is clear that the file has just these tensors, but for those that `ignored`
// tells by name.
template <class Ignored>
void read_entries(const std::filesystem::path& path, const SafetensorsReader& file, const Entries& entries,
                  const char* whose, const Ignored& ignored) {
  std::set<std::string> wanted;
  for (const auto& [name, view] : entries.views) {
    file.check(name, view);
    if (!wanted.insert(name).second) detail::fail(path, "two tensors are called " + detail::quote(name));
  }
  for (const auto& [name, tensor] : file.tensors()) {
    if (wanted.count(name) == 0 && !ignored(name)) {
      detail::fail(path, detail::quote(name) + " is in the file, but not in " + whose);
    }
  }
  for (const auto& [name, view] : entries.views) file.read(name, view);
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
/// Throws `std::invalid_argument` for two leaves of one name, for metadata of a reserved key and for a state
/// that is divided among processes, and `std::runtime_error` when the file cannot be written; the old one is
/// then as it was.
template <class P, class O, class State>
void save(const std::filesystem::path& path, const P& params, const O& optimizer, const State& state,
          Metadata metadata = {}) {
  const detail::Entries entries = detail::own_entries_of(path, params, state);
  Metadata own = detail::describe_optimizer(optimizer);
  if (entries.steps) own["gradus.steps"] = std::to_string(*entries.steps);
  detail::write_entries(path, entries, std::move(metadata), std::move(own));
}

/// Reads a file of `save` into parameters of the same structure and shapes, and into a state that `init` of
/// the same optimizer has made for them. The next step then has the same bits as without the file.
///
///     auto state = optimizer.init(model);
///     const auto found = gradus::io::load("run.safetensors", model, optimizer, state);
///
/// The optimizer keeps its fields: those that differ from the file's stand in the result. Nothing is
/// converted, resized or left over: throws `std::invalid_argument`, which names the tensor, what is expected
/// and what is found, unless the file has just these tensors, and for a state that is divided among
/// processes; and `std::runtime_error` when it cannot be read. Nothing has changed then, unless the file
/// fails while its tensors are read.
template <class P, class O, class State>
Loaded load(const std::filesystem::path& path, P&& params, const O& optimizer, State& state) {
  const SafetensorsReader file = detail::open_checkpoint(path);
  Loaded loaded = detail::require_saved_with(path, file, optimizer);
  detail::read_entries(path, file, detail::own_entries_of(path, params, state),
                       "the parameters or the state of the optimizer", [](const auto&) { return false; });
  loaded.steps = detail::entries_of(params, state).steps;
  return loaded;
}

/// Writes parameters alone, as `save` does.
///
///     gradus::io::save_parameters("model.safetensors", model);
template <class P>
void save_parameters(const std::filesystem::path& path, const P& params, Metadata metadata = {}) {
  detail::Entries entries;
  entries.add_parameters(params);
  detail::write_entries(path, entries, std::move(metadata), {});
}

/// Reads the parameters of a file of `save` or `save_parameters`, and returns the metadata that were given to
/// it. A state, whatever is called "state.", is passed over; else all is as strict as in `load`.
template <class P>
Metadata load_parameters(const std::filesystem::path& path, P&& params) {
  const SafetensorsReader file = detail::open_checkpoint(path);
  detail::Entries entries;
  entries.add_parameters(params);
  detail::read_entries(path, file, entries, "the parameters",
                       [](const std::string& name) { return name.starts_with("state."); });
  return detail::without_own(file.metadata());
}

}  // namespace GRADUS_NAMESPACE::io
