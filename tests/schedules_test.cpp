// SPDX-License-Identifier: MIT
//
// Schedules against PyTorch's (see reference/schedules.py), against the formulas of the papers, at their
// ends, and joined.
#include <fstream>
#include <functional>
#include <gradus/gradus.hpp>
#include <limits>
#include <map>
#include <set>
#include <sstream>

#include "catch.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

using AnySchedule = std::function<double(std::int64_t)>;
using Named = std::pair<std::string, AnySchedule>;

constexpr Curve all_curves[] = {Curve::linear, Curve::cosine, Curve::one_minus_sqrt, Curve::exponential};

Approx close_to(double value) { return Approx(value).epsilon(1e-13).margin(1e-15); }

std::map<std::string, std::vector<double>> read_references() {
  std::ifstream file(GRADUS_TEST_DATA "/schedules.txt");
  REQUIRE(file);
  std::map<std::string, std::vector<double>> references;
  std::string line, name;
  std::getline(file, line);  // how it was made
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    fields >> name;
    for (double value = 0; fields >> value;) references[name].push_back(value);
  }
  return references;
}

void add_one_cycle(std::map<std::string, AnySchedule>& schedules, const std::string& name,
                   const OneCycle& cycle) {
  schedules[name] = cycle;
  schedules[name + ".momentum"] = [cycle](std::int64_t t) { return cycle.momentum(t); };
}

// The learning rates after metrics that reference/schedules.py has, too.
AnySchedule plateau_rates(const ReduceLROnPlateau& plateau) {
  return [=](std::int64_t last) {
    auto state = plateau.init(0.5);
    double rate = 0;
    for (std::int64_t t = 0; t <= last; ++t) {
      const auto at = static_cast<double>(t);
      const double metric = 1 / (1 + at / 5) + 0.5 * static_cast<double>(t * 7919 % 13) / 13 - 0.3;
      rate = plateau.step(t == 17 ? std::nan("") : (plateau.maximize ? -metric : metric), state);
    }
    return rate;
  };
}

// One of each kind, and the step from which it is constant (none: -1).
struct Sample {
  std::string name;
  AnySchedule schedule;
  std::int64_t end = -1;
  bool falling = true;  // never rises
};

std::vector<Sample> samples() {
  const std::int64_t n = 100;
  const OneCycle cycle{.peak = 0.6, .total_steps = n + 1};
  return {
      {"Constant", Constant{0.3}, 0},
      {"Linear", Linear{.start = 2, .end = 0.25, .steps = n}, n},
      {"Linear, rising", Linear{.start = 0.1, .end = 0.7, .steps = n}, n, false},
      {"Polynomial", Polynomial{.start = 2, .end = 0.3, .steps = n, .power = 3}, n},
      {"PowerCool", PowerCool{.peak = 0.7, .flat_steps = 30, .total_steps = n}, n},
      {"StepDecay", StepDecay{.start = 0.7, .factor = 0.3, .steps = 7}},
      {"MultiStepDecay", MultiStepDecay{.start = 0.7, .factor = 0.3, .boundaries = {20, 21, n}}, n},
      {"Exponential", Exponential{.start = 0.7, .factor = 0.9, .steps = 3}},
      {"Exponential, floor", Exponential{.start = 0.7, .factor = 0.5, .steps = 5, .floor = 0.1}, 15},
      {"InverseTime", InverseTime{.start = 0.7, .timescale = 3.5}},
      {"InverseSquareRoot", InverseSquareRoot{.start = 0.7, .timescale = 3.5}},
      {"noam_schedule", noam_schedule(512, 20), -1, false},
      {"t5_schedule", t5_schedule(20)},
      {"Cosine", Cosine{.start = 0.7, .end = 0.1, .steps = n}, n},
      {"CosineRestarts", CosineRestarts{.peak = 0.7, .first_period = 7, .floor = 0.1}, -1, false},
      {"CosineRestarts, longer", CosineRestarts{.peak = 0.7, .first_period = 7, .multiplier = 3}, -1, false},
      {"WarmupCosine", WarmupCosine{.peak = 0.7, .warmup_steps = 9, .total_steps = n, .floor = 0.1}, n,
       false},
      {"WarmupStableDecay",
       WarmupStableDecay{.peak = 0.7, .warmup_steps = 9, .stable_steps = 51, .decay_steps = 40}, n, false},
      {"Triangular", Triangular{.low = 0.1, .high = 0.7, .rising_steps = 5, .falling_steps = 9}, -1, false},
      {"muon_momentum_schedule", muon_momentum_schedule(n, 30, 20), n, false},
      {"OneCycle", cycle, n, false},
      {"OneCycle's momentum", [cycle](std::int64_t t) { return cycle.momentum(t); }, n, false},
      {"join", join(Linear{.start = 0, .end = 1, .steps = 20}, 20, Cosine{.steps = 80}), n, false},
  };
}

}  // namespace

