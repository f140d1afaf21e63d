// SPDX-License-Identifier: MIT
//
// Teaches a small neural network to read handwritten digits, twice, from the same start and with the same
// budget: with AdamW on everything, then with Muon on the hidden matrices and AdamW on the rest. The data,
// the model, its loss and the gradient are in digits_model.hpp; here are training and comparison.
#include <chrono>
#include <fstream>
#include <gradus/gradus.hpp>

#include "digits_model.hpp"
#include "support.hpp"

#ifndef GRADUS_EXAMPLE_DATA  // the build system knows the full path
#define GRADUS_EXAMPLE_DATA "examples/data"
#endif

using namespace digits;

// 1. Training: shuffled mini-batches, clipped gradients, learning rates that follow a schedule.

struct Settings {
  int epochs = 30, batch = 32, seed = 1;
};

struct Epoch {
  double loss = 0;      // mean over the training images
  double accuracy = 0;  // share of the test images that are read right
};

struct Run {
  std::string name;
  std::vector<Epoch> epochs = {};
  std::int64_t steps = 0;
  double seconds = 0;
};

// Before each step, `set_learning_rates(optimizer, share)` gets the share of the peak rates, from 0 to 1.
template <class Optimizer, class SetLearningRates>
Run train(const std::string& name, Optimizer optimizer, SetLearningRates set_learning_rates,
          const Digits& data, const Settings& settings) {
  std::printf("%s\n", name.c_str());
  const auto start = std::chrono::steady_clock::now();
  Random random(static_cast<unsigned>(settings.seed));
  Mlp model = random_mlp(random), gradient = model;
  auto state = optimizer.init(model);
  const std::int64_t steps = settings.epochs * ((data.training.size() + settings.batch - 1) / settings.batch);
  const gradus::WarmupCosine share{.peak = 1, .warmup_steps = steps / 20, .total_steps = steps + 1};

  Run run{name};
  for (int epoch = 1; epoch <= settings.epochs; ++epoch) {
    const std::vector<Index> order = shuffled_indices(data.training.size(), random);
    double sum = 0;
    for (auto first = order.begin(); first != order.end();) {
      const auto last = first + std::min<std::ptrdiff_t>(settings.batch, order.end() - first);
      const Dataset batch = select(data.training, first, last);
      sum += loss(model, batch, gradient) * static_cast<double>(batch.size());
      set_learning_rates(optimizer, share(++run.steps));
      optimizer.step(model, gradus::clip_by_global_norm(gradient, 1.0), state);
      first = last;
    }
    run.epochs.push_back({sum / static_cast<double>(data.training.size()), accuracy(model, data.test)});
    char text[80];
    std::snprintf(text, sizeof text, "loss %.6f, test accuracy %6.2f %%", run.epochs.back().loss,
                  100 * run.epochs.back().accuracy);
    examples::show_progress(epoch, settings.epochs, text);
  }
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return run;
}

// 2. The comparison: a table and a picture of the curves, and a summary.

void write_curves(const std::filesystem::path& folder, const Run& adamw, const Run& muon) {
  std::filesystem::create_directories(folder);
  std::ofstream table(folder / "digits.csv"), script(folder / "digits.gp");
  table << "epoch,adamw_loss,adamw_accuracy,muon_loss,muon_accuracy\n";
  for (std::size_t i = 0; i < adamw.epochs.size(); ++i) {
    table << i + 1 << ',' << adamw.epochs[i].loss << ',' << adamw.epochs[i].accuracy << ','
          << muon.epochs[i].loss << ',' << muon.epochs[i].accuracy << '\n';
  }
  script << R"(set terminal svg size 960,400 font "Helvetica,15" background "white"
set output "digits.svg"
set datafile separator ","
set multiplot layout 1,2
set border 3 linecolor "gray40"
set tics nomirror
set grid linetype 1 linecolor "gray90"
set style line 1 linecolor "#0072b2" linewidth 2.5 pointtype 7 pointsize 0.4
set style line 2 linecolor "#d55e00" linewidth 2.5 pointtype 5 pointsize 0.4 dashtype (12, 4)
set style data linespoints
set xlabel "epoch"
set xrange [0:*]
set title "training loss"
set logscale y
set format y "10^{%T}"
plot "digits.csv" skip 1 using 1:2 linestyle 1 title "AdamW", \
     "digits.csv" skip 1 using 1:4 linestyle 2 title "Muon + AdamW"
set title "test accuracy, %"
unset logscale y
set format y "%g"
set yrange [*:100]
set key bottom right
plot "digits.csv" skip 1 using 1:(100 * $3) linestyle 1 title "AdamW", \
     "digits.csv" skip 1 using 1:(100 * $5) linestyle 2 title "Muon + AdamW"
)";
  table.close(), script.close();
  if (!table || !script) throw std::runtime_error("cannot write to the folder '" + folder.string() + "'");
  const bool drawn = examples::gnuplot(folder, "digits.gp");
  std::printf("written: %s%s\n", (folder / "digits.csv").string().c_str(), drawn ? " and digits.svg" : "");
}

int compare(const examples::Options& options) {
  const Settings usual;
  const Settings settings{options.integer("--epochs", 1), options.integer("--batch", 1),
                          options.integer("--seed", 0)};
  const Digits data = split(read_digits(options.text("--data")));
  Eigen::setNbThreads(1);  // the products are too small to share

  // Peak learning rates and decay are the better ones of a small sweep for each optimizer.
  const gradus::AdamW adamw{.weight_decay = 0.1};
  const double adamw_rate = 0.01, muon_rate = 0.02;
  const auto hidden_matrix = [](const gradus::LeafInfo& leaf) {
    return leaf.name == "w1" || leaf.name == "w2";
  };
  const Run first = train(
      "AdamW", adamw, [=](auto& optimizer, double share) { optimizer.learning_rate = adamw_rate * share; },
      data, settings);
  const Run second = train(
      "Muon + AdamW", gradus::route(hidden_matrix, gradus::Muon{}, adamw),
      [=](auto& optimizer, double share) {
        std::get<0>(optimizer.optimizers).learning_rate = muon_rate * share;
        std::get<1>(optimizer.optimizers).learning_rate = adamw_rate * share;
      },
      data, settings);

  write_curves(options.text("--output"), first, second);
  std::printf("\n%-14s %14s %9s %7s\n", "optimizer", "test accuracy", "seconds", "steps");
  bool good = true;
  for (const Run& run : {first, second}) {
    const double reached = run.epochs.back().accuracy;
    std::printf("%-14s %12.2f %% %9.2f %7lld\n", run.name.c_str(), 100 * reached, run.seconds,
                static_cast<long long>(run.steps));
    good = good && reached >= 0.97;
  }
  if (good || settings.epochs != usual.epochs) return 0;
  std::fprintf(stderr, "error: a test accuracy is below 97 %%\n");
  return 1;
}

int main(int argc, char** argv) {
  const Settings usual;
  return examples::run(
      argc, argv, "Trains a network on handwritten digits, with AdamW and with Muon.",
      {{"--epochs", std::to_string(usual.epochs), "passes over the training images"},
       {"--batch", std::to_string(usual.batch), "images in a mini-batch"},
       {"--seed", std::to_string(usual.seed), "seed of the initial weights and of the shuffles"},
       {"--data", GRADUS_EXAMPLE_DATA "/digits.csv", "the images"},
       {"--output", "output", "folder for digits.csv, digits.gp and digits.svg"}},
      compare);
}
