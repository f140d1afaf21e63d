// SPDX-License-Identifier: MIT
//
// Sends the optimizers of the library over a test function of two variables; prints where they end and how
// fast, and draws their ways. To be read from top to bottom: functions, optimizers, runs, table, picture.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <gradus/gradus.hpp>
#include <gradus/objectives/objectives.hpp>
#include <iomanip>
#include <limits>

#include "support.hpp"

using Point = Eigen::Vector2d;

// 1. The test functions: those of the library that take two variables, with the minima that are known.

struct Minimum {
  Point x;
  double value;
  bool global;
};

struct Problem {
  std::string name;
  double (*f)(const Point& x, Point& gradient);  // a plain pointer, so that all functions have one type
  gradus::Domain domain;
  Point start;
  std::vector<Minimum> minima = {};
};

std::vector<Problem> all_problems() {
  std::vector<Problem> problems;
  gradus::for_each_test_function([&]<class F>(const F&) {
    if constexpr (gradus::test_functions::accepts<F>(2)) {
      const auto f = [](const Point& x, Point& gradient) { return F{}(x, gradient); };
      Problem& added = problems.emplace_back(Problem{std::string(F::name), f, F::domain(2), F::start(2)});
      for (const Eigen::VectorXd& x : F::minimisers(2)) added.minima.push_back({x, F{}(x), true});
      if constexpr (std::is_same_v<F, gradus::StyblinskiTang>) {
        const double best = -2.903534027771177, good = 2.746802770990837;
        for (const Point& x : {Point(best, good), Point(good, best), Point(good, good)})
          added.minima.push_back({x, F{}(x), false});
        added.start = {4.1, 4.5};
      }
    }
  });
  return problems;
}

// 2. The optimizers, with hyperparameters that suit the Styblinski-Tang function. The first eight are the
// default, and as many as a picture can hold.

constexpr std::size_t most_drawn = 8;

