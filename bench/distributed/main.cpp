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
#include <map>

#include "measure.hpp"

namespace {

using namespace distributed_model;

struct Options {
  Effort effort;
  std::map<std::string, double> given;  // of latency, bandwidth, memory, flops
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    const bool known =
        name == "--latency" || name == "--bandwidth" || name == "--memory" || name == "--flops";
    if (!known && name != "--largest" && name != "--repeats") {
      throw std::invalid_argument("there is no option " + name);
    }
    const double value = i + 1 < argc ? std::atof(argv[i + 1]) : 0;
    if (!(value > 0)) throw std::invalid_argument(name + " needs a number greater than 0");
    (known                 ? options.given[name]
     : name == "--largest" ? options.effort.largest
                           : options.effort.repeats) = value;
  }
  return options;
}

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

// The constants of the most ranks.
Machine measured(mpi::Communicator& all, const Effort& effort) {
  std::vector<std::vector<Point>> points;
  std::vector<Point> together, steps;
  std::vector<Machine> machines;
  double ratio = 1;
  std::vector<int> counts;
  for (const int count : {1, 2, 3, 4, 6, 8, 16, 32, 64, 128}) {
    if (count < all.size()) counts.push_back(count);
  }
  counts.push_back(all.size());
  for (const int count : counts) {
    on_first(all, count, [&](mpi::Communicator& ranks) {
      points.push_back(measure(ranks, effort));
      machines.push_back(fit(points.back()));
      together.insert(together.end(), points.back().begin(), points.back().end());
      steps.push_back(measure_whole_step(ranks, effort));
      if (count == all.size()) ratio = overlap(ranks, effort);
    });
  }
  if (all.rank() != 0) return {};
  std::printf("measured on up to %d ranks; while a part of them ran, the others slept\n\n", all.size());
  std::printf("%7s %-16s %12s %12s %12s %10s\n", "ranks", "operation", "floats", "measured, s", "formula, s",
              "ratio");
  for (std::size_t i = 0; i < points.size(); ++i) print_points(points[i], machines[i]);
  std::printf("\na whole step of a small GPT, which nothing is fitted to\n");
  for (std::size_t i = 0; i < steps.size(); ++i) print_points({steps[i]}, machines[i]);
  std::printf("\nfitted to these ranks, which share memory and cores; measured / formula\n");
  std::printf("%7s %12s %12s %12s %12s %10s %10s\n", "ranks", "alpha, us", "B, GB/s", "W, GB/s", "R, GFLOP/s",
              "median", "worst");
  for (std::size_t i = 0; i < points.size(); ++i) {
    print_fit(std::to_string(points[i].front().ranks), points[i], machines[i]);
  }
  print_fit("any", together, fit(together));
  std::printf("\ngradients handed over one by one take %.2f of the time at the end of a backward pass\n",
              ratio);
  return machines.back();
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
    Options options = parse(argc, argv);
    auto& given = options.given;
    if (ranks.size() == 1 && (given.count("--latency") == 0 || given.count("--bandwidth") == 0)) {
      throw std::invalid_argument("one rank has no messages: give --latency and --bandwidth");
    }
    Machine machine = Machine::Zero();
    if (given.size() < 4) machine = measured(ranks, options.effort);
    if (ranks.rank() != 0) return 0;
    if (given.count("--latency") != 0) machine(0) = given["--latency"];
    if (given.count("--bandwidth") != 0) machine(1) = 1 / given["--bandwidth"];
    if (given.count("--memory") != 0) machine(2) = 1 / given["--memory"];
    if (given.count("--flops") != 0) machine(3) = 1 / given["--flops"];
    std::printf(
        "\npredicted with %.3g us a message, %.3g GB/s between ranks, %.3g GB/s of memory, %.3g GFLOP/s\n",
        1e6 * machine(0), 1e-9 / machine(1), 1e-9 / machine(2), 1e-9 / machine(3));
    for (const Network& network : networks()) tabulate(network, machine);
    return 0;
  });
}
