// SPDX-License-Identifier: MIT
//
// What bench/comparison concludes from its runs: the test of means, the search for a rate, the file of runs.
#include "../../bench/comparison/records.hpp"
#include "../../bench/comparison/search.hpp"
#include "../../bench/comparison/statistics.hpp"
#include "catch.hpp"

using namespace comparison;
using gradus_test::Approx;
using gradus_test::contains;

// from scipy.stats import ttest_ind
// ttest_ind(a, b, equal_var=False, alternative="less").pvalue
TEST_CASE("Welch's test has the values of scipy") {
  const Sample a{1.62, 1.65, 1.64, 1.63, 1.66}, b{1.87, 1.84, 1.9, 1.82, 1.86}, c{1.5, 1.9, 1.66};
  const auto near = [](double p) { return Approx(p).epsilon(1e-8).margin(0); };
  CHECK(welch_below(a, b) == near(3.610108398486611e-06));
  CHECK(welch_below(b, a) == near(0.9999963898916016));
  CHECK(welch_below(a, c) == near(0.36355926410528155).epsilon(1e-6));
  CHECK(welch_below(c, b) == near(0.13880677421266763).epsilon(1e-6));
  CHECK(welch_below(a, a) == Approx(0.5));
}

// from scipy.stats import sem
TEST_CASE("the standard error of a mean has the value of scipy") {
  CHECK(standard_error({1.87, 1.84, 1.9, 1.82, 1.86}) == Approx(0.013564659966250513).epsilon(1e-12));
}

TEST_CASE("the search for a rate ends at the best quarter of a decade, wherever the grid began") {
  const int best = GENERATE(range(-15, 16));
  int calls = 0;
  const auto bowl = [&](int k) { return ++calls, std::abs(k - best - 0.1); };
  CHECK(best_rate(bowl) == best);
  CHECK(calls <= 5 + std::abs(best) / 2 + 1);
}

TEST_CASE("the search for a rate leaves rates behind that diverge") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(best_rate([&](int k) { return k > -7 ? infinity : -1.0 * k; }) == -7);
  CHECK(best_rate([&](int) { return infinity; }) < -15);  // it ends where nothing is good
}

TEST_CASE("the file of runs gives back what was written, without a line that was cut off") {
  const auto path = std::filesystem::temp_directory_path() / "gradus_comparison_test.csv";
  std::filesystem::remove(path);
  const Run finished{"Muon", "0.03162", 3, false, 1.5, 2.25, {4, 3, 2, 1.5}};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  {
    Records records(path, "settings", 3);
    records.add(finished);
    records.add({"SGD", "1", 0, true, 1, 1, {4, nan, nan, nan}});
  }
  std::ofstream(path, std::ios::app) << "AdamW,0.001,0,3,fin";
  {
    Records records(path, "settings", 3);
    CHECK(records.runs().size() == 2);
    CHECK(records.find("SGD", "1", 0)->diverged);
    CHECK(!records.find("SGD", "1", 1));
    records.add({"AdamW", "0.001", 0, false, 1, 1, {4, 3, 2, 1}});
  }
  const auto found = Records(path, "settings", 3);
  CHECK(found.runs().size() == 3);
  const auto muon = found.find("Muon", "0.03162", 3);
  REQUIRE(muon);
  CHECK(muon->losses == finished.losses);
  CHECK(muon->wall_seconds == finished.wall_seconds);
  CHECK_THROWS_WITH(Records(path, "other", 3), contains("runs of other settings"));
  std::filesystem::remove(path);
}
