// SPDX-License-Identifier: MIT
//
// What a step on P ranks costs, as a formula whose four constants are fitted to measurements.
#pragma once

#include <cmath>
#include <gradus/distributed/mpi.hpp>
#include <gradus/gradus.hpp>

namespace distributed_model {

using gradus::Index;
namespace mpi = gradus::mpi;

/// What a rank does in an operation: messages, bytes received, bytes of memory moved, floating-point
/// operations of Newton–Schulz. Costs of operations one after the other add up.
using Cost = Eigen::Vector4d;

/// The seconds that one of each takes: α, 1/B, 1/W, 1/R. An operation takes `cost.dot(machine)`.
using Machine = Eigen::Vector4d;

constexpr double number = 4;  // bytes of a float

/// A rank sends a bucket to every rank, itself included, which MPI does alike.
inline double messages(double bytes, double ranks) {
  return std::max(std::ceil(bytes / mpi::AverageOptions{}.bucket_bytes), 1.0) * ranks;
}

/// An agreement of all ranks, by doubling.
inline double agreement(double ranks) { return 1 + std::ceil(std::log2(ranks)); }

/// `GradientAverage` of n floats. Each is copied into the line (2 accesses of memory), added (1, and the mean
/// written) and copied to the means (2).
inline Cost average(double n, double ranks) {
  const double bytes = n * number, others = (ranks - 1) / ranks;
  return {2 * messages(bytes, ranks) + agreement(ranks), 2 * bytes * others, (5 + 1 / ranks) * bytes, 0};
}

/// A step of a rank by itself on n floats: AdamW reads and writes 7 for each, and Muon about as many.
inline Cost alone(double n, double flops) { return {0, 0, 7 * n * number, flops}; }

/// A step of `sharded` on n floats, of which the busiest rank has `own` and does `flops` on them. Own ones
/// are taken and packed (6 accesses) and stepped, all are unpacked (2).
inline Cost sharded(double n, double own, double flops, double ranks) {
  const double bytes = n * number, others = (ranks - 1) / ranks;
  const Cost around{messages(bytes, ranks) + 3 * agreement(ranks), bytes * others,
                    2 * bytes + 6 * own * number, 0};
  return around + alone(own, flops);
}

/// Matrices of one shape.
struct Shape {
  Index rows, cols, count;
};

/// A model's matrices for Muon, and the rest for AdamW.
struct Network {
  std::string name;
  std::vector<Shape> hidden, rest;
};

/// The matrices of a transformer's layers as GPT-2 has them: queries, keys and values; output; feed-forward.
inline std::vector<Shape> layers(Index width, Index count) {
  return {
      {3 * width, width, count}, {width, width, count}, {4 * width, width, count}, {width, 4 * width, count}};
}

/// GPT-2's, and two of Llama's kind: queries, keys, values, output; feed-forward; then embeddings and gains.
inline std::vector<Network> networks() {
  return {{"GPT-2 124M",
           layers(768, 12),
           {{50257, 768, 1}, {1024, 768, 1}, {768, 1, 98}, {2304, 1, 12}, {3072, 1, 12}}},
          {"1 B",
           {{2048, 2048, 32}, {512, 2048, 32}, {8192, 2048, 32}, {2048, 8192, 16}},
           {{128256, 2048, 1}, {2048, 1, 33}}},
          {"70 B",
           {{8192, 8192, 160}, {1024, 8192, 160}, {28672, 8192, 160}, {8192, 28672, 80}},
           {{128256, 8192, 2}, {8192, 1, 161}}}};
}

/// Coefficients of matrices.
inline double size_of(const std::vector<Shape>& shapes) {
  double sum = 0;
  for (const auto& [rows, cols, count] : shapes) sum += static_cast<double>(rows * cols * count);
  return sum;
}

/// Matrices dealt to ranks: what all have, the most that one has, and the largest matrix.
struct Dealt {
  double numbers = 0, fullest = 0;  // coefficients
  double flops = 0, busiest = 0, largest = 0;
};
inline Dealt deal(const std::vector<Shape>& shapes, int ranks) {
  Dealt dealt;
  std::vector<mpi::LeafShare> leaves;
  for (const auto& [rows, cols, count] : shapes) {
    const double flops = gradus::Muon{}.flops(rows, cols);
    for (Index i = 0; i < count; ++i)
      leaves.push_back({static_cast<Index>(leaves.size()), rows * cols, flops});
    dealt.largest = std::max(dealt.largest, flops);
  }
  for (const auto& own : mpi::deal_whole(leaves, ranks)) {
    double numbers = 0, flops = 0;
    for (const mpi::Piece& piece : own) {
      numbers += static_cast<double>(piece.end), flops += leaves[static_cast<std::size_t>(piece.leaf)].cost;
    }
    dealt.numbers += numbers, dealt.flops += flops;
    dealt.fullest = std::max(dealt.fullest, numbers), dealt.busiest = std::max(dealt.busiest, flops);
  }
  return dealt;
}

/// A step of `sharded(Muon{}, ranks)`.
inline Cost muon(const std::vector<Shape>& hidden, int ranks) {
  const Dealt dealt = deal(hidden, ranks);
  return sharded(dealt.numbers, dealt.fullest, dealt.busiest, ranks);
}

/// A step of `sharded(AdamW{}, ranks)` on n floats.
inline Cost adamw(double n, int ranks) { return sharded(n, n / ranks, 0, ranks); }

/// The mean of the gradients, and the step of all optimizers.
inline Cost whole_step(const Network& network, int ranks) {
  const double rest = size_of(network.rest);
  return average(size_of(network.hidden) + rest, ranks) + muon(network.hidden, ranks) + adamw(rest, ranks);
}

/// A measurement.
struct Point {
  std::string operation;
  double numbers;
  int ranks;
  Cost cost;
  double seconds;

  double ratio(const Machine& machine) const { return seconds / cost.dot(machine); }
};

/// The constants x ≥ 0 with the least Σ (r − log r − 1) over the points, where r is formula / measured: half
/// of (r − 1)² near r = 1, and without bound for r → 0 and r → ∞. The sum is convex. Every iteration lessens
/// it, as it is one of expectation maximization:
///
///     xⱼ ← xⱼ · Σ costⱼ/formula / Σ costⱼ/measured
inline Machine fit(const std::vector<Point>& points) {
  Machine per_measured = Machine::Zero();
  for (const Point& point : points) per_measured += point.cost / point.seconds;
  Machine x = (per_measured.array() > 0).select(1 / per_measured.array(), 0);
  for (int iteration = 0; iteration < 100000; ++iteration) {
    Machine per_formula = Machine::Zero();
    for (const Point& point : points) per_formula += point.cost / point.cost.dot(x);
    x = (per_measured.array() > 0).select(x.array() * per_formula.array() / per_measured.array(), 0);
  }
  return x;
}

}  // namespace distributed_model
