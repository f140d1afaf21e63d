// SPDX-License-Identifier: MIT
//
// Trains a small language model on a text and lets it write. Options, progress, files and pictures are here;
// README.md says in which order to read the rest.
#include <csignal>
#include <cstdio>
#include <gradus/minimize/observers.hpp>
#include <iostream>
#include <thread>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "../support.hpp"
#include "choices.hpp"
#include "sample.hpp"
#include "training.hpp"
#ifdef GPT_MPI
#include "divided.hpp"
#endif

namespace {

using namespace gpt;

volatile std::sig_atomic_t interrupted = 0;

// The table that a run leaves, a line for each validation; a resumed run adds to it.
class Table {
 public:
  Table(const std::filesystem::path& folder, bool resumed) : folder_(folder) {
    std::filesystem::create_directories(folder);
    file_.open(folder / "gpt.csv", resumed ? std::ios::app : std::ios::trunc);
    if (!resumed) {
      file_ << "step,seconds,training_loss,validation_loss,rate_share,gradient_norm,largest_logit"
            << std::endl;
    }
    require_good(file_);
  }

  void add(std::initializer_list<double> numbers) {
    const char* separator = "";
    for (const double x : numbers) file_ << std::exchange(separator, ",") << x;
    file_ << std::endl;
    require_good(file_);
  }

  void draw() const {
    std::ofstream script(folder_ / "gpt.gp");
    script << R"(set terminal svg size 960,400 font "Helvetica,15" background "white"
set output "gpt.svg"
set datafile separator ","
set multiplot layout 1,2
set border 3 linecolor "gray40"
set tics nomirror
set grid linetype 1 linecolor "gray90"
set style line 1 linecolor "#56b4e9" linewidth 1.5
set style line 2 linecolor "#d55e00" linewidth 2.5 pointtype 7 pointsize 0.4
set ylabel "loss, nats a character"
set xlabel "steps"
plot "gpt.csv" skip 1 using 1:3 with lines linestyle 1 title "training", \
     "gpt.csv" skip 1 using 1:4 with linespoints linestyle 2 title "validation"
set xlabel "seconds"
unset ylabel
plot "gpt.csv" skip 1 using 2:3 with lines linestyle 1 title "training", \
     "gpt.csv" skip 1 using 2:4 with linespoints linestyle 2 title "validation"
)";
    script.close();
    require_good(script);
    const bool drawn = examples::gnuplot(folder_, "gpt.gp");
    std::printf("written: %s%s\n", (folder_ / "gpt.csv").string().c_str(), drawn ? " and gpt.svg" : "");
  }

 private:
  void require_good(const std::ofstream& file) const {
    if (!file) throw std::runtime_error("cannot write to the folder '" + folder_.string() + "'");
  }

