// SPDX-License-Identifier: MIT
//
// How a float becomes sixteen bits and a rest, and is found again: against the definitions, in all corners of
// the formats.
#include <array>
#include <cmath>
#include <gradus/gradus.hpp>
#include <limits>

#include "catch.hpp"

using namespace gradus;
using detail::bits_of;
using detail::CompensatedFormat;
using detail::DitherFormat;
using detail::float_of;
using Eigen::bfloat16;
using Eigen::half;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr int block = 64;

template <class Narrow>
std::uint16_t word(const Narrow& x) {
  return Eigen::numext::bit_cast<std::uint16_t>(x);
}

// The narrow numbers that x becomes for all 2¹⁶ upper halves of the random bits, of which the lower ones must
// not matter.
template <class Narrow>
std::array<Narrow, 65536> all_roundings(float x) {
  std::array<Narrow, 65536> results;
  std::array<float, block> values;
  values.fill(x);
  for (std::uint32_t from = 0; from < 65536; from += block) {
    const auto random = [from](int k, std::uint32_t) {
      return (from + static_cast<std::uint32_t>(k)) << 16 | 0x9e37;
    };
    DitherFormat::store<block>(values.data(), results.data() + from, random);
  }
  return results;
}

// How many of them are `x`'s neighbour away from zero; all others must be the one towards zero.
template <class Narrow>
int count_away(float x, std::uint16_t towards_zero) {
  int count = 0, others = 0;
  for (const Narrow& rounded : all_roundings<Narrow>(x)) {
    if (word(rounded) == towards_zero + 1) {
      ++count;
    } else if (word(rounded) != towards_zero) {
      ++others;
    }
  }
  CHECK(others == 0);
  return count;
}

template <class Narrow>
void check_stays(float x, std::uint16_t expected) {
  INFO(x);
  int others = 0;
  for (const Narrow& rounded : all_roundings<Narrow>(x)) others += word(rounded) != expected;
  CHECK(others == 0);
}

template <class Narrow>
bool all_nan(float x) {
  for (const Narrow& rounded : all_roundings<Narrow>(x)) {
    if (!(Eigen::numext::isnan)(rounded)) return false;
  }
  return true;
}

// The float that is found again.
template <class Narrow>
float there_and_back(float x) {
  std::array<float, 1> values{x};
  std::array<Narrow, 1> narrow;
  std::array<Rest16, 1> rest;
  CompensatedFormat::store<1>(values.data(), narrow.data(), rest.data());
  CompensatedFormat::load<1>(narrow.data(), rest.data(), values.data());
  return values[0];
}
template <class Narrow>
Narrow compensated_narrow(float x) {
  Narrow narrow;
  Rest16 rest;
  CompensatedFormat::store<1>(&x, &narrow, &rest);
  return narrow;
}

// Calls `f(x)` for some millions of patterns of a float: all sixteen upper bits, with lower ones at their
// corners and scattered.
template <class F>
void for_many_floats(const F& f) {
  for (std::uint32_t high = 0; high < 65536; ++high) {
    for (const std::uint32_t low : {0u, 1u, 0x0fffu, 0x1000u, 0x1001u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      f(float_of(high << 16 | low));
    }
    for (std::uint32_t k = 0; k < 32; ++k) {
      f(float_of(high << 16 | ((high * 40503u + k * 2039u) & 0xffff)));
    }
  }
}

}  // namespace

TEST_CASE("stochastic rounding to bfloat16 goes away from zero with the share of the lower half") {
  const auto check = [](float x) {
    INFO(x);
    const std::uint32_t bits = bits_of(x);
    CHECK(count_away<bfloat16>(x, static_cast<std::uint16_t>(bits >> 16)) == static_cast<int>(bits & 0xffff));
  };
  // The last: the smallest denormal numbers and the largest number, which may become infinite.
  for (const float x : {0.1f, 1 / 3.0f, 3.14159274f, 1e-3f, -2.7182818f, 1 + 0x1p-8f, -0x1.ffffp7f, 1e-45f,
                        -3e-42f, 1.1e-38f, 3.4e38f, std::numeric_limits<float>::max()}) {
    check(x);
  }
  for (std::uint32_t k = 0; k < 64; ++k)
    check(float_of((k * 0x04000000 + k * 0x9e3779b1 % 0x04000000) & 0xff7fffff));
}

