// SPDX-License-Identifier: MIT
//
// The mean of all ranks' gradients has the bits of one process, however it travels.
#include <map>

#include "distributed/ranks.hpp"

using namespace gradus_test;
namespace mpi = gradus::mpi;

namespace {

template <class P>
void hand_over(mpi::GradientAverage<P>& average, const P& params, int t, int batches_each) {
  auto grads = gradus::zeros_like(params);
  for (int k = 0; k < batches_each; ++k) {
    write_batch_gradient(params, grads, t, ranks().rank() * batches_each + k);
    average.add(grads);
    fill(grads, [](auto...) { return std::nan(""); });  // it is the user's again, though it may be on the way
  }
}

struct Mixed {
  Eigen::Matrix<Eigen::bfloat16, Eigen::Dynamic, Eigen::Dynamic> narrow;
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> by_row;
  Eigen::Matrix3f small;
  std::map<std::string, Eigen::VectorXf> more;
  GRADUS_LEAVES(narrow, by_row, small, more)
};

Mixed mixed() {
  Mixed tree;
  tree.narrow.resize(13, 9), tree.by_row.resize(6, 31), tree.more["b"].resize(100), tree.more["a"].resize(0);
  fill(tree, [](double, double l, double i, double j) { return start(l, i, j); });
  return tree;
}

}  // namespace

TEST_CASE("the mean has the bits of one process, in one bucket and in a hundred") {
  const auto params = make_tree<float>(several_shapes);
  const auto expected = mean_gradient(params, 1, ranks().size());
  for (const std::size_t bytes : {std::size_t{4}, std::size_t{52}, std::size_t{1000}, std::size_t{1} << 25}) {
    INFO(bytes << " bytes a bucket");
    mpi::GradientAverage average(ranks(), params, {.bucket_bytes = bytes});
    if (bytes == 52) CHECK(average.bucket_count() > 100);
    if (bytes > 10000) CHECK(average.bucket_count() == 1);
    for (int repeat = 0; repeat < 2; ++repeat) {
      hand_over(average, params, 1, 1);
      CHECK(same_bits(average.wait(), expected));
    }
  }
}

TEST_CASE("several micro-batches on each rank are added in the tree of all") {
  const auto params = make_tree<float>(several_shapes);
  for (const int each : {2, 8}) {
    INFO(each << " on each rank");
    mpi::GradientAverage average(ranks(), params, {.micro_batches = each, .bucket_bytes = 300});
    hand_over(average, params, 3, each);
    CHECK(same_bits(average.wait(), mean_gradient(params, 3, each * ranks().size())));
  }
  if (ranks().size() == 1) {  // one rank may have any number
    mpi::GradientAverage average(ranks(), params, {.micro_batches = 7});
    hand_over(average, params, 3, 7);
    CHECK(same_bits(average.wait(), mean_gradient(params, 3, 7)));
  } else {
    CHECK_THROWS_WITH(mpi::GradientAverage(ranks(), params, {.micro_batches = 6}),
                      contains("micro_batches is 6, but must be a power of two"));
  }
}

TEST_CASE("a mean stays what it was while the next is on the way") {
  const auto params = make_tree<float>(several_shapes);
  mpi::GradientAverage average(ranks(), params, {.bucket_bytes = 1000});
  hand_over(average, params, 1, 1);
  const auto& mean = average.wait();
  hand_over(average, params, 2, 1);
  CHECK(same_bits(mean, mean_gradient(params, 1, ranks().size())));
  CHECK(same_bits(average.wait(), mean_gradient(params, 2, ranks().size())));
}

TEST_CASE("every micro-batch counts once, so a rank with a ragged batch weighs its gradient") {
  const auto params = make_tree<double>({{4, 3}, {2, 2}});
  const auto mean_of = [&](int first, int last) {  // of the gradients of these examples
    auto mean = gradus::zeros_like(params), grads = mean;
    for (int example = first; example < last; ++example) {
      write_batch_gradient(params, grads, 1, example);
      gradus::for_each_block([=](auto& m, const auto& g) { m = m + g / (last - first); }, mean, grads);
    }
    return mean;
  };
  const int others = ranks().size() - 1, first = 4 * ranks().rank();
  const int count = ranks().rank() < others ? 4 : 1, all = 4 * others + 1;
  const auto mine = mean_of(first, first + count), expected = mean_of(0, all);
  mpi::GradientAverage average(ranks(), params);
  average.add(gradus::scale(mine, static_cast<double>(count) * ranks().size() / all));
  CHECK(relative_difference(average.wait(), expected) < 1e-14);
  average.add(mine);
  if (others > 0) CHECK(relative_difference(average.wait(), expected) > 1e-3);
}

TEST_CASE("leaves of all kinds and scalars, whole or one by one, in any order") {
  const auto params = mixed();
  for (const int each : {1, 2}) {
    mpi::GradientAverage average(ranks(), params, {.micro_batches = each, .bucket_bytes = 128});
    const auto expected = mean_gradient(params, 2, each * ranks().size());
    hand_over(average, params, 2, each);
    CHECK(same_bits(average.wait(), expected));

    auto grads = gradus::zeros_like(params);
    for (int k = 0; k < each; ++k) {
      write_batch_gradient(params, grads, 2, ranks().rank() * each + k);
      // Every rank in another order.
      for (int i = 0; i < 5; ++i) {
        switch ((i + ranks().rank()) % 5) {
          case 0:
            average.ready("small", grads.small);
            break;
          case 1:
            average.ready("more.b", grads.more["b"]);
            break;
          case 2:
            average.ready("narrow", grads.narrow);
            break;
          case 3:
            average.ready("more.a", grads.more["a"]);
            break;
          default: {
            const Eigen::MatrixXd by_column = grads.by_row;
            average.ready("by_row", by_column);
          }
        }
      }
    }
    CHECK(same_bits(average.wait(), expected));
  }
}

