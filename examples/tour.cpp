// SPDX-License-Identifier: MIT
//
// Sends the optimizers of the library over a test function of two variables; prints where they end and how
// fast, and draws their ways. Here is the command line; tour/ has the rest, one idea a file.
#include "tour/animation.hpp"
#include "tour/optimizers.hpp"
#include "tour/picture.hpp"
#include "tour/settings.hpp"
#include "tour/tables.hpp"
#include "tour/tune.hpp"

namespace {

using namespace tour;

Problem chosen_problem(const examples::Options& options) {
  const std::vector<Problem> problems = all_problems();
  const auto chosen = std::find_if(problems.begin(), problems.end(), [&](const Problem& p) {
    return examples::same_name(p.name, options.text("--objective"));
  });
  if (chosen == problems.end()) {
    std::vector<std::string> known;
    known.reserve(problems.size());
    for (const Problem& p : problems) known.push_back(p.name);
    throw UsageError("unknown objective '" + options.text("--objective") + "', known are: " + joined(known));
  }
  Problem problem = *chosen;
  if (options.given("--start")) {
    const std::vector<double> start = options.numbers<double>("--start");
    if (start.size() != 2) throw UsageError("--start takes two numbers X,Y");
    problem.start = {start[0], start[1]};
  }
  return problem;
}

/// Which optimizers run: those that are asked for; else those that are swept; else the first nine, and those
/// that are set.
class Choice {
 public:
  Choice(const examples::Options& options, const std::vector<Setting>& settings,
         const std::vector<Setting>& sweeps)
      : first_(!options.given("--optimizer") && sweeps.empty() ? most_drawn : 0) {
    if (options.given("--optimizer")) {
      wanted_ = options.list("--optimizer");
    } else {
      for (const Setting& s : sweeps) wanted_.push_back(s.optimizer);
      for (const Setting& s : settings) wanted_.push_back(s.optimizer);
    }
    all_ = takes("all");
  }

  bool operator()(const std::string& name) {
    known_.push_back(name);
    return takes(name) || all_ || known_.size() <= first_;
  }

  /// Throws `UsageError` for a name that was asked for and no optimizer has.
  void check() const {
    if (!wanted_.empty())
      throw UsageError("unknown optimizer '" + wanted_.front() + "', known are: all, " + joined(known_));
  }

 private:
  bool takes(const std::string& name) {
    return std::erase_if(wanted_, [&](const auto& other) { return examples::same_name(name, other); }) > 0;
  }

  std::size_t first_;
  bool all_ = false;
  std::vector<std::string> wanted_, known_;
};

int run(const examples::Options& options) {
  const Problem problem = chosen_problem(options);
  const int steps = options.integer("--steps", 1, 1'000'000);
  std::vector<Setting> settings = parse_settings("--set", options.list("--set"));
  std::vector<Setting> sweeps = parse_settings("--sweep", options.list("--sweep"));
  const bool tune = options.flag("--tune"), with_basins = options.flag("--basins");
  constexpr int side = 41;  // of the grid of starts

  Choice choice(options, settings, sweeps);
  std::vector<Run> runs;
  std::vector<std::pair<std::string, Basins>> ends;
  for_each_optimizer(problem, [&](const std::string& name, const auto& optimizer) {
    if (!choice(name)) return;
    const auto add = [&](const std::string& label, const auto& changed, bool drawn) {
      runs.push_back(
          {label, walk(changed, problem, problem.start, steps), nanoseconds(changed, problem, steps), drawn});
      if (with_basins) ends.emplace_back(label, basins(changed, problem, side, steps));
    };
    for (auto& variant : variants(name, optimizer, settings, sweeps)) {
      add(variant.name, variant.optimizer, !tune);
      if (!tune) continue;
      double& rate = rate_of(variant.optimizer);
      rate = best_rate(variant.optimizer, problem, steps);
      add(variant.name + " at " + text_of(rate), variant.optimizer, true);
    }
  });
  choice.check();
  for (const auto* list : {&settings, &sweeps}) {
    for (const Setting& s : *list) {
      if (!s.used)
        throw UsageError("'" + s.optimizer + '.' + s.field + "' is set, but --optimizer names no such one");
    }
  }
  if (runs.empty()) throw UsageError("--optimizer names none");

  std::size_t width = 17;
  for (const Run& run : runs) width = std::max(width, run.name.size());
  std::printf("%s, %d steps from (%g, %g)\n\n", problem.name.c_str(), steps, problem.start[0],
              problem.start[1]);
  print_table(runs, problem, static_cast<int>(width));
  if (with_basins) print_basins(ends, side, static_cast<int>(width));
  draw(runs, problem, steps, options.text("--output"));
  if (options.flag("--animate")) animate(runs, problem, steps, options.text("--output"));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<Problem> problems = all_problems();
  std::string about = "Sends optimizers over a test function of two variables.\n\nObjectives:";
  for (const Problem& p : problems) about += "\n  " + p.name;
  about += "\n\nOptimizers, and the fields that --set and --sweep change:";
  for_each_optimizer(problems.front(), [&](const std::string& name, const auto& optimizer) {
    about += "\n  " + name + ": " + list_fields(optimizer);
  });
  return examples::run(
      argc, argv, about.c_str(),
      {{"--objective", "Styblinski-Tang", "the test function"},
       {"--optimizer", "the first nine", "names of optimizers, separated by commas, or all"},
       {"--set", "", "fields of optimizers, as in Adam.learning_rate=0.05,Muon.scale=spectral"},
       {"--sweep", "", "one run for each value, as in Adam.beta1=0.8,0.9,0.99 or SGD.learning_rate=1e-3:1:7"},
       {"--tune", "no", "look for the best learning rate of each"},
       {"--basins", "no", "count the minima reached from 41 x 41 starts"},
       {"--animate", "no", "write animation.svg, too, a moving picture for the browser"},
       {"--steps", "1200", "steps of each optimizer"},
       {"--start", "that of the function", "where to start: X,Y"},
       {"--output", "output", "folder for the tables and the picture, tour.svg"}},
      run);
}