TEST_CASE("stochastic rounding to half goes away from zero with the share of the way there") {
  const auto check = [](double x) {
    INFO(x);
    // The neighbours from the definition, in double: n units of the last place.
    const double size = std::abs(static_cast<double>(static_cast<float>(x)));
    const int exponent = std::max(std::ilogb(size), -14);
    const double units = std::ldexp(size, 10 - exponent);
    const double whole = std::floor(units), steps = exponent > -14 || whole >= 1024 ? 8192 : 65536;
    const int n = static_cast<int>(whole) + (exponent + 14) * 1024;
    const double expected = std::floor((units - whole) * steps) / steps;
    const auto towards_zero = static_cast<std::uint16_t>(n | (x < 0 ? 0x8000 : 0));
    CHECK(count_away<half>(static_cast<float>(x), towards_zero) == static_cast<int>(expected * 65536));
  };
  for (const double x : {0.1, 1 / 3.0, 3.14159274, -2.7182818, 1 + 0x1p-11, 1 + 0x1p-12, 1999.7, 60000.1})
    check(x);
  // Below, around and above 2⁻¹⁴, where denormal numbers begin, and numbers less than the smallest.
  for (const double x : {0x1p-14, -0x1.fffp-15, 0x1.ffffffp-15 * 0.99, 0x1.001p-14, 0x1.0007p-14, 0x1p-15,
                         0x1.234p-20, -0x1.9p-24, 0x1p-24, 0x1p-25, 0x1.8p-26, 0x1p-40, 0x1p-41, 1e-30}) {
    check(x);
  }
  // Up to the largest number, and beyond it, where the next one is infinite.
  for (const double x : {65503.0, 65504.0, -65503.9, 65505.0, 65520.0, 65535.0}) check(x);
}

TEST_CASE("numbers that a format has never move, and what is not finite stays") {
  for (std::uint32_t n = 0; n < 65536; n += 97) {
    const auto as_word = static_cast<std::uint16_t>(n);
    const auto as_bfloat16 = Eigen::numext::bit_cast<bfloat16>(as_word);
    const auto as_half = Eigen::numext::bit_cast<half>(as_word);
    if ((Eigen::numext::isfinite)(as_bfloat16))
      check_stays<bfloat16>(static_cast<float>(as_bfloat16), as_word);
    if ((Eigen::numext::isfinite)(as_half)) check_stays<half>(static_cast<float>(as_half), as_word);
  }
  check_stays<bfloat16>(infinity, 0x7f80);
  check_stays<bfloat16>(-infinity, 0xff80);
  check_stays<half>(infinity, 0x7c00);
  check_stays<half>(-infinity, 0xfc00);
  check_stays<half>(1e6f, 0x7c00);
  check_stays<half>(-std::numeric_limits<float>::max(), 0xfc00);
  check_stays<half>(-0.0f, 0x8000);
  // Signalling ones and those of which all digits are low among them.
  for (const std::uint32_t nan : {0x7fc00000u, 0x7f800001u, 0xff80ffffu, 0x7fffffffu, 0xffffffffu}) {
    CHECK(all_nan<bfloat16>(float_of(nan)));
    CHECK(all_nan<half>(float_of(nan)));
  }
}

TEST_CASE("bfloat16 and its rest give back every float to the bit") {
  int wrong = 0, far = 0;
  for_many_floats([&](float x) {
    const float back = there_and_back<bfloat16>(x);
    const auto narrow = compensated_narrow<bfloat16>(x);
    if (std::isnan(x)) {
      wrong += !std::isnan(back) || !(Eigen::numext::isnan)(narrow);
      return;
    }
    wrong += bits_of(back) != bits_of(x);
    // To nearest, and away from zero where two are equally near.
    const bool tie = (bits_of(x) & 0xffff) == 0x8000;
    const auto nearest = static_cast<bfloat16>(x);
    far += tie ? word(narrow) != (bits_of(x) >> 16) + 1 : word(narrow) != word(nearest);
  });
  CHECK(wrong == 0);
  CHECK(far == 0);
}

TEST_CASE("half and its rest give back floats of its normal range to the bit, and smaller ones to 2^-40") {
  int wrong = 0, far = 0;
  for_many_floats([&](float x) {
    const float back = there_and_back<half>(x), size = std::abs(x);
    const auto narrow = compensated_narrow<half>(x);
    far += word(narrow) != word(static_cast<half>(x)) && !std::isnan(x);
    if (std::isnan(x)) {
      wrong += !std::isnan(back);
    } else if (size >= 65520) {
      wrong += back != std::copysign(infinity, x);
    } else if (size >= 0x1p-14f) {
      wrong += bits_of(back) != bits_of(x);
    } else {
      wrong += !(std::abs(double{back} - double{x}) <= 0x1p-40);
    }
  });
  CHECK(wrong == 0);
  CHECK(far == 0);
}

TEST_CASE("a compensated parameter that is set by hand is that number, up to the rest that it keeps") {
  for (const int units : {-32768, -1, 0, 1, 32767}) {
    const Rest16 rest(units);
    for (const float x : {0.0f, -0.0f, 1.0f, -3.0f, 1e-30f}) {
      INFO(x << ", " << units);
      float value = 0;
      const auto narrow = static_cast<bfloat16>(x);
      CompensatedFormat::load<1>(&narrow, &rest, &value);
      CHECK(std::abs(value - static_cast<float>(narrow)) <= std::abs(x) * 0x1p-8f + 1e-38f);
    }
    float value = 0;
    const half zero(0);
    CompensatedFormat::load<1>(&zero, &rest, &value);
    CHECK(std::abs(value) <= 0x1p-25f);
  }
}

