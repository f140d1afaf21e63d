// SPDX-License-Identifier: MIT
//
// The cost of a step. The counters are those of the fastest steps: `bytes`, what the algorithm has to read
// and write in a second, and `share_of_memory`, the part of what the memory manages for as many streams of
// the same length, in as many passes. AdamW_plain_Eigen and AdamW_fused_loop are AdamW without the library.
#include <gradus/gradus.hpp>
#include <gradus/objectives/objectives.hpp>
#include <string>

#include "fused_adamw.hpp"
#include "support.hpp"

namespace {

using Eigen::ArrayXf;
using Eigen::Index;
using Eigen::MatrixXf;

using Passes = std::vector<bench::Pass>;

// Measures `step()`, which makes these passes over tensors of `n` floats.
template <class F>
void measure(benchmark::State& state, Index n, const Passes& passes, int threads, const F& step) {
  bench::set_threads(threads);
  const double seconds = bench::run(state, bench::batch_for(n), step);
  double bytes = 0, least = 0;
  for (const bench::Pass& pass : passes) {
    bytes += sizeof(float) * static_cast<double>(n) * pass.numbers;
    least += pass.seconds(n, threads);
  }
  state.counters["bytes"] = bytes / seconds;
  state.counters["share_of_memory"] = least / seconds;
}

// Measures an optimizer of the library on a tree of parameters.
template <class Optimizer, class P>
void measure(benchmark::State& state, const Optimizer& optimizer, const Passes& passes, int threads,
             P params) {
  const P grads = params;
  auto moments = optimizer.init(params);
  measure(state, gradus::coefficient_count(params), passes, threads,
          [&] { optimizer.step(params, grads, moments); });
}

// AdamW without the library: `update(constants, p, g, m, v)` does a step.
template <class F>
void adamw_by_hand(benchmark::State& state, const F& update) {
  const Index n = state.range(0);
  ArrayXf p = ArrayXf::Random(n), g = p, m = ArrayXf::Zero(n), v = m;
  const float t = 100;
  const bench::AdamWConstants constants{.beta1 = 0.9F,
                                        .beta2 = 0.999F,
                                        .epsilon = 1e-8F,
                                        .keep = 1 - 1e-3F * 1e-2F,
                                        .rate = 1e-3F / (1 - std::pow(0.9F, t)),
                                        .correction = 1 / std::sqrt(1 - std::pow(0.999F, t))};
  measure(state, n, {bench::pass<1, 3>}, 1, [&] { update(constants, p, g, m, v); });
}

const auto plain_eigen = [](const bench::AdamWConstants& c, ArrayXf& p, const ArrayXf& g, ArrayXf& m,
                            ArrayXf& v) {
  m += (1 - c.beta1) * (g - m);
  v = c.beta2 * v + (1 - c.beta2) * g.square();
  p = c.keep * p - c.rate * m / (c.correction * v.sqrt() + c.epsilon);
};

const auto fused_loop = [](const bench::AdamWConstants& c, ArrayXf& p, const ArrayXf& g, ArrayXf& m,
                           ArrayXf& v) {
  bench::fused_adamw(c, p.size(), p.data(), g.data(), m.data(), v.data());
};

// Steps in the plane, with the gradient of a test function or a constant one. They start again before moments
// die away and become denormal numbers, which are slow.
template <class Vector, class Optimizer>
void plane_steps(benchmark::State& state, const Optimizer& optimizer, bool with_gradient) {
  const gradus::StyblinskiTang f;
  const Vector start(4.1, 4.5);
  Vector x = start, g(1, 2);
  auto moments = optimizer.init(x);
  int step = 0;
  for (auto _ : state) {
    if (++step % 1000 == 0) {
      x = start;
      moments = optimizer.init(x);
    }
    if (with_gradient) f(x, g);
    optimizer.step(x, g, moments);
    // The address alone: a vector of 8 bytes would itself be moved to another kind of register and back.
    benchmark::DoNotOptimize(x.data());
    benchmark::DoNotOptimize(g.data());
    benchmark::ClobberMemory();
  }
}

template <class F>
auto* add(const std::string& name, const F& f) {
  return benchmark::RegisterBenchmark(name.c_str(), f);
}

template <class Optimizer>
void add_plane(const std::string& name, const Optimizer& optimizer, bool with_gradient = false) {
  add(name + "/Vector2d",
      [=](auto& state) { plane_steps<Eigen::Vector2d>(state, optimizer, with_gradient); });
  add(name + "/Vector2f",
      [=](auto& state) { plane_steps<Eigen::Vector2f>(state, optimizer, with_gradient); });
}

// An optimizer whose step makes these passes, over a matrix of n x 1.
template <class Optimizer>
void add_optimizer(const std::string& name, const Optimizer& optimizer, const Passes& passes) {
  add_plane(name, optimizer);
  add(name,
      [=](auto& state) {
        const auto n = state.range(0);
        const auto threads = static_cast<int>(state.range(1));
        measure(state, optimizer, passes, threads, MatrixXf(MatrixXf::Random(n, 1)));
      })
      ->ArgNames({"n", "threads"})
      ->Args({1 << 12, 1})
      ->ArgsProduct({{1 << 20, 1 << 24}, bench::thread_counts()});
}

// Muon without its costly part, to show what its two passes over memory take.
struct NoOrthogonalizer {
  void validate(std::string_view) const {}
  template <class Scalar>
  static std::size_t scratch(Index, Index) {
    return 0;
  }
  template <class Scalar>
  void operator()(gradus::MatrixMap<Scalar>, gradus::Workspace&) const {}
};

}  // namespace

