// SPDX-License-Identifier: MIT
//
// What a rank receives in a step, counted where it calls MPI.
#include <numeric>

#include "distributed/calls.hpp"
#include "distributed/ranks.hpp"

using namespace gradus_test;
namespace mpi = gradus::mpi;

namespace {

// What this rank receives while `f()` runs.
template <class F>
std::int64_t volume(const F& f) {
  received = gathers = 0, counting = true;
  f();
  counting = false;
  return received;
}

std::int64_t of_all_ranks(std::int64_t mine) {
  const auto all = ranks().gather(mine);
  return std::accumulate(all.begin(), all.end(), std::int64_t{0});
}

// What an agreement takes, and a comparison of fields.
std::int64_t agreements(int count) { return ranks().size() > 1 ? 8 * count : 0; }
std::int64_t others() { return ranks().size() - 1; }

const Shapes shapes{{0, 5}, {30, 20}, {16, 16}, {1, 71}, {21, 1}, {7, 3}, {12, 33}};
constexpr std::int64_t n = 30 * 20 + 16 * 16 + 71 + 21 + 7 * 3 + 12 * 33;

const std::vector<std::size_t> buckets{4, 52, 300, 1000, std::size_t{1} << 25};

// All ranks together receive this in a mean.
template <class Scalar>
void check_average(std::int64_t bytes, std::int64_t micro_batches) {
  const auto gradient = make_tree<Scalar>(shapes);
  for (const std::size_t bucket : buckets) {
    INFO(bucket << " bytes a bucket");
    mpi::GradientAverage average(ranks(), gradient, {.micro_batches = micro_batches, .bucket_bytes = bucket});
    const std::int64_t before = ranks().received();
    const std::int64_t mine = volume([&] {
      for (std::int64_t k = 0; k < micro_batches; ++k) average.add(gradient);
      average.wait();
    });
    CHECK(mine == ranks().received() - before + agreements(1));
    CHECK(of_all_ranks(mine - agreements(1)) == n * bytes * others());
    // Every rank has as much as the others, but for a number in each bucket.
    const auto share = n * bytes * others() / ranks().size();
    CHECK(std::abs(mine - agreements(1) - share) <=
          static_cast<std::int64_t>(average.bucket_count()) * bytes * others());
  }
}

// A step receives what others own, and agrees three times, once about two numbers.
template <class O>
std::int64_t step_volume(const O& inner, std::size_t bucket, std::int64_t& own) {
  auto params = make_tree<float>(shapes);
  const auto gradient = params;
  const mpi::Sharded<O> optimizer{inner, &ranks(), bucket};
  auto state = optimizer.init(params);
  own = 0;
  for (const mpi::Piece& piece : state.owners.own()) own += 4 * (piece.end - piece.begin);
  const std::int64_t before = ranks().received();
  const std::int64_t mine = volume([&] { optimizer.step(params, gradient, state); });
  CHECK(mine == ranks().received() - before + agreements(4));
  return mine - agreements(4);
}

template <class O>
void check_step(const O& inner) {
  for (const std::size_t bucket : buckets) {
    INFO(bucket << " bytes a bucket");
    std::int64_t own = 0;
    const std::int64_t mine = step_volume(inner, bucket, own);
    CHECK(mine == 4 * n - own);
    CHECK(of_all_ranks(mine) == 4 * n * others());
  }
}

}  // namespace

TEST_CASE("a mean takes every rank the gradient and the mean of what it does not own") {
  check_average<float>(4 + 4, 1);
  check_average<float>(4 + 4, 4);
  check_average<double>(8 + 8, 1);
}

TEST_CASE("sixteen-bit gradients travel in two bytes, and their means in four") {
  check_average<Eigen::bfloat16>(2 + 4, 1);
  check_average<Eigen::bfloat16>(4 + 4, 2);  // sums of several are float
}

TEST_CASE("a step of sharded takes every rank the parameters that it does not own") {
  check_step(gradus::AdamW{});
  check_step(gradus::Muon{});
}

TEST_CASE("one rank receives nothing, and a route agrees for each of its parts") {
  auto params = make_tree<float>(shapes);
  const auto gradient = params;
  const auto optimizer = gradus::route(gradus::is_matrix, mpi::sharded(gradus::Muon{}, ranks()),
                                       mpi::sharded(gradus::AdamW{}, ranks()));
  auto state = optimizer.init(params);
  const std::int64_t mine = volume([&] { optimizer.step(params, gradient, state); });
  CHECK(of_all_ranks(mine - agreements(8)) == 4 * n * others());
  if (ranks().size() == 1) CHECK(mine == 0);
}

TEST_CASE("buckets are full where few ranks own anything") {
  auto params = make_tree<float>({{30, 20}, {3, 5}});
  const auto gradient = params;
  const mpi::Sharded<gradus::Muon> optimizer{{}, &ranks(), 600};
  auto state = optimizer.init(params);
  volume([&] { optimizer.step(params, gradient, state); });
  CHECK(gathers == 5);  // of 2460 bytes
}
