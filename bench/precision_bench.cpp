// SPDX-License-Identifier: MIT
//
// A step of AdamW over parameters of sixteen bits, in each way of keeping their steps. The counters are those
// of the fastest steps: `bytes` and `share_of_memory` as in step_bench, with streams of two and four bytes,
// and `of_float`, the time as a part of that of AdamW in float over as many coefficients.
#include <gradus/gradus.hpp>
#include <string>
#include <tuple>

#include "support.hpp"

namespace {

using Eigen::bfloat16;
using Eigen::half;
using Eigen::Index;

// The arrays that a pass reads, changes in place, and writes only, by the types of their coefficients.
template <class... Types>
using Arrays = std::tuple<Eigen::ArrayX<Types>...>;
template <class Read, class Changed, class Written = std::tuple<>>
struct Streams {
  using ReadArrays = Read;
  using ChangedArrays = Changed;
  using WrittenArrays = Written;
};

// Calls `f` with 32 coefficients of an array from i on, as one or two blocks of floats.
template <class Array, class F>
void for_each_block(Array& array, Index i, const F& f) {
  auto* const data = reinterpret_cast<float*>(array.data() + i);
  for (std::size_t k = 0; k < 32 * sizeof(array[0]) / sizeof(float); k += 16) {
    Eigen::Map<Eigen::Array<float, 16, 1>> block(data + k);
    f(block);
  }
}

// The bytes of a coefficient of each of these arrays, together.
template <class... Array>
int bytes_of(const std::tuple<Array...>&) {
  return static_cast<int>((0 + ... + sizeof(typename Array::Scalar)));
}

template <class... Array>
void set_zero(std::tuple<Array...>& arrays, Index n) {
  std::apply([n](auto&... array) { (array.setZero(n), ...); }, arrays);
}

// What moving the streams of a step takes without its arithmetic: seconds and bytes.
template <class Streams>
std::pair<double, double> move_streams(Index n, int threads) {
  typename Streams::ReadArrays read;
  typename Streams::ChangedArrays changed;
  typename Streams::WrittenArrays written;
  set_zero(read, n), set_zero(changed, n), set_zero(written, n);
  const auto part = [&](int t) {
    for (Index i = n / 32 * t / threads * 32; i < n / 32 * (t + 1) / threads * 32; i += 32) {
      Eigen::Array<float, 16, 1> sum = Eigen::Array<float, 16, 1>::Zero();
      const auto for_each = [i](auto& arrays, const auto& f) {
        std::apply([&](auto&... array) { (for_each_block(array, i, f), ...); }, arrays);
      };
      for_each(read, [&](const auto& x) { sum += x; });
      for_each(changed, [&](auto& x) { x += sum; });
      for_each(written, [&](auto& x) { x = sum; });
    }
  };
  const double seconds = bench::run(bench::batch_for(n), [&] {
    if (threads == 1) return part(0);
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads) schedule(static)
#endif
    for (int t = 0; t < threads; ++t) part(t);
  });
  return {seconds, static_cast<double>(n) * (bytes_of(read) + 2 * bytes_of(changed) + bytes_of(written))};
}

// A step over parameters and gradients of this scalar.
template <class Scalar, class Optimizer, class Measure>
double with_step(const Optimizer& optimizer, Index n, const Measure& measure) {
  Eigen::VectorX<Scalar> params = Eigen::VectorXf::Random(n).cast<Scalar>();
  const Eigen::VectorX<Scalar> grads = params;
  auto state = optimizer.init(params);
  return measure([&] { optimizer.step(params, grads, state); });
}

template <class Scalar, class Streams, class Optimizer>
void add(const std::string& name, const Optimizer& optimizer) {
  benchmark::RegisterBenchmark(
      name.c_str(),
      [=](benchmark::State& state) {
        const Index n = state.range(0);
        const auto threads = static_cast<int>(state.range(1));
        bench::set_threads(threads);
        const double in_float = with_step<float>(
            gradus::AdamW{}, n, [n](const auto& step) { return bench::run(bench::batch_for(n), step); });
        const auto [least, bytes] = move_streams<Streams>(n, threads);
        const double seconds = with_step<Scalar>(
            optimizer, n, [&](const auto& step) { return bench::run(state, bench::batch_for(n), step); });
        state.counters["bytes"] = bytes / seconds;
        state.counters["share_of_memory"] = least / seconds;
        state.counters["of_float"] = seconds / in_float;
      })
      ->ArgNames({"n", "threads"})
      ->ArgsProduct({{1 << 20, 1 << 24}, bench::thread_counts()});
}

template <class Scalar>
void add_all(const std::string& scalar) {
  const gradus::AdamW adamw;
  using Plain = Streams<Arrays<Scalar>, Arrays<Scalar, float, float>>;
  add<Scalar, Plain>("AdamW_" + scalar, adamw);
  add<Scalar, Streams<Arrays<Scalar>, Arrays<float, float, float>, Arrays<Scalar>>>(
      "master_weights_" + scalar, gradus::master_weights(adamw));
  add<Scalar, Streams<Arrays<Scalar>, Arrays<Scalar, Scalar, float, float>>>("compensated_" + scalar,
                                                                             gradus::compensated(adamw));
  add<Scalar, Plain>("stochastic_rounding_" + scalar, gradus::stochastic_rounding(adamw));
}

}  // namespace

int main(int argc, char** argv) {
  add<float, Streams<Arrays<float>, Arrays<float, float, float>>>("AdamW_float", gradus::AdamW{});
  // The averages m and v take 2 + 1 bytes each; the single bytes are counted together.
  using Small = Streams<Arrays<float>, Arrays<float, bfloat16, bfloat16, bfloat16>>;
  add<float, Small>("small_state_float", gradus::small_state(gradus::AdamW{}));
  // They take one byte each, counted together; the scales are not counted.
  using Bytes = Streams<Arrays<float>, Arrays<float, bfloat16>>;
  add<float, Bytes>("eight_bit_state_float", gradus::eight_bit_state(gradus::AdamW{}));
  add_all<bfloat16>("bfloat16");
  add_all<half>("half");

  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
