// SPDX-License-Identifier: MIT
//
// Statements that are in print and do not hold, as far as no other section has them: README.md says where.
#pragma once

#include <Eigen/Dense>
#include <gradus/objectives/separable_minima.hpp>
#include <gradus/optimizers/adadelta.hpp>
#include <gradus/optimizers/adagrad.hpp>
#include <gradus/optimizers/adam.hpp>
#include <gradus/optimizers/adamw.hpp>
#include <gradus/optimizers/momentum.hpp>
#include <gradus/optimizers/muon.hpp>
#include <gradus/optimizers/rmsprop.hpp>
#include <gradus/schedules/warmup_cosine.hpp>
#include <gradus/tools/qk_clip.hpp>

#include "geometry.hpp"
#include "row.hpp"
#include "sgd.hpp"

namespace theory {

/// Where a first step leads.
template <class Optimizer>
double step_from(double theta, double gradient, const Optimizer& optimizer) {
  const auto matrix = [](double x) { return Eigen::MatrixXd::Constant(1, 1, x).eval(); };
  return stepped(optimizer, matrix(theta), matrix(gradient))(0);
}

/// f where 1200 steps of momentum 0.9 lead on Styblinski and Tang's function from (4.1, 4.5).
inline double where_momentum_ends(double eta) {
  const gradus::StyblinskiTang f;
  return gradus::minimize(f, Eigen::Vector2d(4.1, 4.5),
                          gradus::Momentum{.learning_rate = eta, .momentum = 0.9}, {.max_steps = 1200})
      .value;
}

/// Functions, recurrences and defaults as they are printed, and as they are.
inline Rows misprinted_recurrences() {
  const Eigen::Vector2d minimum = Eigen::Vector2d::Constant(-2.903534027771177);
  const double sum = gradus::StyblinskiTang{}(minimum), each = sum / 2;
  const double epsilon = 1e-8, small = 1e-6;
  const double adam = -step_from(0, small, gradus::Adam{.learning_rate = 1, .epsilon = epsilon});
  // The first step of AdaDelta has no average of updates yet. ε = 1e-6, ρ = 0.9, g = 0.001.
  const double adadelta = -step_from(0, 1e-3, gradus::AdaDelta{.decay = 0.9, .epsilon = 1e-6});
  const double rmsprop =
      -step_from(0, 1e-3, gradus::RMSProp{.learning_rate = 1e-3, .decay = 0.9, .epsilon = 1e-6});
  const double decayed = step_from(1, 1, gradus::AdamW{.learning_rate = 0.1, .weight_decay = 0.1});
  const gradus::WarmupCosine schedule{.peak = 1, .warmup_steps = 10, .total_steps = 100};
  return {
      equals("Styblinski-Tang at its minimum, a sum over the coordinates", sum, -78.33233140754283, 1e-12),
      differs("... printed as half the product of both brackets: refuted", sum, 2 * each * each, 1e-3),
      equals("Adam, gradient 1e-6, epsilon outside the root: first step", adam, small / (small + epsilon),
             1e-6),
      differs("... printed with epsilon inside the root: refuted", adam,
              small / std::sqrt(small * small + epsilon), 1e-3),
      equals("AdaGrad, gradient 0: step; without epsilon, as printed, 0/0",
             step_from(1, 0, gradus::AdaGrad{}), 1, 0),
      equals("AdaDelta without average of updates, gradient 0.001: step", adadelta,
             1e-3 * 1e-3 / std::sqrt(0.1 * 1e-6 + 1e-6), 1e-9),
      differs("... printed as RMSProp with the same epsilon: refuted", adadelta, rmsprop, 0.5),
      equals("AdamW, eta = lambda = 0.1, from 1, gradient 1: decays first", decayed, 0.99 - 0.1, 1e-7),
      differs("... printed with the decay last: refuted, by eta^2 lambda", decayed, 0.99 * 0.9, 1e-4),
      equals("momentum from (4.1, 4.5), step 0.02: the global minimum", where_momentum_ends(0.02), sum, 1e-9),
      equals("... step 0.005: caught in a local one", where_momentum_ends(0.005), -64.19561235905536, 1e-9),
      equals("Muon's momentum by default; 0.9 is printed of momentum in general", gradus::Muon{}.momentum,
             0.95, 0),
      equals("warm-up t/T_w, t = 0: the first step moves nothing", schedule(0), 0, 0),
      equals("cosine decay by default: to 0; 0.1 is printed", schedule(100), 0, 0),
  };
}

/// The least v that Adam has on its counter-example, after the first step.
inline double least_second_moment() {
  const gradus::Adam adam{.learning_rate = 0, .beta1 = 0, .beta2 = 1 / 17.0, .epsilon = 0};
  Eigen::MatrixXd x = Eigen::MatrixXd::Ones(1, 1), gradient = x;
  auto state = adam.init(x);
  double least = std::numeric_limits<double>::infinity();
  for (int t = 1; t <= 3000; ++t) {
    gradient(0) = t % 3 == 1 ? 4 : -1;
    adam.step(x, gradient, state);
    least = std::min(least, state.v(0));
  }
  return least;
}

/// What is printed of the theory of SGD and Adam, beside what holds.
inline Rows misprinted_theory() {
  // Four times the batch, and four times the iterations: each at its own best step.
  const ConvexBound larger{.sigma = 0.5}, longer{.steps = 40000};
  return {
      equals("4 times the batch and 4 times the iterations: the same bound",
             larger(larger.best_step()) / longer(longer.best_step()), 1, 1e-12),
      equals("... with a step that is 4 times as long", larger.best_step() / longer.best_step(), 4, 1e-12),
      at_least("Adam's counter-example: least v, so that the rates are bounded", least_second_moment(),
               16 / 17.0),
  };
}

/// What is printed of Muon, beside what holds.
inline Rows misprinted_muon() {
  const gradus::Quintic jordan = gradus::quintics::jordan;
  const Eigen::MatrixXd tall = random_matrix(5, 3, 1), wide = tall.transpose();
  const Eigen::MatrixXd factor = gradus::orthogonalize(tall, gradus::ExactPolar{});
  const Eigen::MatrixXd column = gradus::orthogonalize(Eigen::MatrixXd(tall.topLeftCorner(2, 1)),
                                                       gradus::NewtonSchulz{.coefficients = jordan});
  const Eigen::VectorXd eigenvalues =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(wide.transpose() * wide).eigenvalues();
  const auto off_identity = [](const Eigen::MatrixXd& m) {
    return (m - Eigen::MatrixXd::Identity(m.rows(), m.cols())).norm();
  };
  const gradus::BasicMuon<gradus::ExactPolar> exact{.learning_rate = 1, .weight_decay = 0};
  const auto step_size = [&](const Eigen::MatrixXd& g) { return stepped(exact, 0 * g, g).norm(); };
  Eigen::MatrixXd query = Eigen::MatrixXd::Constant(1, 1, 20), key = query;
  gradus::QkClip{.threshold = 100}.multi_head(query, key, query(0) * key(0));
  return {
      equals("Jordan's quintic: coefficient of the cube", jordan.b, -4.7750, 0),
      differs("... printed as -4.7775: refuted", jordan.b, -4.7775, 1e-5),
      equals("a 2 x 1 matrix, orthogonalized: rows", double(column.rows()), 2, 0),
      differs("... its singular value after five steps, printed as 1: refuted", column.norm(), 1, 0.1),
      equals("Muon's scale for a column of 4: sqrt(rows/cols)", step_size(Eigen::MatrixXd::Ones(4, 1)), 2,
             1e-12),
      equals("... for a row of 4; printed the other way round", step_size(Eigen::MatrixXd::Ones(1, 4)), 1,
             1e-12),
      at_most("polar factor O of a 5 x 3 matrix: |O'O - 1|", off_identity(factor.transpose() * factor),
              1e-12),
      equals("... |OO' - 1|, which is printed to vanish as well", off_identity(factor * factor.transpose()),
             std::sqrt(2), 1e-12),
      at_most("a 3 x 5 matrix: least eigenvalue of M'M, whose inverse root is printed", eigenvalues[0],
              1e-12),
      equals("QK-Clip with tau = 100: logit 20 * 20 becomes, by rescaled weights", query(0) * key(0), 100,
             1e-12),
  };
}

}  // namespace theory
