// SPDX-License-Identifier: MIT
//
// Objectives that are a mean over samples, so that a gradient can be taken over a batch of them: linear,
// logistic and softmax regression. `random` makes an instance that is the same on every platform up to
// rounding.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <gradus/concepts.hpp>
#include <gradus/objectives/test_function.hpp>
#include <gradus/tools/portable_random.hpp>
#include <span>

namespace GRADUS_NAMESPACE {

/// ½‖z − y‖² between the scores z of a sample and its target y.
struct SquaredError {
  static constexpr std::string_view name = "LinearRegression";

  /// Returns the loss and makes of the scores its derivative by them, z − y.
  template <class Scores, class Target>
  static auto differentiate(Scores& z, const Target& y) {
    z -= y;
    return z.squaredNorm() / 2;
  }

  /// Makes a random target of the scores, z plus noise in [−1, 1).
  template <class Scores>
  static void draw(Scores& z, PortableRandom& random) {
    for (auto& score : z) score += static_cast<typename Scores::Scalar>(random.uniform());
  }
};

/// Σ log(1 + exp z) − yz, with y = 1 for yes, 0 for no, or a probability in between; each score is the
/// logarithm of the odds of a question of its own.
struct LogisticLoss {
  static constexpr std::string_view name = "LogisticRegression";

  /// Returns the loss and makes of the scores its derivative by them, 1/(1 + exp(−z)) − y.
  template <class Scores, class Target>
  static auto differentiate(Scores& z, const Target& y) {
    using std::exp, std::abs, std::log1p, std::max;
    using Scalar = typename Scores::Scalar;
    Scalar loss = 0;
    for (Index k = 0; k < z.size(); ++k) {
      const Scalar tail = exp(-abs(z[k]));  // of the larger side, so that it cannot overflow
      loss += max(z[k], Scalar(0)) + log1p(tail) - y[k] * z[k];
      z[k] = (z[k] < 0 ? tail : Scalar(1)) / (1 + tail) - y[k];
    }
    return loss;
  }

  /// Makes a random answer, 1 or 0, of each of the odds.
  template <class Scores>
  static void draw(Scores& z, PortableRandom& random) {
    for (auto& score : z) {
      const bool yes = random.uniform() < std::tanh(static_cast<double>(score) / 2);
      score = static_cast<typename Scores::Scalar>(yes);
    }
  }
};

/// The cross-entropy −Σ y log p of p = exp(z) / Σ exp(z), where y holds a 1 for the true class (`one_hot`),
/// or probabilities. A target of the sum s counts s times.
struct CrossEntropy {
  static constexpr std::string_view name = "SoftmaxRegression";

  /// Returns the loss and makes of the scores its derivative by them, p − y.
  template <class Scores, class Target>
  static auto differentiate(Scores& z, const Target& y) {
    using std::log;
    const auto weight = y.sum();
    z.array() -= z.maxCoeff();  // so that exp cannot overflow
    const auto score = z.dot(y);
    z = z.array().exp();
    const auto total = z.sum();
    z = weight / total * z - y;
    return weight * log(total) - score;
  }

  /// Makes a random class, a 1 among zeros, of the scores.
  template <class Scores>
  static void draw(Scores& z, PortableRandom& random) {
    const Scores odds = (z.array() - z.maxCoeff()).exp();
    auto left = static_cast<double>(odds.sum()) * (random.uniform() + 1) / 2;
    Index label = 0;
    for (; label + 1 < z.size() && left >= static_cast<double>(odds[label]); ++label) {
      left -= static_cast<double>(odds[label]);
    }
    z.setZero();
    z[label] = 1;
  }
};

/// Regression: the mean loss of the scores z_i = Xᵀ a_i of the samples a_i against their targets y_i,
///
///     f(X) = (1/n) Σ loss(z_i, y_i),    ∇f(X) = (1/n) Σ a_i (∂loss/∂z_i)ᵀ,
///
/// over a matrix X of d × k, or a vector if k = 1. Convex. A constant term is one more feature that is 1, and
/// ridge regression is `weight_decay` of an optimizer. Called as
///
/// - `f(x)` and `f(x, gradient)`: the mean over all samples;
/// - `f(x, gradient, batch)`: the mean over the samples that a `std::span<const Index>` names.
///
/// Throws `std::invalid_argument`, before the gradient is changed, where shapes do not fit and where the
/// batch is empty or names a sample that there is not. Takes memory for the k scores of one sample.
template <class Loss, class Scalar = double>
struct Regression {
  static constexpr std::string_view name = Loss::name;
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;  ///< of the data

