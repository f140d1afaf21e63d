// SPDX-License-Identifier: MIT
//
// What a step on P ranks takes: measured on 1, 2, 3, 4, 6, 8, ... of those that run this, and predicted for
// other numbers and models.
//
//     OMP_NUM_THREADS=1 mpirun -n 8 build/bench/bench/distributed_model
//     mpirun -n 8 build/bench/bench/distributed_model --latency 2e-6 --bandwidth 12.5e9
//
// A step is the average of the gradients, Muon on hidden matrices and AdamW on the rest, both `sharded`:
//
//     t = α · messages + (bytes received)/B + (bytes of memory)/W + (flops of Newton–Schulz)/R
//
// of the busiest rank; model.hpp counts them. α (seconds a message), B, W (bytes a second of a rank) and R
// (flop/s of a rank) are fitted for each number of ranks, because those of one machine share its memory and
// its cores; predictions use those of the most ranks, or what is given as --latency, --bandwidth, --memory,
// --flops. --largest N (floats) and --repeats N say how much is measured.
#include <cstdio>

#include "measure.hpp"

namespace {

using namespace distributed_model;

struct Options {
  Effort effort;
  double latency = 0, bandwidth = 0, memory = 0, flops = 0;  // 0: as measured

  Machine machine() const {
    const auto each = [](double rate) { return rate > 0 ? 1 / rate : 0; };
    return {latency, each(bandwidth), each(memory), each(flops)};
  }
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    double* const number = name == "--latency"     ? &options.latency
                           : name == "--bandwidth" ? &options.bandwidth
                           : name == "--memory"    ? &options.memory
                           : name == "--flops"     ? &options.flops
                           : name == "--largest"   ? &options.effort.largest
                           : name == "--repeats"   ? &options.effort.repeats
                                                   : nullptr;
    if (number == nullptr)
      throw std::invalid_argument(
          "there is no option " + name +
          "; there are --latency, --bandwidth, --memory, --flops, --largest, --repeats");
    *number = i + 1 < argc ? std::atof(argv[i + 1]) : 0;
    if (!(*number > 0)) throw std::invalid_argument(name + " needs a number greater than 0");
  }
  return options;
}

// What is known of a number of ranks.
struct Fitted {
  std::vector<Point> points;
  Machine machine;
  Point step;
};

// The median and the one that is farthest from 1.
std::pair<double, double> median_and_worst(const std::vector<Point>& points, const Machine& machine) {
  std::vector<double> ratios;
  for (const Point& point : points) ratios.push_back(point.ratio(machine));
  std::sort(ratios.begin(), ratios.end());
  const bool low = ratios.front() * ratios.back() < 1;
  return {ratios[ratios.size() / 2], low ? ratios.front() : ratios.back()};
}

void print_fit(const std::string& ranks, const std::vector<Point>& points, const Machine& machine) {
  const auto [median, worst] = median_and_worst(points, machine);
  std::printf("%7s %12.3g %12.3g %12.3g %12.3g %10.2f %10.2f\n", ranks.c_str(), 1e6 * machine(0),
              1e-9 / machine(1), 1e-9 / machine(2), 1e-9 / machine(3), median, worst);
}

void print_points(const std::vector<Point>& points, const Machine& machine) {
  for (const Point& point : points) {
    std::printf("%7d %-16s %12.3g %12.3g %12.3g %10.2f\n", point.ranks, point.operation.c_str(),
                point.numbers, point.seconds, point.cost.dot(machine), point.ratio(machine));
  }
}

void print(const std::vector<Fitted>& all, double overlapped) {
  std::printf("measured on up to %d ranks; while a part of them ran, the others slept\n\n",
              all.back().step.ranks);
  std::printf("%7s %-16s %12s %12s %12s %10s\n", "ranks", "operation", "floats", "measured, s", "formula, s",
              "ratio");
  for (const Fitted& one : all) print_points(one.points, one.machine);
  std::printf("\na whole step of a small GPT, which nothing is fitted to\n");
  for (const Fitted& one : all) print_points({one.step}, one.machine);
  std::printf("\nfitted to these ranks, which share memory and cores; measured / formula\n");
  std::printf("%7s %12s %12s %12s %12s %10s %10s\n", "ranks", "alpha, us", "B, GB/s", "W, GB/s", "R, GFLOP/s",
              "median", "worst");
  std::vector<Point> together;
  for (const Fitted& one : all) {
    print_fit(std::to_string(one.step.ranks), one.points, one.machine);
    together.insert(together.end(), one.points.begin(), one.points.end());
  }
  print_fit("any", together, fit(together));
  std::printf("\ngradients handed over one by one take %.2f of the time at the end of a backward pass\n",
              overlapped);
}

// Measures and prints. The constants of the most ranks, on the first of them.
Machine measured(mpi::Communicator& all, const Effort& effort) {
  std::vector<int> counts;
  for (const int count : {1, 2, 3, 4, 6, 8, 16, 32, 64, 128}) {
    if (count < all.size()) counts.push_back(count);
  }
  counts.push_back(all.size());
  std::vector<Fitted> fitted;
  for (const int count : counts) {
    on_first(all, count, [&](mpi::Communicator& ranks) {
      const std::vector<Point> points = measure(ranks, effort);
      fitted.push_back({points, fit(points), measure_whole_step(ranks, effort)});
    });
  }
  const double overlapped = overlap(all, effort);
  if (all.rank() == 0) print(fitted, overlapped);
  return fitted.back().machine;
}

void tabulate(const Network& network, const Machine& machine) {
  const Dealt all = deal(network.hidden, 1);
  std::printf(
      "\n%s: %.4g coefficients, %.4g in hidden matrices; Newton-Schulz %.3g TFLOP, the largest matrix %.3g\n",
      network.name.c_str(), all.numbers + size_of(network.rest), all.numbers, all.flops / 1e12,
      all.largest / 1e12);
  std::printf("from %.0f ranks on the largest matrix limits Muon\n", std::ceil(all.flops / all.largest));
  std::printf("%7s %12s %12s %12s %12s %18s\n", "ranks", "messages, s", "memory, s", "Muon, s", "step, s",
              "fullest/mean");
  for (const int ranks : {1, 2, 4, 8, 16, 64, 256, 1024, 4096, 10000}) {
    const Eigen::Vector4d seconds = whole_step(network, ranks).cwiseProduct(machine);
    std::printf("%7d %12.4g %12.4g %12.4g %12.4g %18.3g\n", ranks, seconds(0) + seconds(1), seconds(2),
                seconds(3), seconds.sum(), deal(network.hidden, ranks).fullest * ranks / all.numbers);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return mpi::run(argc, argv, [&](mpi::Communicator& ranks) {
    const Options options = parse(argc, argv);
    Machine machine = options.machine();
    if (ranks.size() == 1 && machine.head(2).minCoeff() == 0) {
      throw std::invalid_argument("one rank has no messages: give --latency and --bandwidth");
    }
    if (machine.minCoeff() == 0) {
      const Machine found = measured(ranks, options.effort);
      machine = (machine.array() > 0).select(machine, found);
    }
    if (ranks.rank() != 0) return 0;
    std::printf(
        "\npredicted with %.3g us a message, %.3g GB/s between ranks, %.3g GB/s of memory, %.3g GFLOP/s\n",
        1e6 * machine(0), 1e-9 / machine(1), 1e-9 / machine(2), 1e-9 / machine(3));
    for (const Network& network : networks()) tabulate(network, machine);
    return 0;
  });
}
