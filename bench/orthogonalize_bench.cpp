// SPDX-License-Identifier: MIT
//
// The cost of orthogonalization, on as many threads as OpenMP takes (OMP_NUM_THREADS). The counters are those
// of the fastest call: `flops`, the 5 (4 m²n + 2 m³) of five steps of Newton-Schulz on an m x n matrix a
// second, and `products`, its time over that of the fifteen products that these steps are, done with plain
// Eigen in memory that is kept.
#include <gradus/orthogonalize/exact_polar.hpp>
#include <gradus/orthogonalize/orthogonalize.hpp>

#include "support.hpp"

namespace {

using Eigen::Index;
using Eigen::MatrixXf;

constexpr int newton_schulz_steps = 5;

// The seconds of X Xᵀ, A A and B X for m x m matrices, measured once for each m.
double product_seconds(Index m) {
  static std::map<Index, double> measured;
  const auto [entry, is_new] = measured.try_emplace(m, 0);
  if (is_new) {
    const MatrixXf x = MatrixXf::Random(m, m) / static_cast<float>(m);
    MatrixXf a(m, m), b(m, m), y(m, m);
    entry->second = bench::run(1, [&] {
      a.noalias() = x * x.transpose();
      b.noalias() = a * a;
      y.noalias() = b * x;
    });
  }
  return entry->second;
}

template <class Method>
double seconds_of_one(benchmark::State& state, const Method& method) {
  const MatrixXf m = MatrixXf::Random(state.range(0), state.range(0));
  gradus::Workspace workspace;
  return bench::run(state, 1, [&] { gradus::orthogonalize(m, method, workspace); });
}

void newton_schulz(benchmark::State& state) {
  const double seconds = seconds_of_one(state, gradus::NewtonSchulz{.steps = newton_schulz_steps});
  const auto m = static_cast<double>(state.range(0));
  state.counters["flops"] = newton_schulz_steps * 6 * m * m * m / seconds;
  state.counters["products"] = seconds / (newton_schulz_steps * product_seconds(state.range(0)));
}
BENCHMARK(newton_schulz)->ArgName("m")->RangeMultiplier(2)->Range(64, 2048)->Arg(768);

void exact_polar(benchmark::State& state) { seconds_of_one(state, gradus::ExactPolar{}); }
BENCHMARK(exact_polar)->ArgName("m")->RangeMultiplier(2)->Range(64, 256);

}  // namespace

BENCHMARK_MAIN();