  std::filesystem::path folder_;
  std::ofstream file_;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

template <class Scalar, class Processes>
int train(const Settings& settings, const Text& text, const examples::Options& options,
          const Processes& processes, const Team& team) {
  using Params = Model<Scalar>;
  const std::string name = options.text("--optimizer");
  const bool speaks = team.rank == 0;
  Training<Scalar> training(settings, text, team);
  const SampledGradient<Params> sampled = [&](const Params& at, Params& gradient, std::int64_t t) {
    training.sampled_gradient(at, gradient, t);
  };
  const auto optimizer = Choices<Processes, Scalar>::make(
      processes, name, options.optional_number("--learning-rate"), training.params, sampled,
      static_cast<double>(team.size * settings.batch * settings.sizes.context));
  if (speaks) {
    std::printf("%lld parameters, %zu characters, %lld steps of %s\n",
                static_cast<long long>(gradus::coefficient_count(training.params)), text.alphabet.size(),
                static_cast<long long>(settings.steps), name.c_str());
    if (team.size > 1) std::printf("%d processes\n", team.size);
  }

  const std::filesystem::path folder = options.text("--output");
  const std::string checkpoint = (folder / "gpt.safetensors").string();
  const bool resumed = options.flag("--resume");
  std::int64_t done = 0;
  double seconds = 0;
  if (resumed) {
    const Metadata found = optimizer->load(checkpoint, training.params);
    done = std::stoll(found.at("step")), seconds = std::stod(found.at("seconds"));
    if (speaks) std::printf("goes on from step %lld\n", static_cast<long long>(done));
  }

  std::optional<Table> table;
  if (speaks) table.emplace(folder, resumed);
  Params solution = training.params;
  std::vector<double> step_seconds, optimizer_seconds;
  gradus::ProgressBar bar(settings.steps, std::cerr);
  for (bool stopped = false; done < settings.steps && !stopped;) {
    const auto start = std::chrono::steady_clock::now();
    const double loss = training.step(*optimizer, ++done);
    step_seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    optimizer_seconds.push_back(training.optimizer_seconds);
    seconds += step_seconds.back();
    seconds = team.mean(seconds), stopped = team.mean(interrupted) > 0;  // the same for all processes
    if (examples::on_terminal && speaks) bar.show(done, loss);
    if (done % options.integer("--validate", 1) != 0 && done != settings.steps && !stopped) continue;

    const double norm = training.gradient_norm(), logit = training.largest_logit;
    optimizer->solution(training.params, solution);
    const double validation = training.validate(solution);
    if (speaks) {
      table->add(
          {static_cast<double>(done), seconds, loss, validation, rate_share(settings, done), norm, logit});
      std::printf("%sstep %lld  training %.4f  validation %.4f  %.1f s\n", examples::on_terminal ? "\n" : "",
                  static_cast<long long>(done), loss, validation, seconds);
      std::fflush(stdout);
    }
    if (optimizer->can_save) {
      optimizer->save(checkpoint, training.params,
                      {{"step", std::to_string(done)}, {"seconds", std::to_string(seconds)}});
    }
  }
  if (!speaks) return 0;
  if (!step_seconds.empty()) {
    std::printf("median %.2f ms a step, of which the optimizer takes %.2f\n", 1000 * median(step_seconds),
                1000 * median(optimizer_seconds));
  }
  table->draw();
  std::printf("\n%s\n", sample(training.widened(solution), settings.sizes, text, options.text("--prompt"),
                               options.integer("--sample", 0), 0.8, settings.seed)
                            .c_str());
  return 0;
}

int train_together([[maybe_unused]] const Settings& settings, [[maybe_unused]] const Text& text,
                   [[maybe_unused]] const examples::Options& options) {
#ifdef GPT_MPI
  int argc = 0;
  char** argv = nullptr;
  return gradus::mpi::run(argc, argv, [&](gradus::mpi::Communicator& ranks) {
    gradus::mpi::GradientAverage average(ranks, random_model<float>(settings.sizes, settings.seed));
    return train<float>(settings, text, options, Divided{&ranks}, team_of(ranks, average));
  });
#else
  throw examples::UsageError("--distributed needs a program that was built with MPI");
#endif
}

int run(const examples::Options& options) {
  const bool constant = options.text("--schedule") == "constant";
  if (!constant && options.text("--schedule") != "cosine") {
    throw examples::UsageError("--schedule takes cosine or constant");
  }
  const int most = 1'000'000;
  Settings settings{
      .sizes = {.context = options.integer("--context", 1, most),
                .layers = options.integer("--layers", 1, most),
                .heads = options.integer("--heads", 1, most),
                .width = options.integer("--width", 1, most)},
      .deviation = options.number("--deviation"),
      .batch = options.integer("--batch", 1, most),
      .accumulate = options.integer("--accumulate", 1),
      .steps = options.integer("--steps", 1),
      .warmup = options.integer("--warmup", 0),
      .constant_rate = constant,
      .clip =
          options.number("--clip") > 0 ? options.number("--clip") : std::numeric_limits<double>::infinity(),
      .qk_clip = options.number("--qk-clip"),
      .threads = options.integer("--threads", 1, 1024),
      .seed = static_cast<std::uint64_t>(options.integer("--seed", 0)),
  };
#ifdef _OPENMP
  omp_set_num_threads(settings.threads);  // of the optimizer's steps, too
#endif
  const Text text = Text::read(options.text("--text"), settings.sizes.context);
  settings.sizes.characters = static_cast<Index>(text.alphabet.size());
  if (options.text("--prompt").empty()) throw examples::UsageError("--prompt needs a character at least");
  text.encode(options.text("--prompt"));  // refused now rather than after the training
  const std::string precision = options.text("--precision");
  const bool together = options.flag("--distributed");
  if (precision != "float" && precision != "bfloat16") {
    throw examples::UsageError("--precision takes float or bfloat16");
  }
  if (together && precision != "float") throw examples::UsageError("--distributed takes float alone");
  if (together) return train_together(settings, text, options);
  return precision == "float" ? train<float>(settings, text, options, Alone{}, Team{})
                              : train<Eigen::bfloat16>(settings, text, options, Alone{}, Team{});
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGINT, [](int) { interrupted = 1; });
  const Settings usual;
  const auto text = [](auto number) { return std::to_string(number); };
  return examples::run(argc, argv, "Trains a small GPT on a text, character by character, and lets it write.",
                       {{"--text", GRADUS_EXAMPLE_DATA "/bible.txt", "the text to learn"},
                        {"--optimizer", "Muon",
                         "AdamW, Muon, NorMuon, MuonH, SOAPMuon, SOAP, Lion, Adafactor, Sophia, "
                         "ScheduleFreeAdamW, Prodigy, SGD"},
                        {"--learning-rate", "", "the highest; nothing for the optimizer's usual one"},
                        {"--schedule", "cosine", "cosine or constant, after the warm-up"},
                        {"--warmup", text(usual.warmup), "steps in which the learning rate grows"},
                        {"--steps", text(usual.steps), "steps of the whole run"},
                        {"--batch", text(usual.batch), "sequences in a batch"},
                        {"--accumulate", "1", "batches in a step"},
                        {"--clip", "1", "largest norm of the gradient; 0 for none"},
                        {"--qk-clip", "0", "largest attention logit, kept by QkClip; 0 for none"},
                        {"--context", text(usual.sizes.context), "characters in a sequence"},
                        {"--layers", text(usual.sizes.layers), "layers"},
                        {"--heads", text(usual.sizes.heads), "heads of each layer's attention"},
                        {"--width", text(usual.sizes.width), "width of the model, a multiple of the heads"},
                        {"--precision", "float", "float, or bfloat16 for parameters and gradients"},
                        {"--threads", text(std::max(1U, std::thread::hardware_concurrency())), "threads"},
                        {"--distributed", "no", "yes: one process of many, which mpirun starts"},
                        {"--deviation", "0.02", "standard deviation of the first weights"},
                        {"--seed", text(usual.seed), "seed of the weights and of the batches"},
                        {"--validate", "250", "steps from one validation to the next"},
                        {"--output", "output", "folder for gpt.csv, gpt.svg and the checkpoint"},
                        {"--resume", "no", "yes: go on from the checkpoint in the folder"},
                        {"--prompt", "\n", "what the sample begins with"},
                        {"--sample", "500", "characters of the sample"}},
                       run);
}
