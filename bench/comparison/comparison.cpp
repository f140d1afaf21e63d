// SPDX-License-Identifier: MIT
//
// Compares optimizers on a small language model; README.md says how.
#include <atomic>
#include <future>

#include "report.hpp"
#include "search.hpp"

namespace {

using namespace comparison;

std::string rate_text(double rate) {
  std::ostringstream text;
  text.precision(4);
  text << rate;
  return text.str();
}

std::vector<Choice> chosen(const std::vector<std::string>& names) {
  std::vector<Choice> all = adaptive_choices();  // AdamW, the yardstick, is the first of them
  for (const auto& more : {matrix_choices(), plain_choices()})
    all.insert(all.end(), more.begin(), more.end());
  if (names == std::vector<std::string>{"all"}) return all;
  std::vector<Choice> result{all.front()};
  for (const std::string& name : names) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Choice& choice) { return choice.name == name; });
    if (found == all.end()) throw examples::UsageError("no optimizer is called '" + name + "'");
    if (found != all.begin()) result.push_back(*found);
  }
  return result;
}

// All runs of one program, which are written down and reported as they end.
class Comparison {
 public:
  Comparison(const gpt::Settings& settings, const gpt::Text& text, Records& records, int seeds,
             int optimizers)
      : settings_(settings),
        text_(&text),
        records_(&records),
        seeds_(seeds),
        expected_(optimizers * usual()) {}

  // The whole protocol for one optimizer: seed 0 is for the search, 1, 2, ... are for the result.
  Result compare(const Choice& choice) {
    int runs = 0;
    const auto at = [&](int k) { return rate_text(choice.usual_rate * std::pow(10, k / 4.0)); };
    const auto loss = [&](int k) { return ++runs, run(choice, at(k), 0).final_loss(); };
    const int best = best_rate(loss);
    Result result{choice.name, at(0), at(best), run(choice, at(0), 0), {}};
    expected_ += runs + seeds_ - usual();
    for (int seed = 1; seed <= seeds_; ++seed) result.runs.push_back(run(choice, at(best), seed));
    return result;
  }

 private:
  // What a search takes that finds its best one or two steps away from the usual rate, and the seeds.
  int usual() const { return 7 + seeds_; }

  Run run(const Choice& choice, const std::string& rate, int seed) {
    if (const auto known = records_->find(choice.name, rate, seed)) return *known;
    const Run made = train(choice, rate, seed, settings_, *text_);
    records_->add(made);
    report(made);
    return made;
  }

  void report(const Run& run) {
    const std::scoped_lock lock(mutex_);
    const auto done = static_cast<int>(records_->runs().size());
    const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    const double left = passed / ++made_here_ * std::max(0, expected_ - done);
    std::ostringstream text;
    text << run.optimizer << " " << run.rate << ", seed " << run.seed << ": ";
    run.diverged ? text << "diverged" : text << run.losses.back();
    text << "; about " << std::ceil(left / 60) << " min left  ";
    examples::show_progress(done, std::max(done, expected_.load()), text.str());
    std::fflush(stdout);
  }

  gpt::Settings settings_;
  const gpt::Text* text_;
  Records* records_;
  int seeds_;
  std::atomic<int> expected_;  // runs, as far as one can know
  int made_here_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
};

int run(const examples::Options& options) {
  const int most = 1'000'000;
  gpt::Settings settings{.sizes = {.context = options.integer("--context", 1, most),
                                   .layers = options.integer("--layers", 1, most),
                                   .heads = options.integer("--heads", 1, most),
                                   .width = options.integer("--width", 1, most)},
                         .batch = options.integer("--batch", 1, most),
                         .steps = options.integer("--steps", 1),
                         .warmup = options.integer("--warmup", 0)};
  const auto text = gpt::Text::read(options.text("--text"), settings.sizes.context);
  settings.sizes.characters = static_cast<Eigen::Index>(text.alphabet.size());
  const auto choices = chosen(options.list("--optimizer"));
  const auto& sizes = settings.sizes;

  std::ostringstream description;
  description << std::filesystem::path(options.text("--text")).filename().string() << ": " << sizes.layers
              << " layers of width " << sizes.width << " with " << sizes.heads << " heads; " << settings.steps
              << " steps (" << settings.warmup << " to warm up) of " << settings.batch << " sequences of "
              << sizes.context << " characters; gradients clipped to norm " << settings.clip;
  std::printf("%zu optimizers on %s\n%lld parameters\n", choices.size(), description.str().c_str(),
              static_cast<long long>(gradus::coefficient_count(gpt::random_model<float>(sizes, 0))));

  const std::filesystem::path folder = options.text("--output");
  std::filesystem::create_directories(folder);
  Records records(folder / "results.csv", description.str(), settings.steps);
  Comparison comparison(settings, text, records, options.integer("--seeds", 2, 1000),
                        static_cast<int>(choices.size()));

  // Every thread takes the next optimizer that nobody has.
  std::vector<Result> results(choices.size());
  std::atomic<std::size_t> next = 0;
  std::vector<std::future<void>> threads;
  for (int i = 0; i < options.integer("--threads", 1, 1024); ++i) {
    threads.push_back(std::async(std::launch::async, [&] {
      for (std::size_t k = next++; k < choices.size(); k = next++)
        results[k] = comparison.compare(choices[k]);
    }));
  }
  for (auto& thread : threads) thread.get();

  const Report report(results, settings.steps);
  report.write(folder);
  std::printf("\n%s", report.table().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run(
      argc, argv, "Compares optimizers on a small language model: each at the best of its learning rates.",
      {{"--optimizer", "all", "names separated by commas; AdamW is always there"},
       {"--text", GRADUS_EXAMPLE_DATA "/bible.txt", "the text to learn"},
       {"--steps", "1000", "steps of a run"},
       {"--warmup", "100", "steps in which the learning rate grows"},
       {"--batch", "12", "sequences in a batch"},
       {"--context", "32", "characters in a sequence"},
       {"--layers", "2", "layers"},
       {"--heads", "4", "heads of each layer's attention"},
       {"--width", "64", "width of the model, a multiple of the heads"},
       {"--seeds", "5", "runs at the best rate"},
       {"--threads", "2", "runs at a time"},
       {"--output", "output", "folder for results.csv, which a later call goes on with, and the report"}},
      run);
}
