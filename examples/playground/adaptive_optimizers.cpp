// SPDX-License-Identifier: MIT
#include "optimizer.hpp"

namespace {

// Sophia asks for products of the Hessian with a vector: differences of the gradient.
auto make_sophia(const playground::Function& f) {
  using playground::Point;
  return gradus::sophia(gradus::hutchinson(
      [f](const Point& x, const Point& u, Point& product) {
        constexpr double step = 1e-4;
        Point ahead, behind;
        f(x + step * u, ahead), f(x - step * u, behind);
        product = (ahead - behind) / (2 * step);
      },
      1));
}

}  // namespace

std::vector<playground::Optimizer> playground::adaptive_optimizers() {
  using namespace gradus;
  return {entry<AdaGrad>(),   entry<AdaDelta>(), entry<RMSProp>(),
          entry<Adam>(),      entry<AdamW>(),    entry<AMSGrad>(),
          entry<AdaMax>(),    entry<NAdam>(),    entry<RAdam>(),
          entry<AdaBelief>(), entry<LaProp>(),   entry<ADOPT>(),
          entry<Adan>(),      entry<AdEMAMix>(), entry<MARS>(),
          entry<LAMB>(),      entry<Prodigy>(),  entry<ScheduleFreeAdamW>(),
          entry<Adafactor>(), entry<CAME>(),     entry("Sophia", make_sophia)};
}
