// SPDX-License-Identifier: MIT
//
// All statements. The program theory prints them, the tests hold them.
#pragma once

#include "acceleration.hpp"
#include "adam.hpp"
#include "errata.hpp"
#include "flatness.hpp"
#include "geometry.hpp"
#include "mini_batch.hpp"
#include "momentum_under_noise.hpp"
#include "muon.hpp"
#include "regularization.hpp"
#include "sgd.hpp"
#include "stationarity.hpp"
#include "variance_reduction.hpp"
#include "warmup.hpp"
#include "wilson.hpp"

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
    {"Rates over the number of steps", rates_over_time},
    {"Momentum under noise", momentum_under_noise},
    {"Not convex: stationary points", stationarity},
    {"Variance of batches", batch_variance},
    {"Critical batch size", critical_batch},
    {"Linear scaling", linear_scaling},
    {"Variance reduction", variance_reduction},
    {"Adam's counter-example", adam_fails},
    {"Adam's step size", adam_step_sizes},
    {"Why warm-up", warmup},
    {"Wilson's counter-example", wilson},
    {"Implicit regularization", implicit_regularization},
    {"Sharpness and stability", stability},
    {"Flat minima", flat_minima},
    {"Flatness is no property of the function", reparametrization},
    {"Muon and Adam on the singular values 100, 1 and 0.01", muon_and_adam},
    {"Descent under a norm", steepest_descent},
    {"Optimizers that are descent under a norm", norms_of_optimizers},
    {"Decay keeps weights in a ball", decay_is_a_ball},
    {"Norms on the singular values 100, 1 and 0.01", norms_and_spectra},
    {"Errata: recurrences and defaults", misprinted_recurrences},
    {"Errata: SGD and Adam", misprinted_theory},
    {"Errata: Muon", misprinted_muon},
};

}  // namespace theory
