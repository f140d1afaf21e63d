// SPDX-License-Identifier: MIT
//
// Teaches a small neural network to read handwritten digits, twice, from the same start and with the same
// budget: with AdamW on everything, then with Muon on the hidden matrices and AdamW on the rest. To be read
// from top to bottom: data, model, loss and its gradient, training, comparison.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <gradus/gradus.hpp>
#include <numeric>
#include <random>
#include <utility>

#include "support.hpp"

#ifndef GRADUS_EXAMPLE_DATA  // the build system knows the full path
#define GRADUS_EXAMPLE_DATA "examples/data"
#endif

using Eigen::Index;
using Matrix = Eigen::MatrixXf;
using Vector = Eigen::VectorXf;
using Random = std::mt19937;  // used without the distributions of <random>, which differ between platforms

// 1. The data: one image a column, 64 grey values from 0 to 1, and the digit that it shows.

struct Dataset {
  Matrix images;
  std::vector<Index> digits;

  Index size() const { return images.cols(); }
};

Dataset read_digits(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot open the images '" + path + "'; --data names another file");
  std::vector<float> values;
  for (std::string line; std::getline(file, line);) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream numbers(line);
    for (float value = 0; numbers >> value;) values.push_back(value);
    if (values.size() % 65 != 0 || !numbers.eof()) {
      throw std::runtime_error("'" + path + "': not every line holds 65 numbers");
    }
  }
  if (values.empty()) throw std::runtime_error("'" + path + "' is empty");
  const Eigen::Map<const Matrix> table(values.data(), 65, static_cast<Index>(values.size() / 65));
  Dataset data{table.topRows(64) / 16, {}};
  for (Index i = 0; i < table.cols(); ++i) {
    const float digit = table(64, i);
    if (!(digit >= 0 && digit <= 9))
      throw std::runtime_error("'" + path + "': not every line ends in a digit");
    data.digits.push_back(static_cast<Index>(digit));
  }
  return data;
}

