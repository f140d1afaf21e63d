// SPDX-License-Identifier: MIT
//
// The operations of the model, measured.
#pragma once

#include <chrono>
#include <limits>
#include <numeric>
#include <thread>

#include "model.hpp"

namespace distributed_model {

/// Calls `f(ranks)` on the first `count` of all ranks. The others sleep meanwhile, and leave their cores and
/// the memory to them.
template <class F>
void on_first(mpi::Communicator& all, int count, const F& f) {
  MPI_Comm part = MPI_COMM_NULL;
  all.check(MPI_Comm_split(all.get(), all.rank() < count ? 0 : MPI_UNDEFINED, all.rank(), &part),
            "MPI_Comm_split");
  if (part != MPI_COMM_NULL) {
    mpi::Communicator ranks(part);
    f(ranks);
    all.check(MPI_Comm_free(&part), "MPI_Comm_free");
  }
  MPI_Request all_there = MPI_REQUEST_NULL;
  all.check(MPI_Ibarrier(all.get(), &all_there), "MPI_Ibarrier");
  for (int done = 0; done == 0; std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
    all.check(MPI_Test(&all_there, &done, MPI_STATUS_IGNORE), "MPI_Test");
  }
}

/// How much is measured.
struct Effort {
  double largest = 1 << 24;  // floats of the longest gradient
  double repeats = 7;
};

/// Seconds of `f()` on the slowest rank, in the fastest of some calls. Before each, other numbers pass
/// through the caches, as those of a backward pass do.
template <class F>
double seconds_of(mpi::Communicator& ranks, const Effort& effort, const F& f) {
  static const std::vector<float> others(1 << 24);
  [[maybe_unused]] static volatile float read = 0;
  double fastest = std::numeric_limits<double>::infinity();
  f();
  for (int i = 0; i < effort.repeats; ++i) {
    read = std::accumulate(others.begin(), others.end(), 0.0F);
    ranks.barrier();
    const auto start = std::chrono::steady_clock::now();
    f();
    const auto taken = std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count();
    const auto slowest = ranks.largest(std::array{static_cast<std::uint64_t>(taken)})[0];
    fastest = std::min(fastest, 1e-9 * static_cast<double>(slowest));
  }
  return fastest;
}

/// Parameters of a network of the given shapes.
inline std::vector<Eigen::MatrixXf> random_matrices(const std::vector<Shape>& shapes) {
  std::vector<Eigen::MatrixXf> matrices;
  std::srand(1);  // the same on all ranks
  for (const auto& [rows, cols, count] : shapes) {
    for (Index i = 0; i < count; ++i) matrices.push_back(Eigen::MatrixXf::Random(rows, cols));
  }
  return matrices;
}

/// Seconds of a step of `optimizer`, of every rank alone or shared by them, with a gradient that all have.
template <class O, class Tree>
double step_seconds(mpi::Communicator& ranks, const Effort& effort, const O& optimizer, Tree params) {
  const Tree gradient = params;
  auto state = optimizer.init(params);
  return seconds_of(ranks, effort, [&] { optimizer.step(params, gradient, state); });
}

/// The mean of gradients, and steps of AdamW and Muon, shared by the ranks and of each alone beside the
/// others.
inline std::vector<Point> measure(mpi::Communicator& ranks, const Effort& effort) {
  std::vector<Point> points;
  const int p = ranks.size();
  const auto add = [&](const char* operation, double n, const Cost& cost, double seconds) {
    points.push_back({operation, n, p, cost, seconds});
  };
  const gradus::AdamW adam_w;
  for (const double n : {16., 1024., 65536., 1048576., 4194304., 16777216.}) {
    if (n > effort.largest) break;
    const Eigen::VectorXf gradient = Eigen::VectorXf::Ones(static_cast<Index>(n));
    mpi::GradientAverage mean(ranks, gradient);
    add("GradientAverage", n, average(n, p), seconds_of(ranks, effort, [&] {
          mean.add(gradient);
          mean.wait();
        }));
    add("sharded AdamW", n, adamw(n, p), step_seconds(ranks, effort, mpi::sharded(adam_w, ranks), gradient));
    if (n > 10000) add("AdamW alone", n, alone(n, 0), step_seconds(ranks, effort, adam_w, gradient));
  }
  const gradus::Muon orthogonalizing;
  for (const Index width : {128, 256, 512}) {
    const std::vector<Shape> three = layers(width, 3), one = layers(width, 1);
    if (size_of(three) > effort.largest) break;
    add("sharded Muon", size_of(three), muon(three, p),
        step_seconds(ranks, effort, mpi::sharded(orthogonalizing, ranks), random_matrices(three)));
    add("Muon alone", size_of(one), alone(size_of(one), deal(one, 1).flops),
        step_seconds(ranks, effort, orthogonalizing, random_matrices(one)));
  }
  return points;
}

/// A whole step of a small GPT, which nothing is fitted to.
inline Point measure_whole_step(mpi::Communicator& ranks, const Effort& effort) {
  const Network network{"", layers(256, 4), {{8192, 256, 1}, {256, 1, 18}}};
  std::vector<std::vector<Eigen::MatrixXf>> model{random_matrices(network.hidden),
                                                  random_matrices(network.rest)};
  const auto is_hidden = [](const gradus::LeafInfo& leaf) { return leaf.name.starts_with("0."); };
  const auto optimizer =
      gradus::route(is_hidden, mpi::sharded(gradus::Muon{}, ranks), mpi::sharded(gradus::AdamW{}, ranks));
  const auto gradient = model;
  auto state = optimizer.init(model);
  mpi::GradientAverage mean(ranks, model);
  const double seconds = seconds_of(ranks, effort, [&] {
    mean.add(gradient);
    optimizer.step(model, mean.wait(), state);
  });
  return {"all of a step", size_of(network.hidden) + size_of(network.rest), ranks.size(),
          whole_step(network, ranks.size()), seconds};
}

/// The time of a backward pass whose gradients are handed over one by one, as a part of the time if all are
/// handed over at its end. Less than 1 where messages travel beside arithmetic.
inline double overlap(mpi::Communicator& ranks, const Effort& effort) {
  const std::vector<Eigen::MatrixXf> gradient = random_matrices({{1024, 1024, 8}});
  const Eigen::MatrixXf a = Eigen::MatrixXf::Random(512, 512);
  Eigen::MatrixXf product = a;
  mpi::GradientAverage mean(ranks, gradient, {.bucket_bytes = 4 << 20});
  const auto seconds = [&](bool one_by_one) {
    return seconds_of(ranks, effort, [&] {
      for (std::size_t leaf = gradient.size(); leaf-- > 0;) {
        product.noalias() = a * a;
        if (one_by_one) mean.ready(std::to_string(leaf), gradient[leaf]);
      }
      if (!one_by_one) mean.add(gradient);
      mean.wait();
    });
  };
  return seconds(true) / seconds(false);
}

}  // namespace distributed_model
