// SPDX-License-Identifier: MIT
//
// The cost of orthogonalization, memory kept. The counters are those of the fastest call:
//
//     flops          gradus::flops a second, symmetric results counted once
//     share_of_peak  the part of the multiply-adds that the processor does on registers alone
//     products       the time over that of the same steps' products x xᵀ, a a and b x by plain Eigen in float
//     svd            the time over that of the exact factor, by Eigen's SVD; up to a side of 256
//
// GRADUS_BENCH_LARGE=1 adds matrices that take seconds.
#include <gradus/orthogonalize/exact_polar.hpp>
#include <gradus/orthogonalize/orthogonalize.hpp>
#include <gradus/orthogonalize/polar_express.hpp>
#include <string>

#include "peak.hpp"
#include "support.hpp"
#ifdef GRADUS_BENCH_ONEDNN
#include <gradus/backend/onednn.hpp>
#endif

namespace {

using Eigen::Index;
using Eigen::MatrixXf;
using gradus::NewtonSchulz;

struct Shape {
  Index rows, cols;
};
using Shapes = std::vector<Shape>;

Shapes squares() {
  Shapes shapes;
  for (const Index side : {32, 64, 128, 256, 512, 768, 1024}) shapes.push_back({side, side});
  if (bench::large()) shapes.insert(shapes.end(), {{2048, 2048}, {4096, 4096}});
  return shapes;
}

Shapes wide_and_tall() {
  Shapes shapes{{256, 512}, {256, 1024}, {256, 2048}, {1024, 256}, {1024, 2048}, {1024, 4096}};
  if (bench::large()) shapes.insert(shapes.end(), {{1024, 8192}, {4096, 1024}});
  return shapes;
}

// The seconds of the three products of a step of Newton–Schulz.
struct ProductSeconds {
  double gram, square, apply;
};

// Measured once for each set of arguments.
ProductSeconds product_seconds(Index rows, Index cols, int threads) {
  static std::map<std::tuple<Index, Index, int>, ProductSeconds> measured;
  const auto [entry, is_new] = measured.try_emplace({rows, cols, threads});
  if (is_new) {
    const auto [m, n] = std::minmax({rows, cols});
    const MatrixXf x = MatrixXf::Random(m, n) / static_cast<float>(n);
    MatrixXf a = x * x.transpose(), b = a, y = x;
    constexpr double enough = 0.05;
    entry->second = {.gram = bench::run(
                         1, [&] { a.noalias() = x * x.transpose(); }, enough),
                     .square = bench::run(
                         1, [&] { b.noalias() = a * a; }, enough),
                     .apply = bench::run(
                         1, [&] { y.noalias() = b * x; }, enough)};
  }
  return entry->second;
}

template <class Method>
double product_seconds(const Method& method, Index rows, Index cols, int threads) {
  const auto [gram, square, apply] = product_seconds(rows, cols, threads);
  double total = 0;
  for (int k = 0; k < method.steps; ++k) {
    total += gram + (method.coefficients[k].c == 0 ? 0 : square) + apply;
  }
  return total;
}

// Measures `method` on a matrix; the arguments are rows, columns and threads. Returns the fastest seconds.
template <class Method>
double measure(benchmark::State& state, const Method& method) {
  bench::set_threads(static_cast<int>(state.range(2)));
  const MatrixXf m = MatrixXf::Random(state.range(0), state.range(1));
  gradus::Workspace workspace;
  gradus::orthogonalize(m, method, workspace);  // takes the memory
  return bench::run(state, 1, [&] { gradus::orthogonalize(m, method, workspace); });
}

// The seconds of the exact factor, measured once for each shape.
double exact_seconds(Index rows, Index cols) {
  static std::map<std::pair<Index, Index>, double> measured;
  const auto [entry, is_new] = measured.try_emplace({rows, cols});
  if (is_new) {
    const MatrixXf m = MatrixXf::Random(rows, cols);
    gradus::Workspace workspace;
    entry->second = bench::run(
        1, [&] { gradus::orthogonalize(m, gradus::ExactPolar{}, workspace); }, 0.05);
  }
  return entry->second;
}

template <class F>
void add(const std::string& name, const Shapes& shapes, const F& f) {
  auto* const benchmark = benchmark::RegisterBenchmark(name.c_str(), f);
  benchmark->ArgNames({"m", "n", "threads"})->Unit(benchmark::kMicrosecond);
  for (const auto& [rows, cols] : shapes) {
    for (const auto threads : bench::thread_counts()) benchmark->Args({rows, cols, threads});
  }
}

template <class Method>
void add_newton_schulz(const std::string& name, const Shapes& shapes, const Method& method) {
  add(name, shapes, [method](benchmark::State& state) {
    const double seconds = measure(state, method);
    const Index rows = state.range(0), cols = state.range(1);
    const int threads = static_cast<int>(state.range(2));
    const double flops = gradus::flops<float>(rows, cols, method) / seconds;
    state.counters["flops"] = flops;
    state.counters["products"] = seconds / product_seconds(method, rows, cols, threads);
    if (std::min(rows, cols) <= 256) state.counters["svd"] = seconds / exact_seconds(rows, cols);
    const double peak = bench::peak<typename Method::template Compute<float>>(threads);
    if (peak > 0) state.counters["share_of_peak"] = flops / peak;
  });
}

}  // namespace

int main(int argc, char** argv) {
  using gradus::BasicNewtonSchulz, gradus::NewtonSchulzForm;
  const Shapes aspect_1_4{{256, 1024}, {1024, 4096}}, two_squares{{256, 256}, {1024, 1024}};

  // Who computes the products.
  add_newton_schulz("square/tiled", squares(), BasicNewtonSchulz<gradus::TiledProducts>{});
  add_newton_schulz("square/tiled_bfloat16", squares(),
                    BasicNewtonSchulz<gradus::TiledProducts, Eigen::bfloat16>{});
  add_newton_schulz("square/eigen", squares(), BasicNewtonSchulz<gradus::EigenProducts>{});
#ifdef GRADUS_BENCH_ONEDNN
  using gradus::OneDnnProducts;
  add_newton_schulz("square/onednn", squares(), BasicNewtonSchulz<OneDnnProducts>{});
  add_newton_schulz("square/onednn_bfloat16", squares(),
                    BasicNewtonSchulz<OneDnnProducts, Eigen::bfloat16>{});
#endif

  // Shapes, and the two forms.
  add_newton_schulz("shape", wide_and_tall(), NewtonSchulz{});
  add_newton_schulz("plain", aspect_1_4, NewtonSchulz{.form = NewtonSchulzForm::plain});
  add_newton_schulz("gram", aspect_1_4, NewtonSchulz{.form = NewtonSchulzForm::gram});

  // Steps and coefficients.
  add_newton_schulz("steps_1", {{1024, 1024}}, NewtonSchulz{.steps = 1});
  add_newton_schulz("steps_12", {{1024, 1024}}, NewtonSchulz{.steps = 12});
  add_newton_schulz("you", two_squares, NewtonSchulz{.coefficients = gradus::quintics::you_jiacheng});
  add_newton_schulz("polar_express", two_squares, gradus::polar_express());
  add_newton_schulz("cubic_10", two_squares,
                    NewtonSchulz{.steps = 10, .coefficients = gradus::quintics::cubic});

  add("exact_polar", {{64, 64}, {128, 128}, {256, 256}},
      [](benchmark::State& state) { measure(state, gradus::ExactPolar{}); });

  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
