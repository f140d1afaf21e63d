// SPDX-License-Identifier: MIT
//
// A run of many ranks in one file, which any number of ranks can go on from.
// not in the umbrella: it needs MPI 3.1 or later and nlohmann-json 3.11 or later
#pragma once

#include <fstream>
#include <gradus/distributed/compare.hpp>
#include <gradus/distributed/shared_tensors.hpp>

namespace GRADUS_NAMESPACE::mpi {

namespace detail {

// What ranks that save together must say alike.
inline std::string request_text(const std::filesystem::path& path, const io::Metadata& metadata) {
  std::string text = "the path is\t" + path.string() + '\n';
  for (const auto& [key, value] : metadata) text += "'" + key + "' of the metadata is\t" + value + '\n';
  return text;
}

// A file that all ranks write.
class SharedFile {
 public:
  SharedFile(const Communicator& ranks, const std::filesystem::path& path) : ranks_(&ranks) {
    ranks.check(MPI_File_open(ranks.get(), path.string().c_str(), MPI_MODE_WRONLY, MPI_INFO_NULL, &file_),
                "MPI_File_open");
  }
  // A full disk is no error for some: only the count tells.
  void write(std::uint64_t at, const void* bytes, std::size_t size) const {
    const char* from = static_cast<const char*>(bytes);
    while (size > 0) {
      const int wanted = static_cast<int>(std::min(size, std::size_t{1} << 30));
      int written = 0;
      MPI_Status status;
      ranks_->check(MPI_File_write_at(file_, static_cast<MPI_Offset>(at), from, wanted, MPI_BYTE, &status),
                    "MPI_File_write_at");
      ranks_->check(MPI_Get_count(&status, MPI_BYTE, &written), "MPI_Get_count");
      if (written <= 0) throw std::runtime_error("cannot write all bytes: is the disk full?");
      at += static_cast<std::uint64_t>(written), from += written, size -= static_cast<std::size_t>(written);
    }
  }
  void close() {
    const int synced = MPI_File_sync(file_), closed = MPI_File_close(&file_);
    ranks_->check(synced, "MPI_File_sync");
    ranks_->check(closed, "MPI_File_close");
  }

