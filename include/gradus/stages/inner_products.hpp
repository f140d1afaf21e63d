// SPDX-License-Identifier: MIT
//
// How long a parameter and its update are, and the angle between them.
#pragma once

#include <gradus/stages/stage.hpp>

namespace GRADUS_NAMESPACE {

/// The inner products of a parameter θ and the step u that an update stands for, its factor and rate
/// included but not the learning rate.
struct InnerProducts {
  double theta_theta;  ///< ‖θ‖²
  double theta_u;      ///< ⟨θ, u⟩: negative where the step −ηu makes θ longer
  double u_u;          ///< ‖u‖²
};

/// The inner products of an update, in one pass.
template <class Parameter, class Scalar>
InnerProducts inner_products(const Update<Parameter, Scalar>& update) {
  const auto products = [](const auto& theta, const auto& u) {
    const auto x = wide(theta), y = wide(u);
    return std::tuple((x * x).eval(), (x * y).eval(), (y * y).eval());
  };
  const auto [theta_theta, theta_m, m_m] =
      gradus::sum_blocks<3>(products, std::as_const(update.parameter), update.matrix);
  const double scale = update.factor * update.rate;
  return {theta_theta, scale * theta_m, scale * scale * m_m};
}

}  // namespace GRADUS_NAMESPACE
