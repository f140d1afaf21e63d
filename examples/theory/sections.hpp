// SPDX-License-Identifier: MIT
//
// All statements. The program theory prints them, the tests hold them.
#pragma once

#include "acceleration.hpp"
#include "adam.hpp"
#include "geometry.hpp"
#include "mini_batch.hpp"
#include "muon.hpp"
#include "regularization.hpp"
#include "sgd.hpp"

namespace theory {

struct Section {
  const char* title;
  Rows (*rows)();
};

inline constexpr Section sections[] = {
    {"SGD, convex", convex_sgd},
    {"SGD, strongly convex", strongly_convex_sgd},
    {"SGD, strongly convex, projected", projected_sgd},
    {"Where a constant step ends", noise_floors},
    {"Acceleration", acceleration},
    {"Variance of batches", batch_variance},
    {"Critical batch size", critical_batch},
    {"Linear scaling", linear_scaling},
    {"Adam's counter-example", adam_fails},
    {"Adam's step size", adam_step_sizes},
    {"Implicit regularization", implicit_regularization},
    {"Flatness", reparametrization},
    {"Muon and Adam on the singular values 100, 1 and 0.01", muon_and_adam},
    {"Descent under a norm", steepest_descent},
    {"Optimizers that are descent under a norm", norms_of_optimizers},
    {"Decay keeps weights in a ball", decay_is_a_ball},
    {"Norms on the singular values 100, 1 and 0.01", norms_and_spectra},
};

}  // namespace theory
