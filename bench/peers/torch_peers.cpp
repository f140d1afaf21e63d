// SPDX-License-Identifier: MIT
//
// PyTorch's C++ library beside ours, in one program and on the same threads: the Newton–Schulz of
// torch.optim.Muon, and AdamW as its fused kernel and as its passes over all tensors (its `foreach`). Not our
// oneDNN, which is in orthogonalize_bench: PyTorch has one of its own, whose headers and symbols would clash.
#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <gradus/optimizers/adamw.hpp>
#include <gradus/orthogonalize/orthogonalize.hpp>

#include "../support.hpp"

namespace {

void set_threads(benchmark::State& state, std::size_t argument) {
  const int threads = static_cast<int>(state.range(argument));
  bench::set_threads(threads);
  at::set_num_threads(threads);
}

// The operations of torch.optim.Muon, which computes in bfloat16.
torch::Tensor newton_schulz(const torch::Tensor& gradient, torch::ScalarType precision) {
  torch::Tensor x = gradient.to(precision, /*non_blocking=*/false, /*copy=*/true);
  const bool tall = x.size(0) > x.size(1);
  if (tall) x = x.t();
  x.div_(x.norm().clamp_min(1e-7));
  for (int k = 0; k < 5; ++k) {
    const torch::Tensor a = x.mm(x.t());
    const torch::Tensor b = torch::addmm(a, a, a, -4.7750, 2.0315);
    x = torch::addmm(x, b, x, 3.4445);
  }
  return tall ? x.t() : x;
}

template <torch::ScalarType precision>
void torch_newton_schulz(benchmark::State& state) {
  set_threads(state, 2);
  const torch::NoGradGuard no_gradients;
  const torch::Tensor m = torch::randn({state.range(0), state.range(1)});
  for (auto _ : state) benchmark::DoNotOptimize(newton_schulz(m, precision));
}

template <class Method>
void gradus_newton_schulz(benchmark::State& state) {
  set_threads(state, 2);
  const Eigen::MatrixXf m = Eigen::MatrixXf::Random(state.range(0), state.range(1));
  gradus::Workspace workspace;
  for (auto _ : state) benchmark::DoNotOptimize(gradus::orthogonalize(m, Method{}, workspace).data());
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"m", "n", "threads"})->Unit(benchmark::kMillisecond)->UseRealTime();
  for (const auto threads : bench::thread_counts()) {
    for (const int side : {256, 512, 768, 1024, 2048}) benchmark->Args({side, side, threads});
    for (const int side : {256, 512, 1024}) benchmark->Args({side, 4 * side, threads});
  }
}
using Bfloat16 = gradus::BasicNewtonSchulz<gradus::TiledProducts, Eigen::bfloat16>;
BENCHMARK_TEMPLATE(gradus_newton_schulz, gradus::NewtonSchulz)->Apply(shapes);
BENCHMARK_TEMPLATE(gradus_newton_schulz, Bfloat16)->Apply(shapes);
BENCHMARK_TEMPLATE(torch_newton_schulz, torch::kFloat)->Apply(shapes);
BENCHMARK_TEMPLATE(torch_newton_schulz, torch::kBFloat16)->Apply(shapes);

constexpr int parameters = 1 << 24;

// The state of torch.optim.AdamW for one tensor.
struct TorchAdamW {
  double learning_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 1e-2;
  std::vector<torch::Tensor> p{torch::randn({parameters})}, g{torch::randn({parameters})},
      m{torch::zeros({parameters})}, v{torch::zeros({parameters})}, t{torch::zeros({})};
  double steps = 0;

  void fused() {
    t[0].add_(1);
    at::_fused_adamw_(p, g, m, v, {}, t, learning_rate, beta1, beta2, weight_decay, epsilon,
                      /*amsgrad=*/false, /*maximize=*/false);
  }

  void passes() {
    steps += 1;
    at::_foreach_mul_(p, 1 - learning_rate * weight_decay);
    at::_foreach_lerp_(m, g, 1 - beta1);
    at::_foreach_mul_(v, beta2);
    at::_foreach_addcmul_(v, g, g, 1 - beta2);
    auto denominator = at::_foreach_sqrt(v);
    at::_foreach_div_(denominator, std::sqrt(1 - std::pow(beta2, steps)));
    at::_foreach_add_(denominator, epsilon);
    at::_foreach_addcdiv_(p, m, denominator, -learning_rate / (1 - std::pow(beta1, steps)));
  }
};

template <void (TorchAdamW::*step)()>
void torch_adamw(benchmark::State& state) {
  set_threads(state, 0);
  const torch::NoGradGuard no_gradients;
  TorchAdamW adamw;
  for (auto _ : state) (adamw.*step)();
}

void gradus_adamw(benchmark::State& state) {
  set_threads(state, 0);
  Eigen::VectorXf params = Eigen::VectorXf::Random(parameters);
  const Eigen::VectorXf grads = params;
  const gradus::AdamW adamw;
  auto moments = adamw.init(params);
  for (auto _ : state) adamw.step(params, grads, moments);
}

void threads(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("threads")->ArgsProduct({bench::thread_counts()});
  benchmark->Unit(benchmark::kMillisecond)->UseRealTime();
}
BENCHMARK(gradus_adamw)->Apply(threads);
BENCHMARK_TEMPLATE(torch_adamw, &TorchAdamW::fused)->Apply(threads);
BENCHMARK_TEMPLATE(torch_adamw, &TorchAdamW::passes)->Apply(threads);

}  // namespace

BENCHMARK_MAIN();
