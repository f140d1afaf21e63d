// SPDX-License-Identifier: MIT
//
// Answers to the questions of theory/README.md that no other program has.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <gradus/gradus.hpp>
#include <gradus/tools/portable_random.hpp>

namespace companion {

/// 1000 runs begin in a narrow valley, ½·50(x + 1)², beside a wide one, ½(x − 1)²; f is the lower of the two.
/// Where are they after 1000 steps with noise of variance σ²?
inline void narrow_valley() {
  const gradus::SGD sgd{.learning_rate = 0.02};
  for (const double sigma : {0.0, 5.0, 7.0, 10.0}) {
    gradus::PortableRandom random(1);
    Eigen::ArrayXd x = Eigen::ArrayXd::Constant(1000, -1), gradient = x;
    auto state = sgd.init(x);
    for (int t = 0; t < 1000; ++t) {
      for (Eigen::Index i = 0; i < x.size(); ++i) {
        const double narrow = 50 * (x[i] + 1), wide = x[i] - 1;
        gradient[i] = narrow * (x[i] + 1) < wide * (x[i] - 1) ? narrow : wide;
        gradient[i] += sigma * std::sqrt(3) * random.uniform();
      }
      sgd.step(x, gradient, state);
    }
    const double boundary = -1 + 2 / (1 + std::sqrt(50));
    std::printf("noise %4.1f: %4d of 1000 runs are in the wide valley\n", sigma, int((x > boundary).count()));
  }
}

/// The printed γ = 1 of the theorem for strongly convex functions beside the γ = 2L/μ − 1 that its proof
/// needs, without noise.
inline void strongly_convex_steps() {
  for (const double gamma : {1.0, 199.0}) {
    gradus::SGD sgd;
    Eigen::Vector2d x(1, 1);
    auto state = sgd.init(x);
    std::printf("gamma %3.0f:", gamma);
    for (int t = 1; t <= 100; ++t) {
      const Eigen::Vector2d gradient(x[0], 100 * x[1]);
      if (t <= 2 || t == 10 || t == 100) std::printf("  f(%d) = %.2g", t, x.dot(gradient) / 2);
      sgd.learning_rate = 2 / (gamma + t);
      sgd.step(x, gradient, state);
    }
    std::printf("\n");
  }
}

/// The root of the mean square of Adam's steps where gradients are nothing but noise, in units of η.
inline void warmup() {
  const gradus::Adam adam{.learning_rate = 1};
  gradus::PortableRandom random(1);
  Eigen::VectorXd x = Eigen::VectorXd::Zero(10000), gradient = x;
  auto state = adam.init(x);
  for (int t = 1; t <= 1000; ++t) {
    for (double& g : gradient) g = random.uniform();
    const Eigen::VectorXd before = x;
    adam.step(x, gradient, state);
    if (t == 1 || t == 2 || t == 5 || t == 10 || t == 100 || t == 1000) {
      std::printf("step %4d: %.2f\n", t, (x - before).norm() / std::sqrt(double(x.size())));
    }
  }
}

/// Warmup, then a cosine: η at steps of a run of 1000.
inline void warmup_cosine() {
  const gradus::WarmupCosine schedule{.peak = 1, .warmup_steps = 100, .total_steps = 1000, .floor = 0.1};
  for (const int t : {0, 50, 100, 325, 550, 775, 1000}) std::printf("step %4d: %.3f\n", t, schedule(t));
}

}  // namespace companion
