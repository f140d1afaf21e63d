// SPDX-License-Identifier: MIT
//
// Routes, wrappers, transformations and solutions around and inside of shared work; and what is refused.
#include "wrappers.hpp"
#include "distributed/ranks.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

// The orthogonalizations of all ranks, of matrices that are not empty.
inline std::int64_t orthogonalizations = 0;

struct Counted {
  NewtonSchulz method = detail::guarded<NewtonSchulz>(NormGuard::max);
  GRADUS_FIELDS(Counted, method)
  template <class Scalar>
  using Compute = NewtonSchulz::Compute<Scalar>;

  void validate(std::string_view who) const { method.validate(who); }
  template <class Scalar>
  std::size_t scratch(Index rows, Index cols) const {
    return method.scratch<Scalar>(rows, cols);
  }
  template <class Scalar>
  void operator()(MatrixMap<Scalar> x, Workspace& workspace) const {
    if (x.size() > 0) ++orthogonalizations;
    method(x, workspace);
  }
};

struct Model {
  Eigen::MatrixXf embedding, w1, w2;
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> w3;
  Eigen::VectorXf bias;
  GRADUS_LEAVES(embedding, w1, w2, w3, bias)
};

Model model() {
  Model made;
  made.embedding.resize(40, 12), made.w1.resize(24, 12), made.w2.resize(12, 24), made.w3.resize(13, 7);
  made.bias.resize(50);
  fill(made, [](double, double l, double i, double j) { return start(l, i, j); });
  return made;
}

const auto hidden = [](const LeafInfo& leaf) { return is_matrix(leaf) && leaf.name != "embedding"; };

// Both take six steps: all ranks `shared`, and every rank by itself `alone`.
template <class Shared, class Alone, class Transform>
void check_same(const Shared& shared, const Alone& alone, const Transform& transform) {
  auto params = model(), expected = params;
  auto state = shared.init(params);
  auto state_alone = alone.init(expected);
  mpi::GradientAverage average(ranks(), params, {.bucket_bytes = 1000});
  auto grads = params;
  for (int t = 1; t <= 6; ++t) {
    write_batch_gradient(params, grads, t, ranks().rank());
    average.add(grads);
    shared.step(params, transform(average.wait(), t), state);
    const auto mean = mean_gradient(expected, t, ranks().size());
    alone.step(expected, transform(mean, t), state_alone);
  }
  CHECK(same_bits(params, expected));
  CHECK(same_bits(gradus::solution(shared, params, state), gradus::solution(alone, expected, state_alone)));
}

const auto as_it_is = [](const auto& mean, int) -> const auto& { return mean; };

}  // namespace

TEST_CASE("a route of shared optimizers, with clipping by the norm of all") {
  const Muon muon{.learning_rate = 0.05};
  const AdamW adamw{.learning_rate = 0.02};
  std::vector<double> norms;  // of the ranks' mean, of one process's, and so on
  const auto clipped = [&](const auto& mean, int) {
    norms.push_back(norm(mean));
    return clip_by_global_norm(mean, 0.5);
  };
  check_same(route(hidden, mpi::sharded(muon, ranks()), mpi::sharded(adamw, ranks())),
             route(hidden, muon, adamw), clipped);
  for (std::size_t i = 0; i < norms.size(); i += 2) {
    CHECK(norms[i] == norms[i + 1]);
    CHECK(norms[i] > 0.5);
  }
}

TEST_CASE("wrappers around and inside") {
  const Adam adam{.learning_rate = 0.02};
  const auto rate = [](std::int64_t t) { return 0.01 / static_cast<double>(t + 1); };
  check_same(lookahead(accumulate(mpi::sharded(adam, ranks()), 2), 2), lookahead(accumulate(adam, 2), 2),
             as_it_is);
  check_same(scheduled<&Adam::learning_rate>(mpi::sharded(cautious(adam), ranks()), rate),
             scheduled<&Adam::learning_rate>(cautious(adam), rate), as_it_is);
  check_same(mpi::sharded(polyak_average(scheduled<&Adam::learning_rate>(adam, rate)), ranks()),
             polyak_average(scheduled<&Adam::learning_rate>(adam, rate)), as_it_is);
}

TEST_CASE("steps are skipped on all ranks where one has no finite gradient") {
  const auto spoil = [](auto mean, int t) {
    if (t == 3) mean.w1(2, 3) = std::numeric_limits<float>::quiet_NaN();
    return mean;
  };
  check_same(skip_nonfinite(mpi::sharded(LAMB{.learning_rate = 0.05}, ranks())),
             skip_nonfinite(LAMB{.learning_rate = 0.05}), spoil);
}

TEST_CASE("an optimizer that sums over the tree has the whole state on every rank") {
  auto params = model(), expected = params;
  const Prodigy prodigy;
  const auto shared = mpi::data_parallel(prodigy, ranks());
  auto state = shared.init(params);
  auto state_alone = prodigy.init(expected);
  auto grads = params;
  for (int t = 1; t <= 6; ++t) {
    write_batch_gradient(params, grads, t, ranks().rank());
    shared.step(params, grads, state);
    prodigy.step(expected, mean_gradient(expected, t, ranks().size()), state_alone);
  }
  CHECK(same_bits(params, expected));
}

TEST_CASE("every matrix is orthogonalized once, by its owner") {
  auto params = model();
  const auto optimizer =
      route(hidden, mpi::sharded(BasicMuon<Counted>{}, ranks()), mpi::sharded(AdamW{}, ranks()));
  auto state = optimizer.init(params);
  orthogonalizations = 0;
  optimizer.step(params, model(), state);
  std::int64_t all = 0;
  for (const std::int64_t each : ranks().gather(orthogonalizations)) all += each;
  CHECK(all == 3);
  CHECK(orthogonalizations <= (3 + ranks().size() - 1) / ranks().size());  // and they are shared out
  const auto& plan = std::get<0>(state.states).owners.plan;
  std::int64_t owned = 0;
  for (const auto& pieces : plan) owned += static_cast<std::int64_t>(pieces.size());
  CHECK(owned == 3);
}

