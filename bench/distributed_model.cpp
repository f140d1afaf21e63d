// SPDX-License-Identifier: MIT
//
// What a step on P ranks takes: measured on those that run this, and predicted for other numbers and models.
//
//     mpirun -n 2 build/bench/bench/distributed_model
//     mpirun -n 2 build/bench/bench/distributed_model --bandwidth 12.5e9 --flops 1e12 --memory 1e11 --latency
//     2e-6
//
// A step is the average of the gradients, Muon on hidden matrices and AdamW on the rest, both `sharded`:
//
//     t = 3 [k (P − 1) α + n s (P − 1)/(P B)] + (n + n/P) s/W + 28 n₁/(P W) + max over ranks (Σ flops)/R
//
// with n coefficients of s = 4 bytes, of which n₁ are AdamW's, in k buckets. α (seconds a message), B (bytes
// a second), W (bytes of memory a second) and R (flop/s of Newton–Schulz) are fitted, or given.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <gradus/distributed/mpi.hpp>
#include <gradus/gradus.hpp>

namespace {

using gradus::Index;
namespace mpi = gradus::mpi;

struct Machine {
  double latency = 0, bandwidth = 0, memory = 0, flops = 0;
};

struct Shape {
  Index rows, cols, count;
};

struct Network {
  const char* name;
  std::vector<Shape> hidden, rest;
};

// GPT-2's, and two of Llama's kind: queries, keys, values, output; feed-forward; then embeddings and gains.
std::vector<Network> networks() {
  return {{"GPT-2 124M",
           {{2304, 768, 12}, {768, 768, 12}, {3072, 768, 12}, {768, 3072, 12}},
           {{50257, 768, 1}, {1024, 768, 1}, {768, 1, 98}, {2304, 1, 12}, {3072, 1, 12}}},
          {"1 B",
           {{2048, 2048, 32}, {512, 2048, 32}, {8192, 2048, 32}, {2048, 8192, 16}},
           {{128256, 2048, 1}, {2048, 1, 33}}},
          {"70 B",
           {{8192, 8192, 160}, {1024, 8192, 160}, {28672, 8192, 160}, {8192, 28672, 80}},
           {{128256, 8192, 2}, {8192, 1, 161}}}};
}

template <class F>
double seconds_of(int repeats, const F& f) {
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    f();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

// Seconds of `average` for n floats.
double averaging(mpi::Communicator& ranks, Index n) {
  const Eigen::VectorXf gradient = Eigen::VectorXf::Ones(n);
  mpi::GradientAverage average(ranks, gradient);
  return seconds_of(9, [&] {
    ranks.barrier();
    average.add(gradient);
    average.wait();
  });
}

Machine measure(mpi::Communicator& ranks) {
  Machine machine;
  Eigen::VectorXf x = Eigen::VectorXf::Ones(1 << 22), gradient = x;
  const gradus::AdamW adamw;
  auto state = adamw.init(x);
  adamw.step(x, gradient, state);
  machine.memory =
      28 * static_cast<double>(x.size()) / seconds_of(5, [&] { adamw.step(x, gradient, state); });

  Eigen::MatrixXf m = Eigen::MatrixXf::Random(512, 512);
  const gradus::NewtonSchulz method;
  machine.flops = gradus::flops(512, 512, method) / seconds_of(5, [&] { gradus::orthogonalize(m, method); });

  const double p = ranks.size();
  const Index n = 1 << 22;
  const double bytes = 4.0 * static_cast<double>(n);
  if (ranks.size() > 1) {
    machine.latency = averaging(ranks, ranks.size()) / (2 * (p - 1));
    const double copies = (bytes + bytes / p) / machine.memory;
    machine.bandwidth = 2 * bytes * (p - 1) / p / std::max(averaging(ranks, n) - copies, 1e-9);
  }
  return machine;
}

// All leaves of a network: the hidden matrices with the cost of a step of Muon.
std::vector<mpi::LeafShare> hidden_leaves(const Network& network) {
  std::vector<mpi::LeafShare> leaves;
  const gradus::Muon muon;
  for (const Shape& shape : network.hidden) {
    for (Index i = 0; i < shape.count; ++i) {
      leaves.push_back(
          {static_cast<Index>(leaves.size()), shape.rows * shape.cols, muon.flops(shape.rows, shape.cols)});
    }
  }
  return leaves;
}

void tabulate(const Network& network, const Machine& machine) {
  const std::vector<mpi::LeafShare> leaves = hidden_leaves(network);
  double hidden = 0, rest = 0, all_flops = 0, largest = 0;
  for (const auto& leaf : leaves) {
    hidden += static_cast<double>(leaf.size), all_flops += leaf.cost;
    largest = std::max(largest, leaf.cost);
  }
  for (const Shape& shape : network.rest) rest += static_cast<double>(shape.rows * shape.cols * shape.count);
  const double bytes = 4 * (hidden + rest), buckets = std::ceil(bytes / (32 << 20));
  std::printf(
      "\n%s: %.3g coefficients, %.3g in %zu hidden matrices; Newton-Schulz %.3g TFLOP, the largest %.3g\n",
      network.name, hidden + rest, hidden, leaves.size(), all_flops / 1e12, largest / 1e12);
  std::printf("from %.0f ranks on the largest matrix limits Muon\n", std::ceil(all_flops / largest));
  std::printf("%7s %12s %12s %12s %12s %14s %14s\n", "ranks", "messages, s", "sums, s", "AdamW, s", "Muon, s",
              "step, s", "state/mean");
  for (const int ranks : {1, 2, 4, 8, 16, 64, 256, 1024, 4096, 10000}) {
    const double p = ranks;
    double busiest = 0, fullest = 0;
    for (const auto& own : mpi::deal_whole(leaves, ranks)) {
      double load = 0, size = 0;
      for (const mpi::Piece& piece : own) {
        const auto& leaf = leaves[static_cast<std::size_t>(piece.leaf)];
        load += leaf.cost, size += static_cast<double>(leaf.size);
      }
      busiest = std::max(busiest, load), fullest = std::max(fullest, size);
    }
    const double messages =
        ranks == 1 ? 0 : 3 * (buckets * (p - 1) * machine.latency + bytes * (p - 1) / p / machine.bandwidth);
    const double sums = ranks == 1 ? 0 : (bytes + bytes / p) / machine.memory;
    const double elementwise = 28 * rest / p / machine.memory, muon = busiest / machine.flops;
    std::printf("%7d %12.4g %12.4g %12.4g %12.4g %14.4g %14.3g\n", ranks, messages, sums, elementwise, muon,
                messages + sums + elementwise + muon, fullest * p / hidden);
  }
}

// What the formula says of the ranks that run this, and what they take.
void compare(mpi::Communicator& ranks, const Machine& machine) {
  std::vector<Eigen::MatrixXf> model;
  for (int i = 0; i < 8; ++i) model.push_back(Eigen::MatrixXf::Random(768, 768));
  auto gradient = model;
  const auto muon = mpi::sharded(gradus::Muon{}, ranks);
  auto state = muon.init(model);
  mpi::GradientAverage average(ranks, model);
  const double measured = seconds_of(5, [&] {
    ranks.barrier();
    average.add(gradient);
    muon.step(model, average.wait(), state);
  });
  const double p = ranks.size(), bytes = 4.0 * 8 * 768 * 768;
  const double most = std::ceil(8 / p) * gradus::Muon{}.flops(768, 768) / machine.flops;
  const double messages =
      ranks.size() == 1 ? 0 : 3 * ((p - 1) * machine.latency + bytes * (p - 1) / p / machine.bandwidth);
  const double sums = (bytes + bytes / p) / machine.memory;
  if (ranks.rank() == 0) {
    std::printf("eight matrices of 768 x 768 on %d ranks: %.4g s a step, the formula says %.4g\n",
                ranks.size(), measured, messages + sums + most);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return mpi::run(argc, argv, [&](mpi::Communicator& ranks) {
    Machine machine = measure(ranks);
    compare(ranks, machine);
    for (int i = 1; i + 1 < argc; i += 2) {
      const std::string option = argv[i];
      double* const number = option == "--latency"     ? &machine.latency
                             : option == "--bandwidth" ? &machine.bandwidth
                             : option == "--memory"    ? &machine.memory
                             : option == "--flops"     ? &machine.flops
                                                       : nullptr;
      if (number == nullptr) throw std::invalid_argument("there is no option " + option);
      *number = std::atof(argv[i + 1]);
    }
    if (machine.bandwidth == 0)
      throw std::invalid_argument("one rank has no messages: give --latency and --bandwidth");
    if (ranks.rank() != 0) return 0;
    std::printf(
        "a message %.3g s, %.3g GB/s between ranks, %.3g GB/s of memory, %.3g GFLOP/s of Newton-Schulz\n",
        machine.latency, machine.bandwidth / 1e9, machine.memory / 1e9, machine.flops / 1e9);
    for (const Network& network : networks()) tabulate(network, machine);
    return 0;
  });
}