template <class Visitor>
void for_each_optimizer(const Problem& problem, const Visitor& visit) {
  using namespace gradus;
  visit("SGD", SGD{.learning_rate = 0.02});
  visit("Momentum", Momentum{.learning_rate = 0.02, .momentum = 0.9});
  visit("AdaGrad", AdaGrad{.learning_rate = 0.4, .epsilon = 1e-8});
  visit("RMSProp", RMSProp{.learning_rate = 0.01, .decay = 0.9});
  visit("RMSProp centered", RMSProp{.learning_rate = 0.01, .decay = 0.9, .centered = true});
  visit("Adam", Adam{.learning_rate = 0.01});
  visit("AdamW", AdamW{.learning_rate = 0.01, .weight_decay = 0.01});
  visit("Muon", Muon{.learning_rate = 0.01, .weight_decay = 0.01, .scale = MuonScale::match_rms_adamw});

  visit("Nesterov", Nesterov{.learning_rate = 0.005});
  visit("AdaDelta", AdaDelta{.learning_rate = 0.1, .epsilon = 0.01});
  visit("AMSGrad", AMSGrad{.learning_rate = 0.01});
  visit("AdaMax", AdaMax{.learning_rate = 0.02});
  visit("NAdam", NAdam{.learning_rate = 0.01});
  visit("RAdam", RAdam{.learning_rate = 0.01});
  visit("AdaBelief", AdaBelief{.learning_rate = 0.01, .epsilon = 1e-8});
  visit("LaProp", LaProp{.learning_rate = 0.01});
  visit("ADOPT", ADOPT{.learning_rate = 0.01});
  visit("Adan", Adan{.learning_rate = 0.01});
  visit("AdEMAMix", AdEMAMix{.learning_rate = 0.01, .beta3 = 0.99, .alpha = 1});
  visit("MARS", MARS{.learning_rate = 0.01});
  visit("ASGD", ASGD{.learning_rate = 0.02, .average_from = 100});
  visit("Rprop", Rprop{.initial_step = 0.01});
  visit("Lion", Lion{.learning_rate = 0.003, .weight_decay = 0.01});
  visit("Signum", Signum{.learning_rate = 0.003});
  visit("Adafactor", Adafactor{.learning_rate = 0.003});
  visit("CAME", CAME{.learning_rate = 0.01});
  visit("LAMB", LAMB{.learning_rate = 0.01});
  visit("LARS", LARS{.learning_rate = 1});
  visit("Shampoo", Shampoo{.learning_rate = 0.4});
  visit("SOAP", SOAP{.learning_rate = 0.01});
  visit("PSGDKron", PSGDKron{.learning_rate = 0.01});
  visit("SOAPMuon", SOAPMuon{.learning_rate = 0.01});
  visit("ScheduleFreeSGD", ScheduleFreeSGD{.learning_rate = 0.02});
  visit("ScheduleFreeAdamW", ScheduleFreeAdamW{.learning_rate = 0.05});
  visit("Prodigy", Prodigy{});
  visit("NorMuon", NorMuon{.learning_rate = 0.01});
  visit("AdaMuon", AdaMuon{.learning_rate = 0.05});
  visit("Dion2", Dion2{.learning_rate = 0.01});
  visit("Dion", Dion{.learning_rate = 0.01});
  visit("Scion RMS",
        Scion<FrobeniusNorm>{.learning_rate = 0.01, .constrained = false, .norm = {.rms = true}});
  visit("Scion largest entry", Scion<MaxNorm>{.learning_rate = 0.01, .constrained = false});
  visit("SteepestDescent", SteepestDescent<MaxNorm>{.learning_rate = 0.01});

  // Sophia asks for products of the Hessian with a vector: differences of the gradient.
  auto sophia = gradus::sophia(hutchinson(
      [f = problem.f](const Point& x, const Point& u, Point& product) {
        constexpr double step = 1e-4;
        Point ahead, behind;
        f(x + step * u, ahead), f(x - step * u, behind);
        product = (ahead - behind) / (2 * step);
      },
      1));
  sophia.learning_rate = 0.01;
  visit("Sophia", sophia);
}

// 3. A run: first recorded, then in a bare loop against the clock. What is recorded is the optimizer's
// `solution`, which some have beside the point where they take gradients.

struct Run {
  std::string name;
  gradus::Trajectory<Point> path = {};
  double nanoseconds = std::numeric_limits<double>::infinity();  // of one step with its gradient
};

template <class Optimizer>
Run run(const std::string& name, const Optimizer& optimizer, const Problem& problem, int steps) {
  Run run{name};
  Point x = problem.start, gradient;
  auto state = optimizer.init(x);
  for (int i = 0;; ++i) {
    run.path.points.push_back(gradus::solution(optimizer, x, state));
    run.path.values.push_back(problem.f(run.path.points.back(), gradient));
    if (i == steps || !std::isfinite(run.path.values.back())) break;
    problem.f(x, gradient);
    optimizer.step(x, gradient, state);
  }

  for (int repetition = 0; repetition < 20; ++repetition) {  // the fastest is the least disturbed
    x = problem.start;
    state = optimizer.init(x);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < steps; ++i) {
      problem.f(x, gradient);
      optimizer.step(x, gradient, state);
    }
    const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    run.nanoseconds = std::min(run.nanoseconds, elapsed.count() / steps);
  }
  return run;
}

// 4. The table.