TEST_CASE("sixteen-bit parameters with master weights inside") {
  using Narrow = Eigen::Matrix<Eigen::bfloat16, Eigen::Dynamic, Eigen::Dynamic>;
  std::vector<Narrow> params{Narrow(30, 11), Narrow(1, 90)};
  fill(params, [](double, double l, double i, double j) { return start(l, i, j); });
  auto expected = params;
  const auto alone = master_weights(AdamW{.learning_rate = 0.01});
  const auto shared = mpi::sharded(alone, ranks());
  auto state = shared.init(params);
  auto state_alone = alone.init(expected);
  mpi::GradientAverage average(ranks(), params);
  auto grads = params;
  for (int t = 1; t <= 6; ++t) {
    write_batch_gradient(params, grads, t, ranks().rank());
    average.add(grads);
    shared.step(params, average.wait(), state);
    alone.step(expected, mean_gradient(expected, t, ranks().size()), state_alone);
  }
  CHECK(same_bits(params, expected));
}

TEST_CASE("a user's optimizer with three trees, and parameters that are blocks of others") {
  Eigen::MatrixXd all = Eigen::MatrixXd::Zero(40, 30), same = all;
  const auto parts_of = [](Eigen::MatrixXd& m) { return std::tuple{m.topRows(17), m.bottomRows(20)}; };
  auto params = parts_of(all), expected = parts_of(same);
  const AMSGrad alone{.learning_rate = 0.05};
  const auto shared = mpi::sharded(alone, ranks());
  auto state = shared.init(params);
  auto state_alone = alone.init(expected);
  auto grads = zeros_like(params);
  for (int t = 1; t <= 4; ++t) {
    write_gradient(params, grads, t);
    shared.step(params, grads, state);
    alone.step(expected, grads, state_alone);
  }
  CHECK(same_bits(params, expected));
}

TEST_CASE("ranks that differ in a hyperparameter, the shapes or the optimizer are told which") {
  if (ranks().size() == 1) return;
  const bool mine = ranks().rank() == ranks().size() - 1;
  const std::string who = "rank " + std::to_string(ranks().size() - 1) + ": ";
  auto params = make_tree<float>(small_shapes);
  Adam adam{.learning_rate = 0.125};
  SECTION("a field") {
    if (mine) adam.beta2 = 0.75;
    CHECK_THROWS_WITH(mpi::sharded(adam, ranks()).init(params),
                      who + "Adam: beta2 is 0.75, but on rank 0 it is 0.999");
  }
  SECTION("a leaf") {
    if (mine) params[0].resize(3, 4);
    CHECK_THROWS_WITH(mpi::sharded(adam, ranks()).init(params),
                      who + "Adam: leaf '0' is 3 x 4 of float, but on rank 0 it is 4 x 3 of float");
  }
  SECTION("a value") {
    if (mine) params[1](2, 0) += 1;
    CHECK_THROWS_WITH(mpi::sharded(adam, ranks()).init(params),
                      contains(who + "Adam: the hash of leaf '1' is "));
  }
  SECTION("a learning rate that another schedule has set") {
    auto optimizer = mpi::sharded(adam, ranks());
    auto state = optimizer.init(params);
    const auto before = params;
    if (mine) optimizer.inner.learning_rate = 0.25;
    CHECK_THROWS_WITH(optimizer.step(params, before, state),
                      who + "Adam: learning_rate is 0.25, but on rank 0 it is 0.125");
    CHECK(same_bits(params, before));
    optimizer.inner.learning_rate = 0.125;
    optimizer.step(params, before, state);
    CHECK(!same_bits(params, before));
  }
  SECTION("a gradient of another shape") {
    const auto optimizer = mpi::sharded(adam, ranks());
    auto state = optimizer.init(params);
    const auto before = params;
    auto grads = params;
    if (mine) grads[1].resize(1, 3);
    CHECK_THROWS_WITH(optimizer.step(params, grads, state),
                      who + "Adam: leaf '1' is 3 x 1, but its gradient is 1 x 3");
    CHECK(same_bits(params, before));
  }
  SECTION("a bad field") {
    if (mine) adam.beta1 = -1;
    CHECK_THROWS_WITH(mpi::sharded(adam, ranks()).init(params), contains("beta1 is -1"));
  }
}

TEST_CASE("a rank receives the parameters that it does not own") {
  auto params = make_tree<float>({{64, 64}, {128, 1}});
  const auto optimizer = mpi::sharded(Adam{}, ranks());
  auto state = optimizer.init(params);
  const std::int64_t before = ranks().received();
  optimizer.step(params, zeros_like(params), state);
  std::int64_t received = 0;
  for (const auto each : ranks().gather(ranks().received() - before)) received += each;
  CHECK(received == std::int64_t{4} * (64 * 64 + 128) * (ranks().size() - 1));
}

TEST_CASE("an optimizer without ranks is refused") {
  const Eigen::MatrixXf params = Eigen::MatrixXf::Ones(2, 2);
  CHECK_THROWS_WITH(mpi::Sharded<gradus::Adam>{}.init(params),
                    "gradus::mpi: an optimizer without ranks: make it by sharded(optimizer, ranks)");
  CHECK_THROWS_WITH(mpi::DataParallel<gradus::Adam>{}.init(params),
                    "gradus::mpi: an optimizer without ranks: make it by data_parallel(optimizer, ranks)");
}