TEST_CASE("schedules equal PyTorch's schedulers and the scripts that they come from") {
  std::map<std::string, AnySchedule> schedules{
      {"linear_up", Linear{.start = 0.125, .end = 0.5, .steps = 8}},
      {"linear_down", Linear{.start = 2, .end = 0.25, .steps = 10}},
      {"polynomial", Polynomial{.start = 0.7, .steps = 9, .power = 2.5}},
      {"power_cool", PowerCool{.peak = 0.0375, .flat_steps = 7, .total_steps = 30}},
      {"muon_momentum", muon_momentum_schedule(40, 15, 10)},
      {"step", StepDecay{.start = 0.5, .factor = 0.3, .steps = 4}},
      {"multi_step", MultiStepDecay{.start = 0.5, .factor = 0.3, .boundaries = {3, 4, 11}}},
      {"exponential", Exponential{.start = 0.5, .factor = 0.8}},
      {"cosine", Cosine{.start = 0.5, .end = 0.02, .steps = 15}},
      {"restarts", CosineRestarts{.peak = 0.5, .first_period = 6, .floor = 0.02}},
      {"restarts_double", CosineRestarts{.peak = 1, .first_period = 4, .multiplier = 2}},
      {"triangular", Triangular{.low = 0.1, .high = 0.9, .rising_steps = 3, .falling_steps = 5}},
      {"triangular2",
       Triangular{.low = 0.1, .high = 0.9, .rising_steps = 3, .falling_steps = 5, .factor = 0.5}},
      {"join", join(Linear{.start = 0.05, .end = 0.5, .steps = 5}, 5,
                    Cosine{.start = 0.5, .end = 0.05, .steps = 20})},
      {"plateau", plateau_rates({.patience = 2})},
      {"plateau_options",
       plateau_rates({.factor = 0.5, .patience = 1, .threshold = 0.02, .cooldown = 3, .minimum = 0.02})},
      {"plateau_absolute",
       plateau_rates(
           {.factor = 0.7, .patience = 0, .threshold = 0.01, .absolute_threshold = true, .epsilon = 0.03})},
      {"plateau_max", plateau_rates({.factor = 0.6, .patience = 2, .threshold = 0.3, .maximize = true})},
      {"plateau_max_absolute",
       plateau_rates(
           {.factor = 0.6, .patience = 2, .threshold = 0.01, .absolute_threshold = true, .maximize = true})}};
  add_one_cycle(schedules, "one_cycle", {.peak = 0.6, .total_steps = 20});
  add_one_cycle(
      schedules, "one_cycle_between",
      {.peak = 0.6, .total_steps = 25, .rising_fraction = 0.46, .start_divisor = 10, .end_divisor = 100});
  add_one_cycle(schedules, "one_cycle_linear", {.peak = 0.6, .total_steps = 20, .curve = Curve::linear});
  add_one_cycle(
      schedules, "one_cycle_three",
      {.peak = 0.6, .total_steps = 30, .high_momentum = 0.9, .low_momentum = 0.7, .three_phase = true});
  add_one_cycle(
      schedules, "one_cycle_three_linear",
      {.peak = 0.6, .total_steps = 23, .rising_fraction = 0.4, .curve = Curve::linear, .three_phase = true});

  const auto references = read_references();
  CHECK(references.size() == schedules.size());
  for (const auto& [name, values] : references) {
    REQUIRE(schedules.count(name) == 1);
    for (std::size_t t = 0; t < values.size(); ++t) {
      INFO(name << " at t = " << t);
      CHECK(schedules[name](static_cast<std::int64_t>(t)) == close_to(values[t]));
    }
  }
}