  Matrix features;  ///< n × d, a row a_i for each sample
  Matrix targets;   ///< n × k, a row y_i for each sample

  /// `samples` random rows of `dimension` features in [−1, 1), with targets drawn from the scores that a
  /// random X with coefficients in [−1, 1) gives them.
  static Regression random(Index samples, Index dimension, Index outputs, std::uint64_t seed) {
    PortableRandom draw(seed);
    Regression f{draw.matrix<Scalar>(samples, dimension), Matrix(samples, outputs)};
    const Eigen::MatrixX<Scalar> x = draw.matrix<Scalar>(dimension, outputs);
    for (Index i = 0; i < samples; ++i) {
      Eigen::VectorX<Scalar> z = x.transpose() * f.features.row(i).transpose();
      Loss::draw(z, draw);
      f.targets.row(i) = z.transpose();
    }
    return f;
  }

  /// The number of samples, n.
  Index size() const { return features.rows(); }

  template <class X>
  Scalar operator()(const X& x) const {
    return mean(x, size(), every, [](Index, const auto&) {});
  }

  template <class X, class G>
  Scalar operator()(const X& x, G&& gradient) const {
    return mean_and_gradient(x, gradient, size(), every);
  }

  template <class X, class G>
  Scalar operator()(const X& x, G&& gradient, std::span<const Index> batch) const {
    for (const Index i : batch) {
      if (i < 0 || i >= size()) {
        throw std::invalid_argument(std::string(name) + ": the batch names sample " + std::to_string(i) +
                                    " of " + std::to_string(size()));
      }
    }
    const auto named = [batch](Index j) { return batch[static_cast<std::size_t>(j)]; };
    return mean_and_gradient(x, gradient, static_cast<Index>(batch.size()), named);
  }

 private:
  static Index every(Index j) { return j; }

  // The mean loss over the samples at(0), ..., at(count - 1). `use` gets each with its derivative by the
  // scores.
  template <class X, class At, class Use>
  Scalar mean(const X& x, Index count, At at, Use use) const {
    check(x, count);
    Eigen::VectorX<Scalar> z(targets.cols());
    Scalar sum = 0;
    for (Index j = 0; j < count; ++j) {
      const Index i = at(j);
      z.noalias() = x.transpose() * features.row(i).transpose();
      sum += Loss::differentiate(z, targets.row(i).transpose());
      use(i, z);
    }
    return sum / static_cast<Scalar>(count);
  }

  template <class X, class G, class At>
  Scalar mean_and_gradient(const X& x, G& gradient, Index count, At at) const {
    check(x, count);
    test_functions::fit(name, gradient, x.rows(), x.cols());
    gradient.setZero();
    const Scalar value = mean(x, count, at, [&](Index i, const auto& derivative) {
      gradient.noalias() += features.row(i).transpose() * derivative.transpose();
    });
    gradient /= static_cast<Scalar>(count);
    return value;
  }

  template <class X>
  void check(const X& x, Index count) const {
    test_functions::require_shape(name, "targets", targets, features.rows(), targets.cols());
    test_functions::require_shape(name, "x", x, features.cols(), targets.cols());
    if (count == 0)
      throw std::invalid_argument(std::string(name) + ": there is no sample to take the mean of");
  }
};

/// Linear least squares: mean of ½‖Xᵀa_i − y_i‖².
template <class Scalar = double>
using LinearRegression = Regression<SquaredError, Scalar>;

/// Logistic regression: mean of log(1 + exp z_i) − y_i z_i with z_i = xᵀa_i and y_i = 0 or 1.
template <class Scalar = double>
using LogisticRegression = Regression<LogisticLoss, Scalar>;

/// Softmax regression: mean cross-entropy of the softmax of Xᵀa_i against class y_i, a row of `one_hot`.
template <class Scalar = double>
using SoftmaxRegression = Regression<CrossEntropy, Scalar>;

/// A row for each label: 1 in the column that it names, 0 in the others. Throws `std::invalid_argument` for a
/// label outside 0, ..., classes − 1.
inline Eigen::MatrixXd one_hot(std::span<const Index> labels, Index classes) {
  Eigen::MatrixXd rows = Eigen::MatrixXd::Zero(static_cast<Index>(labels.size()), classes);
  for (Index i = 0; i < rows.rows(); ++i) {
    const Index label = labels[static_cast<std::size_t>(i)];
    if (label < 0 || label >= classes) {
      throw std::invalid_argument("one_hot: label " + std::to_string(label) + " is not one of " +
                                  std::to_string(classes) + " classes");
    }
    rows(i, label) = 1;
  }
  return rows;
}

}  // namespace GRADUS_NAMESPACE
