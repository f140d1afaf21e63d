// SPDX-License-Identifier: MIT
//
// The tensors of a checkpoint, of which ranks have pieces: what all know about them.
// not in the umbrella: it needs MPI 3.1 or later and nlohmann-json 3.11 or later
#pragma once

#include <gradus/distributed/agree.hpp>
#include <gradus/distributed/plan.hpp>
#include <gradus/io/checkpoint.hpp>

namespace GRADUS_NAMESPACE::mpi::detail {

// A tensor of the file. `pieces` are those of the ranks that have it, in the order in which it is stored;
// empty if all ranks have all of it.
struct SharedTensor {
  struct Held {
    int rank;
    Index begin, end;
  };
  io::Dtype dtype;
  std::vector<std::uint64_t> shape;
  Index rows = 0, cols = 0;
  bool by_row = false;
  std::vector<Held> pieces{};
  const io::TensorView* mine = nullptr;  // what this rank has of it
  int writer = 0;

  std::size_t width() const { return dtype.bits / 8; }
  Index size() const { return rows * cols; }
  bool is_whole(const Held& held) const { return held.end - held.begin == size(); }

  // All of it in a run of memory, stored as the leaf is.
  io::TensorView in(std::vector<char>& memory) const {
    memory.resize(static_cast<std::size_t>(size()) * width());
    return {dtype, shape, memory.data(), rows, cols, by_row ? cols : 1, by_row ? 1 : rows};
  }
};
using SharedTensors = std::map<std::string, SharedTensor>;

// Numbers and texts in a row of bytes.
struct Message {
  std::string bytes;
  std::size_t at = 0;

