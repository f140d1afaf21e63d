// SPDX-License-Identifier: MIT
//
// Gradient transformations take no memory in `step`, and those without numbers of their own none at all.
#include <gradus/gradus.hpp>

#include "allocation/counter.hpp"
#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

// Allocations of a step with `transform(gradients, parameters)`, and of making that.
struct Counts {
  long step, transform;
};

template <class Optimizer, class Transform>
Counts counts_of(const Optimizer& optimizer, const Transform& transform) {
  auto params = make_tree<float>({{17, 9}, {9, 17}, {33, 1}, {64, 64}, {1, 1}});
  auto grads = params;
  write_gradient(params, grads, 1);
  auto state = optimizer.init(params);
  const auto transformed = transform(grads, params);
  return {allocations_in([&] { optimizer.step(params, transformed, state); }),
          allocations_in([&] { transform(grads, params); })};
}

}  // namespace

TEST_CASE("no step with transformed gradients allocates") {
  const auto check = [](const auto& optimizer, const auto& transform, bool is_free) {
    const Counts counts = counts_of(optimizer, transform);
    CHECK(counts.step == 0);
    CHECK((counts.transform == 0) == is_free);
  };
  const SGD sgd;
  check(
      sgd, [](const auto& g, const auto& p) { return add_decay(scale(g, 2), p, 0.1); }, true);
  check(
      sgd, [](const auto& g, const auto&) { return add_noise(g, 0.1, 1, 1); }, true);
  check(
      sgd, [](const auto& g, const auto& p) { return reduce_variance(g, p, scale(p, 2)); }, true);
  check(
      sgd, [](const auto& g, const auto&) { return clip_by_global_norm(g, 1, NormClip::optax); }, true);
  check(
      sgd, [](const auto& g, const auto& p) { return add_decay(g, p, 0.1, is_matrix); }, false);
  check(
      sgd, [](const auto& g, const auto&) { return clip_by_block_rms(g, 0.1); }, false);
  check(
      route(is_matrix, Muon{}, AdamW{}),
      [](const auto& g, const auto& p) { return centralize(clip_adaptively(g, p)); }, false);
}
