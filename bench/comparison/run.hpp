// SPDX-License-Identifier: MIT
//
// One run: a model is trained from the beginning, and looked at now and then.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>

#include "../../examples/gpt/training.hpp"
#include "choices.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace comparison {

/// What a run is, and what came of it.
struct Run {
  std::string optimizer, rate;  // the rate as it is written in the table
  int seed = 0;
  bool diverged = false;                     // the loss was not finite, or larger than in the beginning
  double cpu_seconds = 0, wall_seconds = 0;  // of all steps together, without validation
  std::vector<double> losses = {};           // on text that was kept back: after no step, ..., after all

  double final_loss() const { return diverged ? std::numeric_limits<double>::infinity() : losses.back(); }
};

/// The steps after which the loss is taken: evenly spaced, from 0 to the last.
inline std::vector<std::int64_t> checkpoints(std::int64_t steps) {
  const std::int64_t intervals = std::min<std::int64_t>(steps, 20);
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i <= intervals; ++i) result.push_back(steps * i / intervals);
  return result;
}

/// Time that this thread has worked; where the system does not tell, time that has passed.
inline double cpu_seconds() {
#ifdef CLOCK_THREAD_CPUTIME_ID
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
#else
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
#endif
}

/// Trains with one thread. The seed is that of the weights and of the batches; the loss is taken on the same
/// batches for all seeds.
inline Run train(const Choice& choice, const std::string& rate, int seed, gpt::Settings settings,
                 const gpt::Text& text) {
#ifdef _OPENMP
  omp_set_num_threads(1);  // of the optimizer's steps; it counts for the calling thread alone
#endif
  settings.threads = 1;
  settings.constant_rate = choice.constant_rate;
  settings.seed = 0;
  gpt::Training<float> judge(settings, text);
  settings.seed = static_cast<std::uint64_t>(seed);
  gpt::Training<float> training(settings, text);
  const auto optimizer =
      choice.make(std::stod(rate), {training.params,
                                    [&](const Params& at, Params& gradient, std::int64_t t) {
                                      training.sampled_gradient(at, gradient, t);
                                    },
                                    static_cast<double>(settings.batch * settings.sizes.context)});

  Run run{choice.name, rate, seed};
  Params solution = training.params;
  std::int64_t t = 0;
  for (const std::int64_t checkpoint : checkpoints(settings.steps)) {
    const double cpu = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    while (t < checkpoint && !run.diverged) run.diverged = !std::isfinite(training.step(*optimizer, ++t));
    run.cpu_seconds += cpu_seconds() - cpu;
    run.wall_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    optimizer->solution(training.params, solution);
    run.losses.push_back(run.diverged ? std::numeric_limits<double>::quiet_NaN()
                                      : judge.validate(solution, 25));
  }
  run.diverged = !(run.losses.back() <= run.losses.front());
  return run;
}

}  // namespace comparison