std::vector<Index> shuffled_indices(Index n, Random& random) {
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

template <class Iterator>
Dataset select(const Dataset& data, Iterator first, Iterator last) {
  Dataset chosen{Matrix(data.images.rows(), last - first), {}};
  for (; first != last; ++first) {
    chosen.images.col(static_cast<Index>(chosen.digits.size())) = data.images.col(*first);
    chosen.digits.push_back(data.digits[static_cast<std::size_t>(*first)]);
  }
  return chosen;
}

struct Digits {
  Dataset training, test;
};

// Each fifth image of a fixed shuffle is kept for the test.
Digits split(const Dataset& data) {
  Random random(1998);
  const std::vector<Index> order = shuffled_indices(data.size(), random);
  std::vector<Index> training, test;
  for (std::size_t i = 0; i < order.size(); ++i) (i % 5 == 4 ? test : training).push_back(order[i]);
  return {select(data, training.begin(), training.end()), select(data, test.begin(), test.end())};
}

// 2. The model: three layers. The macro makes it a tree of parameters; its gradient is kept in the same type.

struct Mlp {
  Matrix w1, w2, w3;
  Vector b1, b2, b3;
  GRADUS_LEAVES(w1, b1, w2, b2, w3, b3)
};

Mlp random_mlp(Random& random) {
  const auto layer = [&](Index outputs, Index inputs) {
    // He's initialisation: uniform, of variance 2 / inputs.
    const float limit = std::sqrt(6.0F / static_cast<float>(inputs));
    Matrix w(outputs, inputs);
    for (float& x : w.reshaped()) x = limit * (static_cast<float>(random() >> 8) / 8388608.0F - 1);
    return w;
  };
  Mlp model;
  model.w1 = layer(128, 64), model.b1 = Vector::Zero(128);
  model.w2 = layer(64, 128), model.b2 = Vector::Zero(64);
  model.w3 = layer(10, 64), model.b3 = Vector::Zero(10);
  return model;
}

// What each layer makes of the images; `scores` are the logarithms of the odds, up to a constant.
struct Activations {
  Matrix hidden1, hidden2, scores;
};

Activations forward(const Mlp& model, const Matrix& images) {
  Activations a;
  a.hidden1 = ((model.w1 * images).colwise() + model.b1).cwiseMax(0);
  a.hidden2 = ((model.w2 * a.hidden1).colwise() + model.b2).cwiseMax(0);
  a.scores = (model.w3 * a.hidden2).colwise() + model.b3;
  return a;
}

double accuracy(const Mlp& model, const Dataset& data) {
  const Matrix scores = forward(model, data.images).scores;
  Index correct = 0;
  for (Index i = 0; i < data.size(); ++i) {
    Index best = 0;
    scores.col(i).maxCoeff(&best);
    if (best == data.digits[static_cast<std::size_t>(i)]) ++correct;
  }
  return static_cast<double>(correct) / static_cast<double>(data.size());
}

// 3. The loss: mean cross-entropy of the softmax of the scores. Its gradient follows from the chain rule,
// from the last layer to the first: `delta` is the derivative by what a layer computes before its ReLU.

double loss(const Mlp& model, const Dataset& batch, Mlp& gradient) {
  const Activations a = forward(model, batch.images);
  const auto n = static_cast<float>(batch.size());
  double total = 0;
  Matrix delta(a.scores.rows(), a.scores.cols());
  for (Index i = 0; i < batch.size(); ++i) {
    const Index digit = batch.digits[static_cast<std::size_t>(i)];
    // Shifted by the largest, so that exp cannot overflow.
    const Vector shifted = a.scores.col(i).array() - a.scores.col(i).maxCoeff();
    const Vector odds = shifted.array().exp();
    total += std::log(odds.sum()) - shifted[digit];
    delta.col(i) = odds / (odds.sum() * n);
    delta(digit, i) -= 1 / n;
  }
  gradient.w3.noalias() = delta * a.hidden2.transpose();
  gradient.b3 = delta.rowwise().sum();

  delta = (model.w3.transpose() * delta).eval().cwiseProduct(a.hidden2.cwiseSign());
  gradient.w2.noalias() = delta * a.hidden1.transpose();
  gradient.b2 = delta.rowwise().sum();

  delta = (model.w2.transpose() * delta).eval().cwiseProduct(a.hidden1.cwiseSign());
  gradient.w1.noalias() = delta * batch.images.transpose();
  gradient.b1 = delta.rowwise().sum();
  return total / n;
}

// 4. Training: shuffled mini-batches, clipped gradients, learning rates that follow a schedule.

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
          const Digits& digits, const Settings& settings) {
  std::printf("%s\n", name.c_str());
  const auto start = std::chrono::steady_clock::now();
  Random random(static_cast<unsigned>(settings.seed));
  Mlp model = random_mlp(random), gradient = model;
  auto state = optimizer.init(model);
  const std::int64_t steps =
      settings.epochs * ((digits.training.size() + settings.batch - 1) / settings.batch);
  const gradus::WarmupCosine share{.peak = 1, .warmup_steps = steps / 20, .total_steps = steps + 1};

  Run run{name};
  for (int epoch = 1; epoch <= settings.epochs; ++epoch) {
    const std::vector<Index> order = shuffled_indices(digits.training.size(), random);
    double sum = 0;
    for (auto first = order.begin(); first != order.end();) {
      const auto last = first + std::min<std::ptrdiff_t>(settings.batch, order.end() - first);
      const Dataset batch = select(digits.training, first, last);
      sum += loss(model, batch, gradient) * static_cast<double>(batch.size());
      set_learning_rates(optimizer, share(++run.steps));
      optimizer.step(model, gradus::clip_by_global_norm(gradient, 1.0), state);
      first = last;
    }
    run.epochs.push_back({sum / static_cast<double>(digits.training.size()), accuracy(model, digits.test)});
    char text[80];
    std::snprintf(text, sizeof text, "loss %.6f, test accuracy %6.2f %%", run.epochs.back().loss,
                  100 * run.epochs.back().accuracy);
    examples::show_progress(epoch, settings.epochs, text);
  }
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return run;
}

// 5. The comparison: a table and a picture of the curves, and a summary.

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
  const Digits digits = split(read_digits(options.text("--data")));
  Eigen::setNbThreads(1);  // the products are too small to share

  // Peak learning rates and decay are the better ones of a small sweep for each optimizer.
  const gradus::AdamW adamw{.weight_decay = 0.1};
  const double adamw_rate = 0.01, muon_rate = 0.02;
  const auto hidden_matrix = [](const gradus::LeafInfo& leaf) {
    return leaf.name == "w1" || leaf.name == "w2";
  };
  const Run first = train(
      "AdamW", adamw, [=](auto& optimizer, double share) { optimizer.learning_rate = adamw_rate * share; },
      digits, settings);
  const Run second = train(
      "Muon + AdamW", gradus::route(hidden_matrix, gradus::Muon{}, adamw),
      [=](auto& optimizer, double share) {
        std::get<0>(optimizer.optimizers).learning_rate = muon_rate * share;
        std::get<1>(optimizer.optimizers).learning_rate = adamw_rate * share;
      },
      digits, settings);

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