TEST_CASE("schedules are the formulas of their papers") {
  struct Case {
    std::string name;
    AnySchedule schedule;
    std::function<double(double)> formula;
    int first = 0;
  };
  const double pi = std::numbers::pi;
  const auto decay = [](Curve curve) {
    return WarmupStableDecay{
        .peak = 0.8, .warmup_steps = 5, .stable_steps = 10, .decay_steps = 25, .floor = 0.1, .decay = curve};
  };
  const auto decayed = [](auto rest) {  // rest(p): what is left of 0.8 - 0.1
    return [rest](double t) {
      return t < 5 ? 0.8 * t / 5 : 0.1 + 0.7 * rest(std::clamp((t - 15) / 25, 0.0, 1.0));
    };
  };
  const double mu = 0.5, lipschitz = 20, kappa = lipschitz / mu;
  const std::vector<Case> cases{
      {"optax.polynomial_schedule, rising", Polynomial{.start = 0.2, .end = 1, .steps = 30, .power = 2},
       [](double t) { return (0.2 - 1) * std::pow(1 - std::min(t, 30.0) / 30, 2) + 1; }},
      {"optax.exponential_decay", Exponential{.start = 0.9, .factor = 0.5, .steps = 4, .floor = 0.07},
       [](double t) { return std::max(0.07, 0.9 * std::pow(0.5, t / 4)); }},
      {"optax.exponential_decay, staircase",
       Exponential{.start = 0.9, .factor = 0.5, .steps = 4, .floor = 0.07, .staircase = true},
       [](double t) { return std::max(0.07, 0.9 * std::pow(0.5, std::floor(t / 4))); }},
      {"the Transformer's", noam_schedule(512, 16),
       [](double t) { return std::pow(512, -0.5) * std::min(std::pow(t, -0.5), t * std::pow(16, -1.5)); }, 1},
      {"T5's", t5_schedule(16), [](double t) { return 1 / std::sqrt(std::max(t, 16.0)); }},
      {"T5's by default", t5_schedule(), [](double) { return 0.01; }},
      {"Hugging Face's inverse square root",
       join(Linear{.start = 0, .end = 0.3, .steps = 10}, 10,
            InverseSquareRoot{.start = 0.3, .timescale = 25}),
       [](double t) { return 0.3 * (t < 10 ? t / 10 : 1 / std::sqrt((t + 25 - 10) / 25)); }},
      {"Bottou, Curtis and Nocedal's", InverseTime{.start = 1 / lipschitz, .timescale = 2 * kappa},
       [=](double t) { return 2 / (mu * (2 * kappa - 1 + (t + 1))); }},
      {"WSD, linear", decay(Curve::linear), decayed([](double p) { return 1 - p; })},
      {"WSD, cosine", decay(Curve::cosine), decayed([=](double p) { return (1 + std::cos(pi * p)) / 2; })},
      {"WSD, 1 - sqrt", decay(Curve::one_minus_sqrt), decayed([](double p) { return 1 - std::sqrt(p); })},
      {"WSD, exponential", decay(Curve::exponential),
       decayed([](double p) { return (0.8 * std::pow(0.1 / 0.8, p) - 0.1) / 0.7; })},
      {"MiniCPM's half-life of 10 steps",
       WarmupStableDecay{
           .peak = 0.8, .stable_steps = 10, .decay_steps = 30, .floor = 0.1, .decay = Curve::exponential},
       [](double t) { return 0.8 * std::pow(0.5, std::clamp((t - 10) / 10, 0.0, 3.0)); }},
      {"modded-nanogpt's trapezoid", WarmupStableDecay{.stable_steps = 20, .decay_steps = 30, .floor = 0.15},
       [](double t) {
         const double p = std::clamp((t - 20) / 30, 0.0, 1.0);
         return 1 - p + 0.15 * p;
       }}};
  for (const Case& c : cases) {
    for (int t = c.first; t <= 60; ++t) {
      INFO(c.name << " at t = " << t);
      CHECK(c.schedule(t) == close_to(c.formula(t)));
    }
  }
}

