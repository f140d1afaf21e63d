// SPDX-License-Identifier: MIT
#include <gradus/gradus.hpp>
#include <limits>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

constexpr Index tokens = 7, inputs = 6, heads = 3, width = 4;

Eigen::MatrixXd sample(Index rows, Index cols, double phase) {
  return Eigen::MatrixXd::NullaryExpr(rows, cols, [phase](Index i, Index j) {
    return std::sin(phase + 1.3 * static_cast<double>(i) + 0.7 * static_cast<double>(i * j));
  });
}

const Eigen::MatrixXd x = sample(inputs, tokens, 0.3);  // what the layer reads, a token in each column

// The largest logit of one head.
double largest(const Eigen::MatrixXd& queries, const Eigen::MatrixXd& keys) {
  return (queries.transpose() * keys).maxCoeff() / std::sqrt(static_cast<double>(queries.rows()));
}

auto head_of(Eigen::MatrixXd& weights, Index head) { return weights.middleRows(head * width, width); }

}  // namespace

TEST_CASE("multi-head attention is clipped head by head, to the threshold") {
  Eigen::MatrixXd w_q = sample(heads * width, inputs, 1), w_k = sample(heads * width, inputs, 2);
  w_q.bottomRows(width) *= 0.01;  // the last head stays below
  const Eigen::MatrixXd before_q = w_q, before_k = w_k;
  const auto logit = [&](Index h) { return largest(head_of(w_q, h) * x, head_of(w_k, h) * x); };
  const QkClip clip{.threshold = 2};
  for (Index h = 0; h < heads; ++h) {
    const double before = logit(h);
    CHECK((before > clip.threshold) == (h < 2));
    const double gamma = clip.multi_head(head_of(w_q, h), head_of(w_k, h), before);
    CHECK(gamma == std::min(1.0, 2 / before));
    CHECK(logit(h) == Approx(std::min(before, 2.0)).epsilon(1e-13));
  }
  CHECK(same_bits(head_of(w_q, 2).eval(), before_q.bottomRows(width).eval()));
  CHECK(same_bits(head_of(w_k, 2).eval(), before_k.bottomRows(width).eval()));
  CHECK((w_q.topRows(width).norm() / before_q.topRows(width).norm()) ==
        Approx(w_k.topRows(width).norm() / before_k.topRows(width).norm()));
}

TEST_CASE("a bias is clipped with its weight, and heads may lie in columns and in float") {
  Eigen::MatrixXf w_q = sample(inputs, heads * width, 1).cast<float>();
  Eigen::MatrixXf w_k = sample(inputs, heads * width, 2).cast<float>();
  Eigen::RowVectorXf b_q = Eigen::RowVectorXf::Constant(heads * width, 0.5f), b_k = -0.8f * b_q;
  auto head_q = w_q.middleCols(width, width), head_k = w_k.middleCols(width, width);
  auto bias_q = b_q.segment(width, width), bias_k = b_k.segment(width, width);
  const auto logit = [&] {
    const Eigen::MatrixXf q = x.cast<float>().transpose() * head_q, k = x.cast<float>().transpose() * head_k;
    return largest((q.rowwise() + bias_q).transpose().cast<double>(),
                   (k.rowwise() + bias_k).transpose().cast<double>());
  };
  const float outside = b_q(0);
  const QkClip clip{.threshold = 0.5};
  clip.multi_head(std::tie(head_q, bias_q), std::tie(head_k, bias_k), logit());
  CHECK(logit() == Approx(0.5).epsilon(1e-6));
  CHECK(b_q(0) == outside);
}

TEST_CASE("a head of grouped queries is clipped without its key") {
  Eigen::MatrixXd w_q = sample(2 * width, inputs, 1);
  const Eigen::MatrixXd keys = sample(width, inputs, 2) * x, before = w_q;
  const QkClip clip{.threshold = 1};
  clip.grouped_query(head_of(w_q, 1), largest(head_of(w_q, 1) * x, keys));
  CHECK(largest(head_of(w_q, 1) * x, keys) == Approx(1).epsilon(1e-13));
  CHECK(same_bits(w_q.topRows(width).eval(), before.topRows(width).eval()));
}

TEST_CASE("latent attention is clipped with its shared rotary key left alone") {
  Eigen::MatrixXd w_qc = sample(width, inputs, 1), w_kc = sample(width, inputs, 2);
  Eigen::MatrixXd w_qr = sample(2, inputs, 3);
  const Eigen::MatrixXd rotary_keys = sample(2, inputs, 4) * x;
  const auto logit = [&] {
    Eigen::MatrixXd queries(width + 2, tokens), keys(width + 2, tokens);
    queries << w_qc * x, w_qr * x;
    keys << w_kc * x, rotary_keys;
    return largest(queries, keys);
  };
  const QkClip clip{.threshold = 1.5};
  REQUIRE(logit() > 1.5);
  clip.latent(w_qc, w_kc, w_qr, logit());
  CHECK(logit() == Approx(1.5).epsilon(1e-13));
}

TEST_CASE("clipping refuses what is not a number") {
  Eigen::MatrixXd q = sample(2, 2, 1), k = q, before = q;
  CHECK_THROWS_WITH(QkClip{.threshold = 0}.multi_head(q, k, 5), contains("QkClip: threshold is 0"));
  for (const double bad : {std::numeric_limits<double>::infinity(), std::nan("")}) {
    CHECK_THROWS_WITH(QkClip{}.latent(q, k, before, bad), contains("QkClip: the largest logit is "));
  }
  CHECK(q == before);
  CHECK(QkClip{}.multi_head(q, k, -1e9) == 1);
  CHECK(q == before);
  CHECK(QkClip{}.threshold == 100);
}