namespace {

// Random bits of a leaf at (row, col) in [0, 1).
double uniform(std::uint64_t seed, std::int64_t step, std::size_t leaf, Index row, Index col,
               std::uint32_t value = 0) {
  int none = 0;
  const auto strip = StochasticRounding{seed}.at(none, step).child(leaf).strip<false>();
  return strip.from(0, col).bits(row)(0, value) * 0x1p-32;
}

constexpr Index side = 300;

double correlation(double sum_x, double sum_y, double sum_xy, double n) {
  return (sum_xy / n - sum_x / n * sum_y / n) * 12;  // the variance of a uniform number is 1/12
}

// The correlation of the numbers of a matrix with those that `other(row, col)` gives.
template <class Other>
double correlation_with(const Other& other) {
  double sum_x = 0, sum_y = 0, sum_xy = 0;
  for (Index i = 0; i < side; ++i) {
    for (Index j = 0; j < side; ++j) {
      const double x = uniform(1, 1, 0, i, j), y = other(i, j);
      sum_x += x, sum_y += y, sum_xy += x * y;
    }
  }
  return correlation(sum_x, sum_y, sum_xy, static_cast<double>(side * side));
}

}  // namespace

TEST_CASE("the random bits of rounding are uniform") {
  const auto chi_square = [](const auto& number) {
    std::array<double, 256> counts{};
    const Index n = side * side;
    for (Index k = 0; k < n; ++k) counts[static_cast<std::size_t>(number(k) * 256)] += 1;
    const double expected = static_cast<double>(n) / 256;
    double sum = 0;
    for (const double count : counts) sum += (count - expected) * (count - expected) / expected;
    return sum;
  };
  // 255 degrees of freedom: a mean of 255 and a standard deviation of 23.
  const auto is_usual = [](double x) { return x > 255 - 6 * 23 && x < 255 + 6 * 23; };
  CHECK(is_usual(chi_square([](Index k) { return uniform(0, 1, 0, k, 0); })));
  CHECK(is_usual(chi_square([](Index k) { return uniform(0, 1, 0, 0, k); })));
  CHECK(is_usual(chi_square([](Index k) { return uniform(0, 1, 0, k % side, k / side); })));
  CHECK(is_usual(chi_square([](Index k) { return uniform(0, k, 0, 0, 0); })));
  CHECK(is_usual(chi_square([](Index k) { return uniform(0, 1, static_cast<std::size_t>(k), 0, 0); })));
  CHECK(is_usual(chi_square([](Index k) { return uniform(static_cast<std::uint64_t>(k), 1, 0, 0, 0); })));
  CHECK(is_usual(chi_square([](Index k) { return uniform(0, 1, 0, 0, 0, static_cast<std::uint32_t>(k)); })));
}

TEST_CASE(
    "the random bits of rounding are uncorrelated over rows, columns, steps, leaves, seeds and numbers") {
  const double bound = 5 / static_cast<double>(side);
  CHECK(std::abs(correlation_with([](Index i, Index j) { return uniform(1, 1, 0, i + 1, j); })) < bound);
  CHECK(std::abs(correlation_with([](Index i, Index j) { return uniform(1, 1, 0, i, j + 1); })) < bound);
  CHECK(std::abs(correlation_with([](Index i, Index j) { return uniform(1, 1, 0, j, i); })) <
        bound + 1.0 / side);
  CHECK(std::abs(correlation_with([](Index i, Index j) { return uniform(1, 2, 0, i, j); })) < bound);
  CHECK(std::abs(correlation_with([](Index i, Index j) { return uniform(1, 1, 1, i, j); })) < bound);
  CHECK(std::abs(correlation_with([](Index i, Index j) { return uniform(2, 1, 0, i, j); })) < bound);
  CHECK(std::abs(correlation_with([](Index i, Index j) { return uniform(1, 1, 0, i, j, 0x10000); })) < bound);
  CHECK(correlation_with([](Index i, Index j) { return uniform(1, 1, 0, i, j); }) > 0.9);
}

TEST_CASE("the random bits follow from the place, whichever way a leaf is run along") {
  int none = 0;
  const auto leaf = StochasticRounding{7}.at(none, 3).child("w").child(2);
  const auto down = leaf.strip<false>(), along = leaf.strip<true>();
  for (Index i = 0; i < 5; ++i) {
    for (Index j = 0; j < 5; ++j) {
      const std::uint32_t expected = down.from(i, j).bits(0)(0, 5);
      CHECK(down.from(0, j).bits(0)(static_cast<int>(i), 5) == expected);
      CHECK(along.from(j, i).bits(0)(0, 5) == expected);
      CHECK(along.from(0, i).bits(j)(0, 5) == expected);
      CHECK(along.along_outer().from(i, j).bits(0)(0, 5) == expected);
      CHECK(down.along_outer().from(0, i).bits(j)(0, 5) == expected);
    }
  }
}