TEST_CASE("schedules have the published values") {
  const WarmupCosine cosine{.peak = 1, .warmup_steps = 10, .total_steps = 100, .floor = 0.1};
  const WarmupStableDecay decay{
      .warmup_steps = 5, .stable_steps = 10, .decay_steps = 5, .decay = Curve::one_minus_sqrt};
  const OneCycle cycle{.total_steps = 20};
  const CosineRestarts restarts{.first_period = 4, .multiplier = 2};
  struct Row {
    AnySchedule schedule;
    std::int64_t t;
    double value;
  };
  for (const auto& [schedule, t, value] : std::vector<Row>{{cosine, 0, 0},
                                                           {cosine, 5, 0.5},
                                                           {cosine, 9, 0.9},
                                                           {cosine, 10, 1},
                                                           {cosine, 11, 0.999725872158593},
                                                           {cosine, 32, 0.873702910152393},
                                                           {cosine, 55, 0.55},
                                                           {cosine, 99, 0.100274127841407},
                                                           {cosine, 100, 0.1},
                                                           {cosine, 5000, 0.1},
                                                           {decay, 4, 0.8},
                                                           {decay, 15, 1},
                                                           {decay, 16, 0.552786404500042},
                                                           {decay, 18, 0.225403330758517},
                                                           {decay, 20, 0},
                                                           {cycle, 0, 0.04},
                                                           {cycle, 5, 1},
                                                           {cycle, 19, 4e-6},
                                                           {restarts, 3, 0.146446609406726},
                                                           {restarts, 4, 1},
                                                           {restarts, 12, 1},
                                                           {restarts, 28, 1}}) {
    INFO("t = " << t);
    CHECK(schedule(t) == Approx(value).epsilon(2e-14).margin(1e-16));
  }
}

TEST_CASE("schedules are related as their documentation says") {
  const std::pair<AnySchedule, AnySchedule> equals[] = {
      {WarmupCosine{.peak = 2, .warmup_steps = 6, .total_steps = 40, .floor = 0.5},
       join(Linear{.start = 0, .end = 2, .steps = 6}, 6, Cosine{.start = 2, .end = 0.5, .steps = 34})},
      {WarmupStableDecay{.peak = 2, .warmup_steps = 6, .stable_steps = 14, .decay_steps = 20, .floor = 0.5},
       join(Linear{.start = 0, .end = 2, .steps = 6}, 6, Constant{2}, 20,
            Linear{.start = 2, .end = 0.5, .steps = 20})},
      {MultiStepDecay{.start = 2, .factor = 0.5, .boundaries = {10, 15}},
       join(Constant{2}, 10, Constant{1}, 15, Constant{0.5})},
      {Exponential{.start = 2, .factor = 0.5, .steps = 6, .staircase = true},
       StepDecay{.start = 2, .factor = 0.5, .steps = 6}},
      {Polynomial{.start = 2, .end = 0.5, .steps = 20}, Linear{.start = 2, .end = 0.5, .steps = 20}},
      {Polynomial{.start = 0.5, .end = 2, .steps = 20}, Linear{.start = 0.5, .end = 2, .steps = 20}},
      {PowerCool{.peak = 2, .flat_steps = 8, .total_steps = 30},
       join(Constant{2}, 8, Polynomial{.start = 2, .steps = 22, .power = 1.2})},
      {Exponential{.start = 2, .factor = 1}, Constant{2}},
      {join(Constant{7}, 0, Constant{1}, 5, Constant{8}, 5, Constant{2}), join(Constant{1}, 5, Constant{2})},
  };
  for (std::size_t i = 0; i < std::size(equals); ++i) {
    for (int t = -2; t < 60; ++t) {
      INFO("pair " << i << ", t = " << t);
      CHECK(equals[i].first(t) == close_to(equals[i].second(t)));
    }
  }
}

TEST_CASE("a step below 0 counts as 0, one beyond the end as the end") {
  constexpr auto greatest = std::numeric_limits<std::int64_t>::max();
  for (const Sample& s : samples()) {
    INFO(s.name);
    for (const std::int64_t t : {std::int64_t{-1}, std::int64_t{-1000}, -greatest})
      CHECK(s.schedule(t) == s.schedule(0));
    for (const std::int64_t t : {s.end + 1, s.end + 1000, greatest}) {
      if (s.end >= 0) CHECK(s.schedule(t) == s.schedule(s.end));
      CHECK(std::isfinite(s.schedule(t)));
      CHECK(s.schedule(t) >= 0);
    }
    if (s.end > 0) CHECK(s.schedule(s.end - 1) != s.schedule(s.end));
  }
}

