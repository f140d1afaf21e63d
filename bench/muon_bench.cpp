// SPDX-License-Identifier: MIT
//
// A whole step of Muon over the matrices of GPT-2 small: two of its layers, or all twelve with
// GRADUS_BENCH_LARGE=1. The counter `of_AdamW` is the fastest step's time over that of AdamW's fastest on the
// same matrices and threads.
#include <gradus/optimizers/adamw.hpp>
#include <gradus/optimizers/dion2.hpp>
#include <gradus/optimizers/muon_presets.hpp>
#include <gradus/wrappers/hyperball.hpp>
#include <string>

#include "support.hpp"
#ifdef GRADUS_BENCH_ONEDNN
#include <gradus/backend/onednn.hpp>
#endif

namespace {

using Eigen::MatrixXf;

// The weights of one layer, outputs x inputs as in PyTorch.
struct Layer {
  MatrixXf qkv = MatrixXf::Random(3 * 768, 768), projection = MatrixXf::Random(768, 768),
           up = MatrixXf::Random(4 * 768, 768), down = MatrixXf::Random(768, 4 * 768);
  GRADUS_LEAVES(qkv, projection, up, down)
};
using Layers = std::vector<Layer>;

Layers layers() { return Layers(bench::large() ? 12 : 2); }

double adamw_seconds(int threads) {
  static std::map<int, double> measured;
  const auto [entry, is_new] = measured.try_emplace(threads, 0);
  if (is_new) {
    Layers params = layers();
    const Layers grads = params;
    const gradus::AdamW adamw;
    auto state = adamw.init(params);
    entry->second = bench::run(1, [&] { adamw.step(params, grads, state); });
  }
  return entry->second;
}

template <class Optimizer>
void add(const std::string& name, const Optimizer& optimizer) {
  const auto measure = [optimizer](benchmark::State& state) {
    const int threads = static_cast<int>(state.range(0));
    bench::set_threads(threads);
    Layers params = layers();
    const Layers grads = params;
    auto moments = optimizer.init(params);
    const double seconds = bench::run(state, 1, [&] { optimizer.step(params, grads, moments); });
    state.counters["of_AdamW"] = seconds / adamw_seconds(threads);
  };
  benchmark::RegisterBenchmark(name.c_str(), measure)
      ->ArgName("threads")
      ->ArgsProduct({bench::thread_counts()})
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace gradus;
  add("AdamW", AdamW{});
  add("Muon", Muon{});
  add("Muon_bfloat16", BasicMuon<BasicNewtonSchulz<TiledProducts, Eigen::bfloat16>>{});
  add("NorMuon_Polar_Express", presets::normuon_speedrun());
  add("Muon_on_a_hyperball", hyperball(Muon{.learning_rate = 1, .weight_decay = 0}));
  add("Dion2", Dion2{});
#ifdef GRADUS_BENCH_ONEDNN
  add("Muon_onednn", BasicMuon<BasicNewtonSchulz<OneDnnProducts>>{});
  add("Muon_onednn_bfloat16", BasicMuon<BasicNewtonSchulz<OneDnnProducts, Eigen::bfloat16>>{});
#endif

  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