 private:
  const Communicator* ranks_;
  MPI_File file_ = MPI_FILE_NULL;
};

// Sends a tensor's pieces to its writer, who writes it row by row from `at` on. A failure of the writer's
// must not keep the others waiting: it is kept in `failure`.
inline void write_tensor(const Communicator& ranks, const SharedFile& file, std::uint64_t at,
                         const SharedTensor& tensor, std::string& failure) {
  const auto bytes = [&](Index count) { return static_cast<std::size_t>(count) * tensor.width(); };
  const bool writes = ranks.rank() == tensor.writer;
  std::vector<char> memory;
  io::TensorView whole;
  if (writes) whole = tensor.pieces.size() > 1 ? tensor.in(memory) : *tensor.mine;
  if (tensor.pieces.size() > 1) {
    for (const auto& piece : tensor.pieces) {
      const std::size_t size = bytes(piece.end - piece.begin);
      if (piece.rank == ranks.rank()) {
        writes ? static_cast<void>(std::memcpy(whole.data + bytes(piece.begin), tensor.mine->data, size))
               : ranks.send_to(tensor.writer, tensor.mine->data, size);
      } else if (writes) {
        ranks.receive_from(piece.rank, whole.data + bytes(piece.begin), size);
      }
    }
  }
  if (!writes || !failure.empty()) return;
  try {
    io::send(whole, [&](const void* from, std::size_t size) {
      file.write(at, from, size);
      at += size;
    });
  } catch (const std::exception& error) {
    failure = error.what();
  }
}

}  // namespace detail

/// Writes parameters and the state of their optimizer to one safetensors file, by all ranks together, each
/// its share: see `io::save`. The file has the same bytes for any number of ranks, and those that `io::save`
/// of one process writes for the optimizer without `sharded`; either can be loaded by `mpi::load` with any
/// number of ranks, by `io::load`, or in Python.
///
///     gradus::mpi::save(ranks, "run.safetensors", model, optimizer, state, {{"step", "1000"}});
///
/// The old file is there until the new one is on the disk. The folder must be one that all ranks see. Pieces
/// of a leaf that is cut go to one of their owners, who needs memory for that leaf. All ranks say the same
/// path and metadata. Throws `RankError`, on all ranks, where they do not, and when one of them cannot write;
/// the old file is then as it was.
template <class P, class O, class State>
void save(Communicator& ranks, const std::filesystem::path& path, const P& params, const O& optimizer,
          const State& state, io::Metadata metadata = {}) {
  mpi::require_equal(ranks, "gradus::mpi::save", detail::request_text(path, metadata));
  const io::detail::Entries entries = io::detail::entries_of(params, state);
  const detail::SharedTensors tensors = detail::share(ranks, entries);
  std::vector<io::OutputTensor> layout;
  io::detail::HeaderText header;
  std::optional<io::DurableFile> destination;
  std::string temporary;
  mpi::agree(ranks, [&] {
    io::Metadata own = io::detail::describe_optimizer(optimizer);
    if (entries.steps) own["gradus.steps"] = std::to_string(*entries.steps);
    metadata = io::detail::with_own(path, std::move(metadata), std::move(own));
    for (const auto& [name, tensor] : tensors) layout.push_back({name, tensor.dtype, tensor.shape, {}});
    io::detail::arrange(layout);
    header = io::detail::header_text(layout, metadata);
    if (ranks.rank() == 0) {
      destination.emplace(path, 8 + header.text.size() + header.data_size);
      temporary = destination->temporary().string();
    }
  });
  temporary = ranks.broadcast(temporary, 0);
  std::optional<detail::SharedFile> file;
  mpi::agree(ranks, [&] {  // else MPI may wait for ever for a rank that cannot
    if (!std::fstream(temporary, std::ios::in | std::ios::out | std::ios::binary)) {
      io::detail::fail(path, "this rank cannot open " + temporary +
                                 ", which rank 0 has made: is the folder one that all ranks see?");
    }
  });
  mpi::agree(ranks, [&] { file.emplace(ranks, temporary); });
  std::string failure;
  if (ranks.rank() == 0) {
    try {
      std::array<unsigned char, 8> length{};
      for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<unsigned char>(header.text.size() >> 8 * i);
      file->write(0, length.data(), 8);
      file->write(8, header.text.data(), header.text.size());
    } catch (const std::exception& error) {
      failure = error.what();
    }
  }
  std::uint64_t at = 8 + header.text.size();
  for (std::size_t i = 0; i < layout.size(); at += header.sizes[i++]) {
    detail::write_tensor(ranks, *file, at, tensors.at(layout[i].name), failure);
  }
  try {
    file->close();
  } catch (const std::exception& error) {
    if (failure.empty()) failure = error.what();
  }
  mpi::agree(ranks, failure.empty() ? failure : path.string() + ": " + failure);
  mpi::agree(ranks, [&] {
    if (destination) destination->commit();
  });
}

/// Reads a file of `mpi::save`, with this or any other number of ranks, or of `io::save`, on all ranks
/// together: see `io::load`, which is as strict. Every rank reads the parameters and its part of the state,
/// of a leaf that is cut all of it. The next step has the same bits as without the file. Throws `RankError`,
/// on all ranks; nothing has changed then, unless the file fails while its tensors are read.
template <class P, class O, class State>
io::Loaded load(Communicator& ranks, const std::filesystem::path& path, P&& params, const O& optimizer,
                State& state) {
  const io::detail::Entries entries = io::detail::entries_of(params, state);
  const detail::SharedTensors tensors = detail::share(ranks, entries);
  std::optional<io::SafetensorsReader> file;
  io::Loaded loaded;
  mpi::agree(ranks, [&] {
    file.emplace(io::detail::open_checkpoint(path));
    loaded = io::detail::require_saved_with(path, *file, optimizer);
    for (const auto& [name, tensor] : tensors) {
      file->check(name, io::TensorView{tensor.dtype, tensor.shape, nullptr, 0, 0, 0, 0});
    }
    for (const auto& [name, tensor] : file->tensors()) {
      if (tensors.count(name) == 0) {
        io::detail::fail(path,
                         io::detail::quote(name) +
                             " is in the file, but not in the parameters or the state of the optimizer");
      }
    }
  });
  mpi::agree(ranks, [&] {
    std::vector<char> memory;
    for (const auto& [name, tensor] : tensors) {
      if (tensor.mine == nullptr) continue;
      const auto own = std::find_if(tensor.pieces.begin(), tensor.pieces.end(),
                                    [&](const auto& piece) { return piece.rank == ranks.rank(); });
      if (own == tensor.pieces.end() || tensor.is_whole(*own)) {
        file->read(name, *tensor.mine);
      } else {
        file->read(name, tensor.in(memory));
        std::memcpy(tensor.mine->data, memory.data() + static_cast<std::size_t>(own->begin) * tensor.width(),
                    static_cast<std::size_t>(own->end - own->begin) * tensor.width());
      }
    }
  });
  mpi::require_equal_bits(ranks, path.string(), params);
  loaded.steps = io::detail::entries_of(params, state).steps;
  return loaded;
}

}  // namespace GRADUS_NAMESPACE::mpi