TEST_CASE("schedules that fall never rise, and none jumps but at a step or a restart") {
  for (const Sample& s : samples()) {
    INFO(s.name);
    double greatest_rise = 0;
    for (int t = 0; t < 300; ++t) greatest_rise = std::max(greatest_rise, s.schedule(t + 1) - s.schedule(t));
    CHECK((greatest_rise <= 0) == s.falling);
  }
  // Phases of 1000 steps or more, of slope 1.6 or less (a cosine's is π/2): so are the changes at the joins.
  const OneCycle cycle{.total_steps = 5001, .rising_fraction = 0.4};
  const AnySchedule continuous[] = {
      WarmupCosine{.warmup_steps = 1000, .total_steps = 3000, .floor = 0.1},
      WarmupStableDecay{.warmup_steps = 1000, .stable_steps = 1000, .decay_steps = 1000},
      Triangular{.rising_steps = 1000, .falling_steps = 2000, .factor = 0.5},
      cycle,
      [cycle](std::int64_t t) { return cycle.momentum(t); },
      OneCycle{.total_steps = 5001, .rising_fraction = 0.4, .three_phase = true},
      join(Linear{.start = 0, .end = 1, .steps = 1000}, 1000, InverseSquareRoot{.timescale = 1000}, 3000,
           Linear{.start = std::sqrt(1.0 / 3), .end = 0, .steps = 1000})};
  for (const AnySchedule& schedule : continuous) {
    double greatest_change = 0;
    for (int t = 0; t < 7000; ++t)
      greatest_change = std::max(greatest_change, std::abs(schedule(t + 1) - schedule(t)));
    CHECK(greatest_change < 1.6e-3);
  }
}

TEST_CASE("every curve reaches both ends exactly and stays between them") {
  for (const Curve curve : all_curves) {
    for (const auto& [start, end] : {std::pair{0.3, 0.1}, std::pair{1e-7, 0.7}, std::pair{0.1, 0.1}}) {
      CHECK(interpolate(curve, start, end, 0) == start);
      CHECK(interpolate(curve, start, end, 1) == end);
      double before = start;
      for (int i = 1; i <= 100; ++i) {
        const double value = interpolate(curve, start, end, i / 100.0);
        CHECK((end - start) * (value - before) >= 0);
        before = value;
      }
    }
  }
}

TEST_CASE("joined schedules count from their own starts") {
  const auto count_from = [](double offset) {
    return [offset](std::int64_t t) { return offset + static_cast<double>(t); };
  };
  const auto schedule = join(count_from(0), 3, count_from(100), 5, count_from(200), 6, count_from(300));
  static_assert(Schedule<decltype(schedule)>);
  std::vector<double> values;
  for (int t = 0; t < 9; ++t) values.push_back(schedule(t));
  CHECK(values == std::vector<double>{0, 1, 2, 100, 101, 200, 300, 301, 302});

  // A joined schedule joins again, and a warmup of no steps is skipped.
  const auto warmup = join(Linear{.start = 0, .end = 1, .steps = 4}, 4, Constant{1});
  const auto twice = join(warmup, 6, warmup);
  for (int t = 0; t < 6; ++t) CHECK(twice(6 + t) == warmup(t));
  CHECK(join(Linear{.start = 0, .end = 1, .steps = 0}, 0, Constant{1})(0) == 1);
}

TEST_CASE("one over the time needs its offset where the function is ill-conditioned") {
  const double mu = 1, lipschitz = 100, kappa = lipschitz / mu;
  const auto descend = [&](const auto& schedule, int steps) {
    Eigen::Vector2d x(1, 1), gradient;
    SGD sgd;
    auto state = sgd.init(x);
    for (int t = 0; t < steps; ++t) {
      gradient = Eigen::Vector2d(mu * x[0], lipschitz * x[1]);
      sgd.learning_rate = schedule(t);
      sgd.step(x, gradient, state);
    }
    return 0.5 * (mu * x[0] * x[0] + lipschitz * x[1] * x[1]);
  };
  const InverseTime offset{.start = 1 / lipschitz, .timescale = 2 * kappa};
  const double nu = 2 * kappa * descend(offset, 0);
  for (const int steps : {1, 10, 100, 1000}) CHECK(descend(offset, steps) <= nu / (2 * kappa + steps));
  CHECK(descend(InverseTime{.start = 1 / mu, .timescale = 2}, 50) > 1e20);
}

