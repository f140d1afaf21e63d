// SPDX-License-Identifier: MIT
//
// Decoupled weight decay, everywhere or cautious.
#pragma once

#include <Eigen/Core>
#include <gradus/core/namespace.hpp>

namespace GRADUS_NAMESPACE {

/// A step with decoupled weight decay, for one block of coefficients:
///
///     θ ← kept · θ − step
///
/// `cautious` leaves out the decay of coefficients that the step moves away from zero: it decays where
/// θ · step ≥ 0 (arXiv:2510.12402).
template <class P, class Step>
EIGEN_ALWAYS_INLINE void step_with_decay(P& p, double kept, const Step& step, bool cautious) {
  if (cautious) {
    const auto u = step.eval();
    p = (p * u >= 0).select(kept * p, p) - u;
  } else {
    p = kept * p - step;
  }
}

}  // namespace GRADUS_NAMESPACE