void print_table(const std::vector<Run>& runs, const Problem& problem) {
  constexpr double same_place = 0.1, same_value = 1e-6;
  std::printf("%-17s %22s %14s  %-7s %6s %8s\n", "optimizer", "final point", "value", "minimum", "steps",
              "ns/step");
  for (const auto& [name, path, nanoseconds] : runs) {
    const Point& x = path.points.back();
    const Minimum* minimum = nullptr;
    for (const Minimum& m : problem.minima)
      if ((m.x - x).norm() <= same_place) minimum = &m;
    const auto arrival = std::find_if(path.values.begin(), path.values.end(), [&](double value) {
      return minimum && std::abs(value - minimum->value) <= same_value;
    });
    char place[32] = "diverged";
    if (std::isfinite(path.values.back())) std::snprintf(place, sizeof place, "(%.6g, %.6g)", x[0], x[1]);
    const char* kind = minimum && minimum->global ? "global" : minimum ? "local" : "-";
    const std::string step =
        arrival == path.values.end() ? "-" : std::to_string(arrival - path.values.begin());
    std::printf("%-17s %22s %14.8g  %-7s %6s %8.1f\n", name.c_str(), place, path.values.back(), kind,
                step.c_str(), nanoseconds);
  }
  std::printf("minimum: the known one within %g of the final point\n", same_place);
  std::printf("steps: the first with a value within %g of that minimum\n", same_value);
}

// 5. The picture: the ways over the contours of the function, and the values on the way.

// What is shown: the domain, or the surroundings of the trajectories if these are short.
gradus::Domain view(const std::vector<Run>& runs, const Problem& problem) {
  gradus::Domain most = problem.domain, box{problem.start, problem.start};
  const auto extend = [](gradus::Domain& domain, const Point& x) {
    domain.lower = domain.lower.cwiseMin(x), domain.upper = domain.upper.cwiseMax(x);
  };
  extend(most, problem.start);
  for (const Run& run : runs) {
    for (const Point& x : run.path.points)
      if (x == x.cwiseMax(most.lower).cwiseMin(most.upper)) extend(box, x);
  }
  const double side = 1.2 * (box.upper - box.lower).maxCoeff();
  if (side == 0 || side > 0.4 * (most.upper - most.lower).minCoeff()) return most;
  const Eigen::Array2d centre = (box.lower + box.upper) / 2;
  return {centre - side / 2, centre + side / 2};
}

auto csv(const Point& x) { return x.format({Eigen::StreamPrecision, Eigen::DontAlignCols, ",", ","}); }

// The function on a grid, each value as the share of the grid that lies below: contours at equal distances of
// that show the shape of any function.
void write_surface(std::ostream& out, const Problem& problem, const gradus::Domain& box) {
  constexpr int n = 200;
  std::vector<Point> points;
  std::vector<double> values;
  for (int i = 0; i <= n; ++i) {
    for (int j = 0; j <= n; ++j) {
      const Point share = Point(i, j) / n, size = box.upper - box.lower;
      Point gradient;
      points.push_back(box.lower + share.cwiseProduct(size));
      values.push_back(problem.f(points.back(), gradient));
    }
  }
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto below = std::lower_bound(sorted.begin(), sorted.end(), values[i]) - sorted.begin();
    out << csv(points[i]) << ',' << double(below) / double(values.size()) << '\n';
    if (i % (n + 1) == n) out << '\n';
  }
}