TEST_CASE("schedules refuse bad fields by name") {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinity = std::numeric_limits<double>::infinity();
  const OneCycle cycle{.total_steps = 100};
  const auto with = [](auto schedule, auto member, auto value) {
    schedule.*member = value;
    return schedule;
  };
  const std::vector<Named> refused{
      {"Constant: value is -1", Constant{-1}},
      {"Constant: value is nan", Constant{nan}},
      {"Linear: start is inf", Linear{.start = infinity, .steps = 1}},
      {"Linear: end is -1", Linear{.end = -1, .steps = 1}},
      {"Linear: steps is 0, but must be at least 1", Linear{}},
      {"Polynomial: start is -1", Polynomial{.start = -1, .steps = 1}},
      {"Polynomial: end is nan", Polynomial{.end = nan, .steps = 1}},
      {"Polynomial: steps is 0", Polynomial{}},
      {"Polynomial: power is 0", Polynomial{.steps = 1, .power = 0}},
      {"PowerCool: peak is -1", PowerCool{.peak = -1, .total_steps = 1}},
      {"PowerCool: flat_steps is 4", PowerCool{.flat_steps = 4, .total_steps = 4}},
      {"PowerCool: total_steps is 0", PowerCool{}},
      {"PowerCool: power is 0", PowerCool{.total_steps = 1, .power = 0}},
      {"StepDecay: start is -1", StepDecay{.start = -1, .steps = 1}},
      {"StepDecay: factor is -1", StepDecay{.factor = -1, .steps = 1}},
      {"StepDecay: steps is 0", StepDecay{}},
      {"MultiStepDecay: start is -1", MultiStepDecay{.start = -1}},
      {"MultiStepDecay: factor is nan", MultiStepDecay{.factor = nan}},
      {"MultiStepDecay: boundaries is 0", MultiStepDecay{.boundaries = {0}}},
      {"MultiStepDecay: boundaries is 4, but must rise", MultiStepDecay{.boundaries = {1, 5, 4}}},
      {"Exponential: start is -1", Exponential{.start = -1}},
      {"Exponential: factor is inf", Exponential{.factor = infinity}},
      {"Exponential: steps is 0", Exponential{.steps = 0}},
      {"Exponential: floor is 2, but must lie between 0 and start", Exponential{.floor = 2}},
      {"InverseTime: start is -1", InverseTime{.start = -1, .timescale = 1}},
      {"InverseTime: timescale is 0", InverseTime{}},
      {"InverseSquareRoot: start is -1", InverseSquareRoot{.start = -1, .timescale = 1}},
      {"InverseSquareRoot: timescale is inf", InverseSquareRoot{.timescale = infinity}},
      {"Cosine: start is -1", Cosine{.start = -1, .steps = 1}},
      {"Cosine: end is nan", Cosine{.end = nan, .steps = 1}},
      {"Cosine: steps is 0", Cosine{}},
      {"CosineRestarts: peak is nan", CosineRestarts{.peak = nan, .first_period = 1}},
      {"CosineRestarts: first_period is 0", CosineRestarts{}},
      {"CosineRestarts: multiplier is 0", CosineRestarts{.first_period = 1, .multiplier = 0}},
      {"CosineRestarts: floor is 2", CosineRestarts{.first_period = 1, .floor = 2}},
      {"WarmupCosine: peak is -1", WarmupCosine{.peak = -1, .total_steps = 1}},
      {"WarmupCosine: warmup_steps is 5", WarmupCosine{.warmup_steps = 5, .total_steps = 4}},
      {"WarmupCosine: total_steps is 0", WarmupCosine{}},
      {"WarmupCosine: floor is 0.1", WarmupCosine{.peak = 1e-3, .total_steps = 9, .floor = 0.1}},
      {"WarmupStableDecay: peak is nan", WarmupStableDecay{.peak = nan, .decay_steps = 1}},
      {"WarmupStableDecay: warmup_steps is -1", WarmupStableDecay{.warmup_steps = -1, .decay_steps = 1}},
      {"WarmupStableDecay: stable_steps is -1", WarmupStableDecay{.stable_steps = -1, .decay_steps = 1}},
      {"WarmupStableDecay: decay_steps is 0", WarmupStableDecay{}},
      {"WarmupStableDecay: floor is 2", WarmupStableDecay{.decay_steps = 1, .floor = 2}},
      {"WarmupStableDecay: floor is 0, but must be positive for an exponential decay",
       WarmupStableDecay{.decay_steps = 1, .decay = Curve::exponential}},
      {"Triangular: low is 2", Triangular{.low = 2, .rising_steps = 1, .falling_steps = 1}},
      {"Triangular: high is nan", Triangular{.high = nan, .rising_steps = 1, .falling_steps = 1}},
      {"Triangular: rising_steps is 0", Triangular{.falling_steps = 1}},
      {"Triangular: falling_steps is 0", Triangular{.rising_steps = 1}},
      {"Triangular: factor is 2", Triangular{.rising_steps = 1, .falling_steps = 1, .factor = 2}},
      {"OneCycle: peak is -1", with(cycle, &OneCycle::peak, -1.0)},
      {"OneCycle: total_steps is 0", OneCycle{}},
      {"OneCycle: rising_fraction is 0.01", with(cycle, &OneCycle::rising_fraction, 0.01)},
      {"OneCycle: rising_fraction is 1", with(cycle, &OneCycle::rising_fraction, 1.0)},
      {"OneCycle: rising_fraction is 0.6",
       with(with(cycle, &OneCycle::rising_fraction, 0.6), &OneCycle::three_phase, true)},
      {"OneCycle: start_divisor is 0.5", with(cycle, &OneCycle::start_divisor, 0.5)},
      {"OneCycle: end_divisor is inf", with(cycle, &OneCycle::end_divisor, infinity)},
      {"OneCycle: high_momentum is 1", with(cycle, &OneCycle::high_momentum, 1.0)},
      {"OneCycle: low_momentum is 0.99", with(cycle, &OneCycle::low_momentum, 0.99)},
      {"OneCycle: low_momentum is 0, but must be positive",
       with(with(cycle, &OneCycle::low_momentum, 0.0), &OneCycle::curve, Curve::exponential)},
      {"join: boundary is -1", [](std::int64_t t) { return join(Constant{1}, -1, Constant{2})(t); }},
      {"join: boundary is 4, but must not lie below",
       [](std::int64_t t) { return join(Constant{1}, 5, Constant{2}, 4, Constant{3})(t); }},
      {"noam_schedule: width is 0", [](std::int64_t t) { return noam_schedule(0, 1)(t); }},
      {"noam_schedule: warmup_steps is 0", [](std::int64_t t) { return noam_schedule(1, 0)(t); }},
      {"t5_schedule: constant_steps is 0", [](std::int64_t t) { return t5_schedule(0)(t); }},
      {"muon_momentum_schedule: rising_steps is 0",
       [](std::int64_t t) { return muon_momentum_schedule(9, 0, 1)(t); }},
      {"muon_momentum_schedule: total_steps is 9",
       [](std::int64_t t) { return muon_momentum_schedule(9, 5, 5)(t); }},
      {"ReduceLROnPlateau: factor is 1", plateau_rates({.factor = 1})},
      {"ReduceLROnPlateau: patience is -1", plateau_rates({.patience = -1})},
      {"ReduceLROnPlateau: threshold is nan", plateau_rates({.threshold = nan})},
      {"ReduceLROnPlateau: cooldown is -1", plateau_rates({.cooldown = -1})},
      {"ReduceLROnPlateau: minimum is -1", plateau_rates({.minimum = -1})},
      {"ReduceLROnPlateau: epsilon is -1", plateau_rates({.epsilon = -1})},
  };
  for (const auto& [message, schedule] : refused) {
    CHECK_THROWS_AS(schedule(0), std::invalid_argument);
    CHECK_THROWS_WITH(schedule(0), contains(message));
  }
  CHECK_THROWS_AS(with(cycle, &OneCycle::low_momentum, 0.99).momentum(0), std::invalid_argument);
  CHECK_THROWS_AS(interpolate(static_cast<Curve>(9), 0, 1, 0), std::invalid_argument);
}

TEST_CASE("every schedule is a Schedule and an aggregate") {
  constexpr auto holds = []<class... S>(std::tuple<S...>*) {
    return (Schedule<S> && ...) && (std::is_aggregate_v<S> && ...);
  };
  using All = std::tuple<Constant, Linear, Polynomial, PowerCool, StepDecay, MultiStepDecay, Exponential,
                         InverseTime, InverseSquareRoot, Cosine, CosineRestarts, WarmupCosine,
                         WarmupStableDecay, Triangular, OneCycle, Joined<Linear, Constant>>;
  static_assert(holds(static_cast<All*>(nullptr)));
  SUCCEED();
}
