// SPDX-License-Identifier: MIT
//
// Answers to the questions of introduction/README.md that no other program has. Each is to be read, too.
#pragma once

#include <Eigen/SVD>
#include <cmath>
#include <cstdio>
#include <gradus/gradus.hpp>
#include <gradus/objectives/objectives.hpp>
#include <gradus/tools/portable_random.hpp>

namespace companion {

using Eigen::Vector2d;

/// The points after 0, 1, ..., `steps` steps of an optimizer on f.
template <class Optimizer, class F>
std::vector<Vector2d> way(const Optimizer& optimizer, const F& f, Vector2d x, int steps) {
  std::vector<Vector2d> points{x};
  auto state = optimizer.init(x);
  Vector2d gradient;
  for (int i = 0; i < steps; ++i) {
    f(x, gradient);
    optimizer.step(x, gradient, state);
    points.push_back(x);
  }
  return points;
}

inline const Vector2d start(4.1, 4.5);

/// The four minima of the Styblinski–Tang function: in each coordinate 2x³ − 16x + 2.5 = 0, by Newton's
/// method.
inline void surface() {
  double roots[2] = {-3, 3};
  for (double& x : roots) {
    for (int i = 0; i < 20; ++i) x -= (2 * x * x * x - 16 * x + 2.5) / (6 * x * x - 16);
  }
  for (const double x : roots) {
    for (const double y : roots) {
      const Vector2d point(x, y);
      Vector2d gradient;
      std::printf("(%8.5f, %8.5f)  value %10.5f\n", x, y, gradus::StyblinskiTang{}(point, gradient));
    }
  }
}

/// f = ½(x² + 100y²), a ravine. How many steps bring it from (1, 1) below 1e-6?
inline void ravine() {
  const auto f = [](const Vector2d& x, Vector2d& gradient) {
    gradient = Vector2d(x[0], 100 * x[1]);
    return x.dot(gradient) / 2;
  };
  const auto print = [&](const char* name, const auto& optimizer) {
    const std::vector<Vector2d> points = way(optimizer, f, Vector2d(1, 1), 2000);
    int turns = 0, steps = 0;
    for (Vector2d gradient; f(points[std::size_t(steps)], gradient) > 1e-6; ++steps) {
      turns += points[std::size_t(steps)][1] * points[std::size_t(steps) + 1][1] < 0;
    }
    std::printf("%-28s %4d steps, %4d times across the ravine\n", name, steps, turns);
  };
  // The best rates for curvatures 1 and 100, with and without momentum (Polyak, 1964).
  print("SGD, rate 2/101", gradus::SGD{.learning_rate = 2.0 / 101});
  print("SGD, rate 1/125", gradus::SGD{.learning_rate = 1.0 / 125});
  print("Momentum 81/121, rate 4/121", gradus::Momentum{.learning_rate = 4.0 / 121, .momentum = 81.0 / 121});
}

/// The velocity v ← βv − ηg, θ ← θ + v beside the library's b ← βb + g, θ ← θ − ηb; and β = 0 beside SGD.
inline void velocity() {
  const double eta = 0.02, beta = 0.9;
  const gradus::StyblinskiTang f;
  Vector2d x = start, v(0, 0), gradient;
  for (int i = 0; i < 1200; ++i) {
    f(x, gradient);
    v = beta * v - eta * gradient;
    x += v;
  }
  const Vector2d momentum =
      way(gradus::Momentum{.learning_rate = eta, .momentum = beta}, f, start, 1200).back();
  const Vector2d none = way(gradus::Momentum{.learning_rate = eta, .momentum = 0}, f, start, 1200).back();
  const Vector2d sgd = way(gradus::SGD{.learning_rate = eta}, f, start, 1200).back();
  std::printf("both forms end at the same point, to 1e-12: %s\n",
              (momentum - x).norm() < 1e-12 ? "yes" : "no");
  std::printf("momentum 0 ends where SGD does, to the bit: %s\n", none == sgd ? "yes" : "no");
}

/// The rate of each coordinate, η/(√s + ε): AdaGrad's sum against RMSProp's average.
inline void effective_rate() {
  const gradus::AdaGrad adagrad{.learning_rate = 0.4};
  const gradus::RMSProp rmsprop{.learning_rate = 0.01, .decay = 0.9};
  Vector2d x = start, y = start, gradient;
  auto sum = adagrad.init(x);
  auto average = rmsprop.init(y);
  std::printf("steps          AdaGrad, s and rate          RMSProp, v and rate     (first coordinate)\n");
  for (int i = 1; i <= 1200; ++i) {
    gradus::StyblinskiTang{}(x, gradient);
    adagrad.step(x, gradient, sum);
    gradus::StyblinskiTang{}(y, gradient);
    rmsprop.step(y, gradient, average);
    if (i == 1 || i == 10 || i == 100 || i == 1200) {
      const double s = sum.s[0], v = average.v[0];
      std::printf("%5d %16.4g %10.4g %17.4g %10.4g\n", i, s, 0.4 / std::sqrt(s), v, 0.01 / std::sqrt(v));
    }
  }
}

/// The lengths of Adam's first steps along a constant gradient, in units of η, with and without correction.
inline void bias_correction() {
  const double beta1 = 0.9, beta2 = 0.999, g = 5;
  const gradus::Adam adam{.learning_rate = 1};
  Eigen::Matrix<double, 1, 1> x(0.0), gradient(g);
  auto state = adam.init(x);
  double m = 0, v = 0;
  std::printf("step   Adam   without correction\n");
  for (int t = 1; t <= 1000; ++t) {
    const double before = x[0];
    adam.step(x, gradient, state);
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    if (t <= 3 || t == 10 || t == 100 || t == 1000)
      std::printf("%4d %6.3f %12.3f\n", t, before - x[0], m / std::sqrt(v));
  }
}

/// Weights of 1 with gradients ±100 and ±0.01, which pull nowhere. What is left of them after 1000 steps?
inline void decay() {
  const auto print = [](const char* name, const auto& optimizer) {
    Vector2d x(1, 1), gradient(100, 0.01);
    auto state = optimizer.init(x);
    for (int i = 0; i < 1000; ++i) {
      optimizer.step(x, gradient, state);
      gradient = -gradient;
    }
    std::printf("%-26s %6.3f %15.3f\n", name, x[0], x[1]);
  };
  std::printf("%-26s %6s %15s\n", "gradients of size", "100", "0.01");
  print("Adam, L2 of 0.01", gradus::Adam{.weight_decay = 0.01});
  print("AdamW, decay of 0.1", gradus::AdamW{.weight_decay = 0.1});
  print("AdamW, decay of 0", gradus::AdamW{.weight_decay = 0});
  print("Adam", gradus::Adam{});
}

/// aM + b(MMᵀ)M + c(MMᵀ)²M beside U p(S) Vᵀ with p(σ) = aσ + bσ³ + cσ⁵.
inline void odd_polynomial() {
  const gradus::Quintic p = gradus::quintics::jordan;
  const Eigen::MatrixXd m = gradus::PortableRandom(1).matrix<double>(4, 6);
  const Eigen::MatrixXd square = m * m.transpose();
  const Eigen::MatrixXd of_matrix = p.a * m + p.b * square * m + p.c * square * square * m;
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(m, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::VectorXd values = svd.singularValues().unaryExpr(p);
  const Eigen::MatrixXd of_values = svd.matrixU() * values.asDiagonal() * svd.matrixV().transpose();
  const double difference = (of_matrix - of_values).norm() / of_values.norm();
  std::printf("relative difference below 1e-12: %s\n", difference < 1e-12 ? "yes" : "no");
}

/// Where singular values go: five steps of the iteration, one after another.
inline void newton_schulz() {
  const gradus::Quintic p = gradus::quintics::jordan;
  std::printf("step   1      0.5    0.1    0.01   0.001\n");
  double values[] = {1, 0.5, 0.1, 0.01, 0.001};
  for (int step = 1; step <= 5; ++step) {
    std::printf("%3d ", step);
    for (double& sigma : values) std::printf(" %6.3f", sigma = p(sigma));
    std::printf("\n");
  }
}

/// Muon in the plane: its "matrix" is a vector, whose one singular value is its length.
inline void muon_in_the_plane() {
  const gradus::Muon muon{
      .learning_rate = 0.01, .weight_decay = 0, .scale = gradus::MuonScale::match_rms_adamw};
  const auto points = way(muon, gradus::StyblinskiTang{}, start, 1200);
  double least = 1, most = 0;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const double length = (points[i] - points[i - 1]).norm();
    least = std::min(least, length), most = std::max(most, length);
  }
  double one = 1;
  for (int step = 0; step < 5; ++step) one = gradus::quintics::jordan(one);
  std::printf("steps of length %.6f to %.6f\n0.01 x 0.2 x sqrt(2) x p(p(p(p(p(1))))) = %.6f\n", least, most,
              0.01 * 0.2 * std::sqrt(2) * one);
}

}  // namespace companion