void draw(const std::vector<Run>& runs, const Problem& problem, int steps,
          const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::ofstream table(folder / "tour.csv"), surface(folder / "tour_surface.csv"), script(folder / "tour.gp");
  const gradus::Domain box = view(runs, problem);
  write_surface(surface << std::setprecision(9), problem, box);

  table << std::setprecision(17) << "optimizer,step,x,y,value\n";
  script << std::setprecision(9) << "$points << END\nstart,0," << csv(problem.start) << '\n';
  for (const Minimum& m : problem.minima) script << "minimum," << m.global << ',' << csv(m.x) << '\n';
  const double first = runs.front().path.values.front();
  double lowest = first;
  std::size_t lines = 0;
  std::string names;
  for (const auto& [name, path, nanoseconds] : runs) {
    for (std::size_t i = 0; i < path.points.size(); ++i) {
      table << name << ',' << i << ',' << csv(path.points[i]) << ',' << path.values[i] << '\n';
      lowest = std::min(lowest, path.values[i]);
    }
    script << name << ",0," << csv(path.points.back()) << '\n';
    if (lines == most_drawn) continue;
    ++lines, names += (names.empty() ? "\"" : ", \"") + name + '"';
  }
  const auto picture = std::filesystem::path(__FILE__).parent_path() / "tour.gp";
  const double margin = 0.05 * (first - lowest) + 1e-9;
  script << "END\nn = " << lines << "\narray names[n] = [" << names << "]\ntitle = '" << problem.name << ", "
         << steps << " steps from (" << problem.start[0] << ", " << problem.start[1]
         << ")'\nsteps = " << steps << "\nlowest = " << lowest - margin << "\nhighest = " << first + margin
         << "\nset xrange [" << box.lower[0] << ':' << box.upper[0] << "]\nset yrange [" << box.lower[1]
         << ':' << box.upper[1] << "]\nload '" << picture.generic_string() << "'\n";
  table.close(), surface.close(), script.close();
  if (!table || !surface || !script) throw std::runtime_error("cannot write to '" + folder.string() + "'");
  const bool drawn = examples::gnuplot(folder, "tour.gp");
  std::printf("written: %s%s%s\n", (folder / "tour.csv").string().c_str(), drawn ? " and tour.svg" : "",
              drawn && lines < runs.size() ? ", which shows the first eight" : "");
}

// 6. The command line.

int tour(const examples::Options& options) {
  const std::vector<Problem> problems = all_problems();
  const auto chosen = std::find_if(problems.begin(), problems.end(), [&](const Problem& p) {
    return examples::same_name(p.name, options.text("--objective"));
  });
  if (chosen == problems.end())
    throw examples::UsageError("unknown objective '" + options.text("--objective") + "'");
  Problem problem = *chosen;
  if (options.given("--start")) {
    const std::vector<double> start = options.numbers<double>("--start");
    if (start.size() != 2) throw examples::UsageError("--start takes two numbers X,Y");
    problem.start = {start[0], start[1]};
  }
  const int steps = options.integer("--steps", 1, 1'000'000);
  std::vector<std::string> wanted = options.list("--optimizer");
  const auto wants = [&](const std::string& name) {
    return std::erase_if(wanted, [&](const auto& other) { return examples::same_name(name, other); }) > 0;
  };
  const bool all = wants("all");
  std::vector<Run> runs;
  std::string known = "all";
  for_each_optimizer(problem, [&](const std::string& name, const auto& optimizer) {
    known += ", " + name;
    const bool asked = options.given("--optimizer") ? wants(name) || all : runs.size() < most_drawn;
    if (asked) runs.push_back(run(name, optimizer, problem, steps));
  });
  if (options.given("--optimizer") && !wanted.empty())
    throw examples::UsageError("unknown optimizer '" + wanted.front() + "', known are: " + known);
  if (runs.empty()) throw examples::UsageError("--optimizer names none");
  std::printf("%s, %d steps from (%g, %g)\n\n", problem.name.c_str(), steps, problem.start[0],
              problem.start[1]);
  print_table(runs, problem);
  draw(runs, problem, steps, options.text("--output"));
  return 0;
}

int main(int argc, char** argv) {
  std::string about = "Sends optimizers over a test function of two variables.\n\nObjectives:";
  for (const Problem& p : all_problems()) about += "\n  " + p.name;
  about += "\n\nOptimizers:";
  for_each_optimizer(all_problems().front(),
                     [&](const std::string& name, const auto&) { about += "\n  " + name; });
  return examples::run(
      argc, argv, about.c_str(),
      {{"--objective", "Styblinski-Tang", "the test function"},
       {"--optimizer", "the first eight", "names of optimizers, separated by commas, or all"},
       {"--steps", "1200", "steps of each optimizer"},
       {"--start", "that of the function", "where to start: X,Y"},
       {"--output", "output", "folder for the tables and the picture, tour.svg"}},
      tour);
}