int main(int argc, char** argv) {
  using namespace gradus;
  // One pass over the gradient and so many tensors that change.
  const Passes one{bench::pass<1, 1>}, two{bench::pass<1, 2>}, three{bench::pass<1, 3>};
  add_optimizer("SGD", SGD{}, one);
  add_optimizer("Momentum", Momentum{}, two);
  add_optimizer("Nesterov", Nesterov{}, two);
  add_optimizer("AdaGrad", AdaGrad{}, two);
  add_optimizer("AdaDelta", AdaDelta{}, three);
  add_optimizer("RMSProp", RMSProp{}, two);
  add_optimizer("RMSProp_centered", RMSProp{.centered = true}, three);
  add_optimizer("Adam", Adam{}, three);
  add_optimizer("AMSGrad", AMSGrad{}, {bench::pass<1, 4>});
  add_optimizer("AdamW", AdamW{}, three);
  add_optimizer("AdaMax", AdaMax{}, three);
  add_optimizer("NAdam", NAdam{}, three);
  add_optimizer("RAdam", RAdam{}, three);
  add_optimizer("AdaBelief", AdaBelief{}, three);
  add_optimizer("LaProp", LaProp{}, three);
  add_optimizer("ADOPT", ADOPT{}, three);
  add_optimizer("Adan", Adan{}, {bench::pass<1, 5>});
  add_optimizer("AdEMAMix", AdEMAMix{}, {bench::pass<1, 4>});
  add_optimizer("MARS", MARS{}, {bench::pass<2, 0>, bench::pass<1, 4>});
  add_optimizer("ASGD", ASGD{}, two);
  add_optimizer("Rprop", Rprop{}, three);
  add_optimizer("Lion", Lion{}, two);
  add_optimizer("Signum", Signum{}, two);
  add_optimizer("ScheduleFreeSGD", ScheduleFreeSGD{}, two);
  add_optimizer("ScheduleFreeAdamW", ScheduleFreeAdamW{}, three);
  auto without_estimates = sophia([](const auto&, const auto&, std::int64_t) {});
  without_estimates.period = 1'000'000'000;
  add_optimizer("Sophia_without_estimates", without_estimates, {bench::pass<2, 2>});
  add_optimizer("LAMB", LAMB{}, {bench::pass<2, 2>, bench::pass<2, 1>});
  add_optimizer("LARS", LARS{}, {bench::pass<2, 0>, bench::pass<1, 2>});
  add_optimizer("Prodigy", Prodigy{}, {bench::pass<3, 3>, bench::pass<2, 1>});
  add("AdamW_plain_Eigen", [](auto& state) { adamw_by_hand(state, plain_eigen); })
      ->ArgName("n")
      ->Arg(1 << 12)
      ->Arg(1 << 20)
      ->Arg(1 << 24);
  add("AdamW_fused_loop", [](auto& state) { adamw_by_hand(state, fused_loop); })
      ->ArgName("n")
      ->Arg(1 << 12)
      ->Arg(1 << 20)
      ->Arg(1 << 24);
  add("AdamW/200_matrices_64x64",
      [three](auto& state) {
        const std::vector<MatrixXf> params(200, MatrixXf::Random(64, 64));
        measure(state, AdamW{}, three, static_cast<int>(state.range(0)), params);
      })
      ->ArgName("threads")
      ->ArgsProduct({bench::thread_counts()});
  add_plane("Adam_with_gradient", Adam{}, true);
  add("Adafactor",
      [](auto& state) {
        // θ and g to u; row and column means of u²; u divided; θ.
        const Passes passes{bench::pass<2, 1>, bench::pass<1, 0>, bench::pass<0, 1>, bench::pass<1, 1>};
        const MatrixXf params = MatrixXf::Random(state.range(0), state.range(0));
        measure(state, Adafactor{}, passes, static_cast<int>(state.range(1)), params);
      })
      ->ArgNames({"side", "threads"})
      ->ArgsProduct({{1024, 4096}, bench::thread_counts()});
  add("CAME",
      [](auto& state) {
        // g to u; row and column means of u²; u divided; m and the means of (u − m)²; u from m; θ.
        const Passes passes{bench::pass<1, 1>, bench::pass<1, 0>, bench::pass<0, 1>,
                            bench::pass<1, 1>, bench::pass<1, 1>, bench::pass<1, 1>};
        const MatrixXf params = MatrixXf::Random(state.range(0), state.range(0));
        measure(state, CAME{}, passes, static_cast<int>(state.range(1)), params);
      })
      ->ArgNames({"side", "threads"})
      ->ArgsProduct({{1024, 4096}, bench::thread_counts()});
  add_optimizer("Muon_without_orthogonalization", BasicMuon<NoOrthogonalizer>{}, three);
  add_plane("Muon", Muon{});
  add("Muon",
      [](benchmark::State& state) {
        MatrixXf params = MatrixXf::Random(state.range(0), state.range(0)), grads = params;
        auto moments = Muon{}.init(params);
        bench::set_threads(static_cast<int>(state.range(1)));
        for (auto _ : state) Muon{}.step(params, grads, moments);
      })
      ->ArgNames({"side", "threads"})
      ->ArgsProduct({{32, 1024}, bench::thread_counts()});

  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
