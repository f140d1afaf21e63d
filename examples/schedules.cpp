// SPDX-License-Identifier: MIT
//
// The schedules of the library over the same number of steps: a table of their values, and a picture. To be
// read from top to bottom: schedules, table, picture.
#include <fstream>
#include <gradus/gradus.hpp>
#include <iomanip>

#include "support.hpp"

// 1. The schedules, for `n` steps, most of them with a highest value of 1. Each goes into the panel of its
// kind.

template <class Visitor>
void for_each_schedule(std::int64_t n, const Visitor& visit) {
  using namespace gradus;
  const std::int64_t tenth = n / 10;
  const auto timescale = static_cast<double>(tenth);
  const Linear warmup{.start = 0, .end = 1, .steps = tenth};  // joined before anything

  visit("Constant", "", Constant{0.5});
  visit("Linear", "", Linear{.steps = n});
  visit("Polynomial", "power 0.5", Polynomial{.steps = n, .power = 0.5});
  visit("Polynomial", "power 1.5", Polynomial{.steps = n, .power = 1.5});
  visit("Cosine", "", Cosine{.start = 1, .end = 0.1, .steps = n});
  visit("Exponential", "smooth", Exponential{.factor = 0.5, .steps = n / 5, .floor = 0.1});
  visit("Exponential", "staircase",
        Exponential{.factor = 0.5, .steps = n / 5, .floor = 0.1, .staircase = true});

  visit("StepDecay", "", StepDecay{.factor = 0.5, .steps = n / 5});
  visit("MultiStepDecay", "", MultiStepDecay{.factor = 0.3, .boundaries = {n / 2, 3 * n / 4}});
  visit("InverseTime", "", InverseTime{.timescale = timescale});
  visit("InverseSquareRoot", "alone", InverseSquareRoot{.timescale = timescale});
  visit("InverseSquareRoot", "Transformer", join(warmup, tenth, InverseSquareRoot{.timescale = timescale}));
  visit("InverseSquareRoot", "T5", join(Constant{1}, tenth, InverseSquareRoot{.timescale = timescale}));
  visit("join", "",
        join(warmup, tenth, Constant{1}, n / 2, StepDecay{.start = 0.6, .factor = 0.6, .steps = tenth}));

  visit("WarmupCosine", "", WarmupCosine{.warmup_steps = tenth, .total_steps = n, .floor = 0.1});
  WarmupStableDecay stable{
      .warmup_steps = tenth, .stable_steps = n / 2 - tenth, .decay_steps = n - n / 2, .floor = 0.05};
  visit("WarmupStableDecay", "linear", stable);
  stable.decay = Curve::cosine;
  visit("WarmupStableDecay", "cosine", stable);
  stable.decay = Curve::one_minus_sqrt;
  visit("WarmupStableDecay", "1 - sqrt", stable);
  stable.decay = Curve::exponential;
  visit("WarmupStableDecay", "exponential", stable);
  visit("PowerCool", "", PowerCool{.flat_steps = n / 5, .total_steps = n});
  visit("CosineRestarts", "", CosineRestarts{.first_period = (n + 6) / 7, .multiplier = 2});
  visit("Triangular", "", Triangular{.rising_steps = n / 8, .falling_steps = n / 8, .factor = 0.7});
  const OneCycle cycle{.total_steps = n + 1};
  visit("OneCycle", "rate", cycle);
  visit("OneCycle", "momentum", [cycle](std::int64_t t) { return cycle.momentum(t); });
}

struct Line {
  std::string panel, name;
  std::vector<double> values = {};  // at t = 0, 1, ..., n
};

std::vector<Line> all_lines(std::int64_t n) {
  std::vector<Line> lines;
  for_each_schedule(n, [&](const char* panel, const char* name, const gradus::Schedule auto& schedule) {
    Line& line = lines.emplace_back(Line{panel, name});
    for (std::int64_t t = 0; t <= n; ++t) line.values.push_back(schedule(t));
  });
  return lines;
}

// 2. The table.

void print_table(const std::vector<Line>& lines, std::size_t n) {
  constexpr std::size_t columns = 10;
  std::printf("%-30s", "t");
  for (std::size_t i = 0; i <= columns; ++i) std::printf("%7zu", i * n / columns);
  std::printf("\n");
  for (const auto& [panel, name, values] : lines) {
    std::printf("%-30s", (name.empty() ? panel : panel + ", " + name).c_str());
    for (std::size_t i = 0; i <= columns; ++i) std::printf("%7.3f", values[i * n / columns]);
    std::printf("\n");
  }
}

// 3. The picture: a panel for each kind. gnuplot is told the title of each and its columns of the table.

void draw(const std::vector<Line>& lines, std::size_t n, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::ofstream table(folder / "schedules.csv"), script(folder / "schedules.gp");
  std::string titles, first, names;
  std::size_t panels = 0;
  table << std::setprecision(17) << 't';
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& [panel, name, values] = lines[i];
    table << ",\"" << panel << (name.empty() ? "" : ", ") << name << '"';
    names += ", \"" + name + '"';
    if (i > 0 && panel == lines[i - 1].panel) continue;
    titles += (panels++ > 0 ? ", \"" : "\"") + panel + '"';
    first += std::to_string(i + 2) + ", ";
  }
  for (std::size_t t = 0; t <= n; ++t) {
    table << '\n' << t;
    for (const Line& line : lines) table << ',' << line.values[t];
  }
  table << '\n';
  const auto picture = std::filesystem::path(__FILE__).parent_path() / "schedules.gp";
  script << "n = " << panels << "\nsteps = " << n << "\narray titles[n] = [" << titles
         << "]\narray first[n + 1] = [" << first << lines.size() + 2 << "]\narray names[" << lines.size() + 1
         << "] = [\"t\"" << names << "]\nload '" << picture.generic_string() << "'\n";
  table.close(), script.close();
  if (!table || !script) throw std::runtime_error("cannot write to '" + folder.string() + "'");
  const bool drawn = examples::gnuplot(folder, "schedules.gp");
  std::printf("written: %s%s\n", (folder / "schedules.csv").string().c_str(),
              drawn ? " and schedules.svg" : "");
}

// 4. The command line.

int main(int argc, char** argv) {
  return examples::run(argc, argv, "Prints and draws the schedules of the library.",
                       {{"--steps", "200", "steps of each schedule, 10 or more"},
                        {"--output", "output", "folder for the table and the picture, schedules.svg"}},
                       [](const examples::Options& options) {
                         const int steps = options.integer("--steps", 10, 1'000'000);
                         const std::vector<Line> lines = all_lines(steps);
                         print_table(lines, static_cast<std::size_t>(steps));
                         draw(lines, static_cast<std::size_t>(steps), options.text("--output"));
                         return 0;
                       });
}
