// SPDX-License-Identifier: MIT
//
// A problem on which adaptive methods learn nothing that generalizes.
#pragma once

#include <Eigen/Dense>
#include <gradus/objectives/finite_sums.hpp>
#include <gradus/optimizers/adagrad.hpp>
#include <gradus/optimizers/adam.hpp>
#include <gradus/optimizers/momentum.hpp>
#include <gradus/optimizers/rmsprop.hpp>
#include <gradus/optimizers/sgd.hpp>

#include "row.hpp"

namespace theory {

/// Wilson et al., arXiv:1705.08292, section 3.3. Sample i, of class y_i = ±1, has the features
///
///     y_i, 1, 1,  and a few that no other sample has: one if y_i = 1, five if y_i = −1.
///
/// The first feature alone tells the class. The first eleven of fifteen samples are of class 1.
struct Wilson {
  static constexpr gradus::Index samples = 15, ones = 11, dimension = 3 + 5 * samples;
  gradus::LinearRegression<> f{Eigen::MatrixXd::Zero(samples, dimension), Eigen::MatrixXd::Zero(samples, 1)};

  static double label(gradus::Index i) { return i < ones ? 1 : -1; }

  Wilson() {
    for (gradus::Index i = 0; i < samples; ++i) {
      f.features.row(i).head(3) << label(i), 1, 1;
      f.features.row(i).segment(3 + 5 * i, i < ones ? 1 : 5).setOnes();
      f.targets(i) = label(i);
    }
  }

  /// 3000 steps from 0, with a rate that falls to 0.
  template <class Optimizer>
  Eigen::MatrixXd trained(Optimizer optimizer) const {
    Eigen::MatrixXd w = Eigen::MatrixXd::Zero(dimension, 1), gradient;
    auto state = optimizer.init(w);
    const double rate = optimizer.learning_rate;
    for (int t = 0; t < 3000; ++t) {
      f(w, gradient);
      optimizer.learning_rate = rate * (3000 - t) / 3000;
      optimizer.step(w, gradient, state);
    }
    return w;
  }

  /// The largest |wᵀx_i − y_i|.
  double training_error(const Eigen::MatrixXd& w) const {
    return (f.features * w - f.targets).cwiseAbs().maxCoeff();
  }

  /// The share of new samples in the wrong class, if as many are of class 1 as here. Of their own features
  /// the weights know nothing.
  static double test_error(const Eigen::MatrixXd& w) {
    const auto score = [&](double y) { return y * w(0) + w(1) + w(2); };
    return (score(1) > 0 ? 0 : double(ones) / samples) + (score(-1) < 0 ? 0 : 1 - double(ones) / samples);
  }
};

/// All fit the samples. Adaptive methods, from 0, end at a multiple of sign(Xᵀy) (lemma 3.1), here
/// sign(Xᵀy)/4: there every new sample is of class 1. SGD ends at the solution of least norm, which is right
/// about all.
inline Rows wilson() {
  const Wilson problem;
  const Eigen::MatrixXd signs = (problem.f.features.transpose() * problem.f.targets).cwiseSign() / 4;
  const Eigen::MatrixXd least =
      problem.f.features.completeOrthogonalDecomposition().solve(Eigen::MatrixXd(problem.f.targets));
  const Eigen::MatrixXd sgd = problem.trained(gradus::SGD{.learning_rate = 0.3});
  const Eigen::MatrixXd momentum = problem.trained(gradus::Momentum{.learning_rate = 0.03});
  const double share = 1 - double(Wilson::ones) / Wilson::samples;
  Rows rows{
      at_most("SGD: largest error on the samples", problem.training_error(sgd), 1e-6),
      at_most("... distance from the solution of least norm", (sgd - least).norm(), 1e-5),
      equals("... share of new samples in the wrong class", Wilson::test_error(sgd), 0, 0),
      equals("momentum: share in the wrong class", Wilson::test_error(momentum), 0, 0),
  };
  const auto adaptive = [&](const char* name, const auto& optimizer) {
    const Eigen::MatrixXd w = problem.trained(optimizer);
    rows.push_back(
        at_most(std::string(name) + ": largest error on the samples", problem.training_error(w), 1e-3));
    rows.push_back(at_most("... distance from sign(X'y)/4", (w - signs).norm(), 1e-3));
    rows.push_back(
        equals("... share of new samples in the wrong class", Wilson::test_error(w), share, 1e-12));
  };
  adaptive("AdaGrad", gradus::AdaGrad{.learning_rate = 0.1});
  adaptive("RMSProp", gradus::RMSProp{.learning_rate = 0.01});
  adaptive("Adam", gradus::Adam{.learning_rate = 0.01});
  return rows;
}

}  // namespace theory