TEST_CASE("lazy gradients are evaluated on the way") {
  const auto params = make_tree<double>(several_shapes);
  auto grads = gradus::zeros_like(params);
  write_batch_gradient(params, grads, 1, ranks().rank());
  mpi::GradientAverage average(ranks(), params);
  average.add(gradus::scale(grads, 4));
  auto expected = mean_gradient(params, 1, ranks().size());
  gradus::for_each_block([](auto& g) { g = 4 * g; }, expected);
  CHECK(same_bits(average.wait(), expected));  // 4 is a power of two
}

TEST_CASE("what is wrong on one rank is thrown on all, and the next mean is right") {
  const auto params = make_tree<float>({{4, 3}, {2, 2}});
  auto grads = params;
  const int last = ranks().size() - 1;
  const bool mine = ranks().rank() == last;
  mpi::GradientAverage average(ranks(), params, {.bucket_bytes = 16});
  const std::string who = "rank " + std::to_string(last) + ": ";
  SECTION("another shape") {
    if (mine) grads[1].resize(3, 2);
    average.add(grads);
    CHECK_THROWS_WITH(average.wait(), who + "GradientAverage: leaf '1' is 2 x 2, but its gradient is 3 x 2");
  }
  SECTION("a leaf twice") {
    for (int i = 0; i < (mine ? 2 : 1); ++i) average.ready("1", grads[1]);
    average.ready("0", grads[0]);
    CHECK_THROWS_WITH(average.wait(), who + "GradientAverage: leaf '1' was handed over more than 1 times");
  }
  SECTION("a leaf not at all") {
    if (!mine) average.ready("0", grads[0]);
    average.ready("1", grads[1]);
    CHECK_THROWS_WITH(average.wait(), who + "GradientAverage: leaf '0' was handed over 0 times of 1");
  }
  SECTION("a micro-batch less than the others") {
    mpi::GradientAverage of_two(ranks(), params, {.micro_batches = 2, .bucket_bytes = 16});
    for (int i = 0; i < (mine ? 1 : 2); ++i) of_two.add(grads);
    CHECK_THROWS_WITH(of_two.wait(), who + "GradientAverage: leaf '0' was handed over 1 times of 2");
    average.add(grads);
    average.wait();
  }
  SECTION("a name that is none") {
    average.add(grads);
    if (mine) average.ready("2", grads[0]);
    CHECK_THROWS_WITH(average.wait(), who + "GradientAverage: there is no leaf '2'");
  }
  SECTION("an exception of the user's") {
    mine ? average.fail("the disk is gone") : average.add(grads);
    CHECK_THROWS_WITH(average.wait(), who + "the disk is gone");
  }
  hand_over(average, params, 1, 1);
  CHECK(same_bits(average.wait(), mean_gradient(params, 1, ranks().size())));
}

TEST_CASE("ranks that differ are told at the beginning, with what differs") {
  if (ranks().size() == 1) return;
  const bool mine = ranks().rank() == 1;
  auto params = make_tree<float>({{4, 3}, {2, 2}});
  SECTION("a shape") {
    if (mine) params[1].resize(1, 4);
    CHECK_THROWS_WITH(
        mpi::GradientAverage(ranks(), params),
        "rank 1: GradientAverage: leaf '1' is 1 x 4 of float, but on rank 0 it is 2 x 2 of float");
  }
  SECTION("a leaf") {
    if (mine) params.pop_back();
    CHECK_THROWS_WITH(mpi::GradientAverage(ranks(), params),
                      contains("rank 1: GradientAverage: micro_batches"));
  }
  SECTION("how many micro-batches") {
    CHECK_THROWS_WITH(mpi::GradientAverage(ranks(), params, {.micro_batches = mine ? 2 : 1}),
                      "rank 1: GradientAverage: micro_batches is 2, but on rank 0 it is 1");
  }
}

TEST_CASE("a rank receives twice what it does not own") {
  const auto params = make_tree<float>({{64, 64}, {128, 1}});
  mpi::GradientAverage average(ranks(), params, {.bucket_bytes = 4096});
  const std::int64_t before = ranks().received();
  hand_over(average, params, 1, 1);
  average.wait();
  std::int64_t received = 0;
  for (const auto each : ranks().gather(ranks().received() - before)) received += each;
  CHECK(received == std::int64_t{2} * 4 * (64 * 64 + 128) * (ranks().size() - 1));
}

TEST_CASE("a number is averaged in the same order as gradients") {
  std::vector<Eigen::VectorXd> all;
  for (int r = 0; r < ranks().size(); ++r) all.push_back(Eigen::VectorXd::Constant(1, std::sin(r + 1)));
  CHECK(mpi::average(ranks(), all[static_cast<std::size_t>(ranks().rank())](0)) ==
        tree_sum(all, 0, all.size())(0) / ranks().size());
}
