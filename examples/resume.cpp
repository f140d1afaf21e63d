// SPDX-License-Identifier: MIT
//
// A run that can be stopped at any moment and goes on where it was: checkpoints every few steps, Ctrl-C saves
// and stops, and a run that diverges goes back to its last checkpoint, but not to the batches that followed.
#include <csignal>
#include <gradus/gradus.hpp>
#include <gradus/io/checkpoints.hpp>
#include <gradus/objectives/objectives.hpp>
#include <iostream>
#include <limits>

#include "support.hpp"

namespace {

volatile std::sig_atomic_t interrupted = 0;

// Softmax regression. The batches drawn after number 400 come from a broken file, until one has noticed.
struct Problem {
  gradus::SoftmaxRegression<float> f = gradus::SoftmaxRegression<float>::random(2000, 30, 5, 1);
  gradus::Batches batches{f.size(), 32, 7};
  std::int64_t drawn = 0;

  double next(const Eigen::MatrixXf& x, Eigen::MatrixXf& gradient) {
    const double value = f(x, gradient, batches.next());
    if (++drawn > 400 && drawn <= 410) gradient.setConstant(std::numeric_limits<float>::quiet_NaN());
    return value;
  }
  void skip_to(std::int64_t count) {
    for (; drawn < count; ++drawn) batches.next();
  }
};

int train(const std::string& folder, std::int64_t steps) {
  Problem problem;
  Eigen::MatrixXf x = Eigen::MatrixXf::Zero(30, 5), gradient = x;
  const auto optimizer = gradus::skip_nonfinite(gradus::scheduled<&gradus::AdamW::learning_rate>(
      gradus::AdamW{}, gradus::WarmupCosine{.peak = 0.02, .warmup_steps = 50, .total_steps = 1000}));
  auto state = optimizer.init(x);
  std::int64_t step = 0;

  // The position in the data is ours to keep, as text beside the tensors.
  const gradus::io::Checkpoints checkpoints{folder};
  const auto save = [&] {
    checkpoints.save(step, x, optimizer, state, {{"drawn", std::to_string(problem.drawn)}});
  };
  const auto go_back = [&] {
    const auto latest = checkpoints.latest();
    if (!latest) return;
    const auto found = gradus::io::load(latest->path, x, optimizer, state);
    step = latest->step;
    problem.skip_to(std::stoll(found.metadata.at("drawn")));  // never back: bad batches are not drawn again
    std::cout << "goes on from step " << step << '\n';
    for (const std::string& change : found.changed) std::cout << "  " << change << '\n';
  };
  go_back();

  gradus::ProgressBar bar{steps, std::cerr};
  while (step < steps && interrupted == 0) {
    const double value = problem.next(x, gradient);
    optimizer.step(x, gradient, state);
    ++step;
    if (examples::on_terminal) bar.show(step, value);
    if (state.consecutive == 3) {
      std::cout << "three gradients in a row were not finite at step " << step << '\n';
      go_back();
    } else if (step % 100 == 0 && state.consecutive == 0) {
      save();
    }
  }
  if (state.consecutive == 0) save();
  std::cout << (interrupted != 0 ? "stopped after step " : "done: step ") << step << ", loss "
            << problem.f(x, gradient) << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGINT, [](int) { interrupted = 1; });
  return examples::run(
      argc, argv,
      "Trains a small model in a folder of checkpoints, and goes on from them when started again.",
      {{"--steps", "1000", "steps of the whole run"}, {"--folder", "run", "folder for the checkpoints"}},
      [](const examples::Options& options) {
        return train(options.text("--folder"), options.integer("--steps", 1));
      });
}
