// SPDX-License-Identifier: MIT
//
// L-BFGS is not ours, but LBFGSpp (https://lbfgspp.statr.me) calls objectives in the same way: an objective
// runs in both unchanged, and one hands its point to the other. First-order steps forgive noise and a poor
// start; near a minimum without noise, L-BFGS is much faster.
#include <cstdio>
#include <gradus/gradus.hpp>
#include <gradus/objectives/objectives.hpp>

#if __has_include(<LBFGS.h>)
#include <LBFGS.h>

int main() {
  gradus::Rosenbrock f;
  Eigen::VectorXd x = gradus::Rosenbrock::start(10), gradient(10);
  const auto report = [&](const char* who, std::int64_t steps) {
    const double value = f(x, gradient);
    std::printf("%-8s %6d %12.3g %12.3g %12.3g\n", who, static_cast<int>(steps), value, gradient.norm(),
                (x.array() - 1).matrix().norm());
  };
  std::printf("%-8s %6s %12s %12s %12s\n", "", "steps", "value", "|gradient|", "distance");
  report("start", 0);

  const auto near = gradus::minimize(f, x, gradus::Adam{.learning_rate = 0.1}, {.max_steps = 200});
  x = near.x;
  report("Adam", near.steps);

  LBFGSpp::LBFGSParam<double> options;
  options.epsilon = options.epsilon_rel = 1e-10;  // of the gradient
  double value = 0;
  const int steps = LBFGSpp::LBFGSSolver<double>(options).minimize(f, x, value);
  report("L-BFGS", steps);
  return value < 1e-16 ? 0 : 1;
}

#else

int main() {
  std::puts("To see the handover, install LBFGSpp (Debian: liblbfgspp-dev) and build this program again.");
}

#endif
