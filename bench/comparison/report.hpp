// SPDX-License-Identifier: MIT
//
// What the runs say: a table in Markdown and a figure.
#pragma once

#include <cstdio>

#include "../../examples/support.hpp"
#include "records.hpp"
#include "statistics.hpp"

namespace comparison {

/// What is known about an optimizer when its search has ended.
struct Result {
  std::string name, usual_rate, best_rate;
  Run at_usual_rate;      // with the seed of the search
  std::vector<Run> runs;  // at the best rate, a run for each seed
};

inline bool diverged(const Result& result) {
  return std::any_of(result.runs.begin(), result.runs.end(), [](const Run& run) { return run.diverged; });
}

inline Sample final_losses(const Result& result) {
  Sample losses;
  for (const Run& run : result.runs) losses.push_back(run.final_loss());
  return losses;
}

/// The seconds that a step takes in the run that others have disturbed least.
inline double seconds_a_step(const Result& result, std::int64_t steps) {
  double least = std::numeric_limits<double>::infinity();
  for (const Run& run : result.runs) least = std::min(least, run.cpu_seconds);
  return least / static_cast<double>(steps);
}

/// The steps after which the mean loss of the runs has come down to the target, between two checkpoints by a
/// straight line; nothing if it never does.
inline std::optional<double> steps_to(double target, const Result& result, std::int64_t steps) {
  const std::vector<std::int64_t> at = checkpoints(steps);
  double before = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    Sample losses;
    for (const Run& run : result.runs) losses.push_back(run.losses[i]);
    const double loss = mean(losses);
    if (i > 0 && loss <= target) {
      const double share = (before - target) / (before - loss);
      return static_cast<double>(at[i - 1]) + share * static_cast<double>(at[i] - at[i - 1]);
    }
    before = loss;
  }
  return std::nullopt;
}

/// Makes comparison.md and comparison.svg, the best first. One of the results must be AdamW's.
class Report {
 public:
  Report(std::vector<Result> results, std::int64_t steps) : results_(std::move(results)), steps_(steps) {
    std::stable_sort(results_.begin(), results_.end(), [](const Result& a, const Result& b) {
      return mean(final_losses(a)) < mean(final_losses(b));
    });
    yardstick_ = final_losses(*std::find_if(results_.begin(), results_.end(),
                                            [](const Result& result) { return result.name == "AdamW"; }));
  }

  std::string table() const {
    std::string text = row({"optimizer", "default rate", "loss", "best rate", "loss, all seeds", "p", "steps",
                            "seconds", "ms a step"}) +
                       "|---|--:|--:|--:|--:|--:|--:|--:|--:|\n";
    for (const Result& result : results_) {
      const Sample losses = final_losses(result);
      const auto steps = steps_to(mean(yardstick_), result, steps_);
      const double seconds = seconds_a_step(result, steps_);
      const Run& usual = result.at_usual_rate;
      const bool tested = result.name != "AdamW" && !diverged(result);
      text +=
          row({"`" + result.name + "`", result.usual_rate,
               usual.diverged ? "diverged" : format("%.3f", usual.final_loss()), result.best_rate,
               diverged(result) ? "diverged" : format("%.3f ± %.3f", mean(losses), standard_error(losses)),
               tested ? format("%.2g", welch_below(losses, yardstick_)) : "–",
               steps ? format("%.0f", *steps) : "–", steps ? format("%.2f", *steps * seconds) : "–",
               format("%.2f", 1000 * seconds)});
    }
    return text;
  }

  void write(const std::filesystem::path& folder) const {
    std::ofstream(folder / "comparison.md") << table();
    std::ofstream data(folder / "comparison.dat");
    int rows = 0;
    for (const Result& result : results_) {
      if (const auto steps = steps_to(mean(yardstick_), result, steps_)) {
        data << result.name << ' ' << *steps << ' ' << *steps * seconds_a_step(result, steps_) << '\n';
        ++rows;
      }
    }
    data.close();
    std::ofstream(folder / "comparison.gp") << "set terminal svg size 900," << 130 + 22 * rows << R"( \
  font "Helvetica,15" background "white"
set output "comparison.svg"
set multiplot layout 1,2 title "What it takes to reach AdamW's final loss"
set border 3 linecolor "gray40"
set tics nomirror
set grid linetype 1 linecolor "gray90"
set yrange [*:*] reverse
set offsets 0, 0, 0.5, 0.5
set xrange [0:*]
set xlabel "steps"
plot "comparison.dat" using 2:0:ytic(1) with points pointtype 7 linecolor rgb "#0072b2" notitle
set xlabel "seconds of one core"
plot "comparison.dat" using 3:0:ytic(1) with points pointtype 7 linecolor rgb "#d55e00" notitle
)";
    examples::gnuplot(folder, "comparison.gp");
  }

 private:
  static std::string row(std::initializer_list<std::string> cells) {
    std::string text;
    for (const std::string& cell : cells) text += "| " + cell + " ";
    return text + "|\n";
  }

  template <class... Numbers>
  static std::string format(const char* how, Numbers... numbers) {
    char text[64];
    std::snprintf(text, sizeof text, how, numbers...);
    return text;
  }

  std::vector<Result> results_;
  std::int64_t steps_;
  Sample yardstick_;  // AdamW's losses
};

}  // namespace comparison
