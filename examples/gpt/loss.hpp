// SPDX-License-Identifier: MIT
//
// The mean loss of a batch and its gradient, on several threads.
#pragma once

#include <algorithm>

#include "transformer.hpp"

namespace gpt {

/// A batch: as many characters as targets, which are the characters that follow them.
struct Batch {
  std::vector<int> inputs, targets;
};

/// Computes a few sequences at a time, so that what they leave behind stays in a processor's second cache.
/// Threads take different sequences; each adds to a gradient of its own, so the number of threads changes the
/// order of a sum, and the last bits of it.
template <class Scalar>
class Loss {
 public:
  Loss(const Configuration& sizes, Index sequences, int threads)
      : length_(sizes.context), chunk_(best_chunk(sequences, threads)), largest_(sizes.heads, sizes.layers) {
    const Index chunks = sequences / chunk_;
    for (Index i = 0; i < std::min(chunks, static_cast<Index>(threads)); ++i) {
      workers_.push_back({Transformer<Scalar>(sizes, chunk_, length_), {}, 0});
    }
  }

  /// The mean cross-entropy over the batch.
  double operator()(const Model<Scalar>& model, const Batch& batch) {
    return run(model, batch, [](Index, Worker&, Tokens) {});
  }

  /// The same; adds `weight` times the derivatives to the gradient.
  double operator()(const Model<Scalar>& model, const Batch& batch, Model<Scalar>& gradient,
                    double weight = 1) {
    for (std::size_t i = 1; i < workers_.size(); ++i) {
      if (workers_[i].gradient.blocks.empty()) workers_[i].gradient = gradient;
      set_zero(workers_[i].gradient);
    }
    weight_ = weight;
    const double loss = run(model, batch, [&](Index i, Worker& worker, Tokens inputs) {
      worker.transformer.backward(model, inputs, i == 0 ? gradient : worker.gradient);
    });
    for (std::size_t i = 1; i < workers_.size(); ++i) {
      gradus::for_each_block([](auto& sum, const auto& part) { sum += part; }, gradient,
                             std::as_const(workers_[i].gradient));
    }
    return loss;
  }

  /// Replaces the batch's targets by characters that the model draws.
  void draw_targets(const Model<Scalar>& model, Batch& batch, std::uint64_t seed) {
    Transformer<Scalar>& transformer = workers_[0].transformer;
    gradus::PortableRandom random(seed);
    const auto tokens = static_cast<std::size_t>(transformer.logits.cols());
    for (std::size_t at = 0; at < batch.inputs.size(); at += tokens) {
      transformer.forward(model, Tokens(batch.inputs).subspan(at, tokens));
      for (std::size_t i = 0; i < tokens; ++i) {
        batch.targets[at + i] = draw_character(transformer.logits.col(static_cast<Index>(i)), 1, random);
      }
    }
  }

  /// Sets every coefficient to 0.
  static void set_zero(Model<Scalar>& gradient) {
    gradus::for_each_block([](auto& g) { g.setZero(); }, gradient);
  }

  /// The largest attention logit of each head (rows) of each layer since the last reset.
  const Matrix<Scalar>& largest_logits() {
    for (Index layer = 0; layer < largest_.cols(); ++layer) {
      auto largest = largest_.col(layer);
      largest = attention(workers_[0], layer).largest_logits;
      for (Worker& worker : workers_) largest = largest.cwiseMax(attention(worker, layer).largest_logits);
    }
    return largest_;
  }
  void reset_largest_logits() {
    for (Worker& worker : workers_) {
      for (Index layer = 0; layer < largest_.cols(); ++layer) attention(worker, layer).reset_largest_logits();
    }
  }

 private:
  struct Worker {
    Transformer<Scalar> transformer;
    Model<Scalar> gradient;  // of all workers but the first, which writes into the user's
    double loss;
  };

  static Attention<Scalar>& attention(Worker& worker, Index layer) {
    return worker.transformer.layers[static_cast<std::size_t>(layer)].attention;
  }

  // Equal chunks of at most 4 sequences that keep the threads equally busy, rather large than small.
  static Index best_chunk(Index sequences, int threads) {
    Index best = 1, fewest = sequences;
    for (Index size = 1; size <= std::min(sequences, Index{4}); ++size) {
      if (sequences % size != 0) continue;
      const Index rounds = (sequences / size + threads - 1) / threads;
      if (rounds * size <= fewest) best = size, fewest = rounds * size;
    }
    return best;
  }

  // Thread i takes chunks i, i + threads, ... `then(i, worker, inputs)` follows the loss of each.
  template <class Then>
  double run(const Model<Scalar>& model, const Batch& batch, const Then& then) {
    const auto tokens = static_cast<std::size_t>(chunk_ * length_);
    const auto threads = static_cast<Index>(workers_.size());
    const auto work = [&](Index i) {
      Worker& worker = workers_[static_cast<std::size_t>(i)];
      worker.loss = 0;
      for (std::size_t at = static_cast<std::size_t>(i) * tokens; at < batch.inputs.size();
           at += static_cast<std::size_t>(threads) * tokens) {
        const Tokens inputs = Tokens(batch.inputs).subspan(at, tokens);
        worker.transformer.forward(model, inputs);
        worker.loss += worker.transformer.loss(Tokens(batch.targets).subspan(at, tokens),
                                               weight_ / static_cast<double>(batch.inputs.size()));
        then(i, worker, inputs);
      }
    };
#ifdef _OPENMP
#pragma omp parallel for num_threads(static_cast <int>(threads)) schedule(static, 1)
#endif
    for (Index i = 0; i < threads; ++i) work(i);
    double total = 0;
    for (const Worker& worker : workers_) total += worker.loss;
    return total / static_cast<double>(batch.inputs.size());
  }

  Index length_, chunk_;
  Matrix<Scalar> largest_;
  double weight_ = 1;
  std::vector<Worker> workers_;
};

}  // namespace gpt