  void put(std::uint64_t number) { bytes.append(reinterpret_cast<const char*>(&number), sizeof number); }
  void put(std::string_view text) { put(text.size()), bytes.append(text); }
  std::uint64_t number() {
    std::uint64_t result = 0;
    std::memcpy(&result, bytes.data() + at, sizeof result);
    at += sizeof result;
    return result;
  }
  std::string text() {
    const auto size = static_cast<std::size_t>(number());
    at += size;
    return bytes.substr(at - size, size);
  }
};

// This rank's piece of a leaf, or null.
inline const Piece* own_piece(const io::detail::Origin& origin) {
  const std::vector<Piece>& own = origin.owners->own();
  const auto found =
      std::find_if(own.begin(), own.end(), [&](const Piece& piece) { return piece.leaf == origin.leaf; });
  return found == own.end() ? nullptr : &*found;
}

// What this rank has of a divided state's tensor: a whole one of any shape, or the run of a leaf that is cut.
inline void put_held(Message& message, const io::detail::NamedView& entry, const io::detail::Origin& origin,
                     const Piece* piece) {
  const auto& leaves = origin.owners->leaves;
  const auto place =
      std::find_if(leaves.begin(), leaves.end(), [&](const auto& one) { return one.ordinal == origin.leaf; });
  const io::TensorView& view = entry.view;
  const Index size = view.rows * view.cols;
  const bool is_cut = piece->end - piece->begin != place->rows * place->cols;
  if (is_cut && size != piece->end - piece->begin) {
    throw std::invalid_argument("'" + entry.name + "' is not like the leaf that it belongs to, which is cut");
  }
  const Index rows = is_cut ? place->rows : view.rows, cols = is_cut ? place->cols : view.cols;
  message.put(entry.name);
  message.put(view.dtype.name);
  message.put(view.dtype.bits);
  message.put(std::uint64_t{view.shape.size() == 1});
  for (const Index number : {rows, cols, is_cut ? piece->begin : 0, is_cut ? piece->end : size}) {
    message.put(static_cast<std::uint64_t>(number));
  }
  message.put(std::uint64_t{place->by_row});
}

inline void add_held(SharedTensors& tensors, Message& message, int rank) {
  const std::string name = message.text(), dtype = message.text();
  const auto bits = static_cast<unsigned>(message.number());
  const bool is_vector = message.number() != 0;
  const auto next = [&] { return static_cast<Index>(message.number()); };
  const Index rows = next(), cols = next(), begin = next(), end = next();
  SharedTensor& tensor = tensors[name];
  tensor.by_row = message.number() != 0;
  const auto* const known = std::find_if(std::begin(io::dtypes), std::end(io::dtypes),
                                         [&](const io::Dtype& one) { return one.name == dtype; });
  tensor.dtype = {known->name, bits};
  tensor.rows = rows, tensor.cols = cols;
  tensor.shape = {static_cast<std::uint64_t>(is_vector ? rows * cols : rows)};
  if (!is_vector) tensor.shape.push_back(static_cast<std::uint64_t>(cols));
  tensor.pieces.push_back({rank, begin, end});
}

// The tensors of the whole run, the same on all ranks but for `mine`. `entries` must stay.
inline SharedTensors share(const Communicator& ranks, const io::detail::Entries& entries) {
  SharedTensors tensors;
  Message mine;
  mpi::agree(ranks, [&] {
    std::set<std::string> names;
    for (std::size_t i = 0; i < entries.views.size(); ++i) {
      const auto& entry = entries.views[i];
      if (!names.insert(entry.name).second) {
        throw std::invalid_argument("two tensors are called '" + entry.name + "'");
      }
      const io::detail::Origin& origin = entries.origins[i];
      if (origin.owners == nullptr) continue;
      if (const Piece* piece = own_piece(origin)) put_held(mine, entry, origin, piece);
    }
  });
  const std::vector<std::string> all = ranks.gather(mine.bytes);
  for (int rank = 0; rank < ranks.size(); ++rank) {
    Message message{all[static_cast<std::size_t>(rank)]};
    while (message.at < message.bytes.size()) add_held(tensors, message, rank);
  }
  mpi::agree(ranks, [&] {
    for (auto& [name, tensor] : tensors) {
      Index covered = 0;
      for (const auto& piece : tensor.pieces) {  // ranks own runs in order
        if (piece.begin != covered) throw std::invalid_argument("'" + name + "' has several owners");
        covered = piece.end;
      }
      if (covered != tensor.size()) throw std::invalid_argument("a part of '" + name + "' has no owner");
      tensor.writer = tensor.pieces.front().rank;
    }
    for (std::size_t i = 0; i < entries.views.size(); ++i) {
      const auto& entry = entries.views[i];
      const bool divided = entries.origins[i].owners != nullptr;
      // What a state keeps for a leaf of others, such as a number, is theirs to write and to read.
      if (divided && own_piece(entries.origins[i]) == nullptr) continue;
      if (!divided && tensors.count(entry.name) != 0) {
        throw std::invalid_argument("two tensors are called '" + entry.name + "'");
      }
      SharedTensor& tensor = tensors[entry.name];
      tensor.mine = &entry.view;
      if (divided) continue;
      tensor.dtype = entry.view.dtype, tensor.shape = entry.view.shape;
      tensor.rows = entry.view.rows, tensor.cols = entry.view.cols;
    }
  });
  // What all have is written by all, in turn.
  std::vector<LeafShare> to_write;
  std::vector<SharedTensor*> of_all;
  for (auto& [name, tensor] : tensors) {
    if (!tensor.pieces.empty()) continue;
    to_write.push_back({static_cast<Index>(of_all.size()), std::max(tensor.size(), Index{1}),
                        static_cast<double>(tensor.size()) * static_cast<double>(tensor.width())});
    of_all.push_back(&tensor);
  }
  const Plan plan = mpi::deal_whole(to_write, ranks.size());
  for (std::size_t rank = 0; rank < plan.size(); ++rank) {
    for (const Piece& piece : plan[rank]) {
      of_all[static_cast<std::size_t>(piece.leaf)]->writer = static_cast<int>(rank);
    }
  }
  return tensors;
}

}  // namespace GRADUS_NAMESPACE::mpi::detail
