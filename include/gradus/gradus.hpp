// SPDX-License-Identifier: MIT
//
// Everything but what needs more than Eigen's core headers (see the headers that say "not in the umbrella").
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/checks.hpp>
#include <gradus/core/for_each_block.hpp>
#include <gradus/core/for_each_leaf.hpp>
#include <gradus/core/lazy.hpp>
#include <gradus/core/like.hpp>
#include <gradus/core/matrices_like.hpp>
#include <gradus/core/node.hpp>
#include <gradus/core/numerics.hpp>
#include <gradus/core/optimizer.hpp>
#include <gradus/core/segments.hpp>
#include <gradus/core/state.hpp>
#include <gradus/core/strip.hpp>
#include <gradus/core/tree.hpp>
#include <gradus/gradients/clip.hpp>
#include <gradus/minimize/minimize.hpp>
#include <gradus/minimize/observers.hpp>
#include <gradus/objectives/objectives.hpp>
#include <gradus/optimizers/adagrad.hpp>
#include <gradus/optimizers/adam.hpp>
#include <gradus/optimizers/adamuon.hpp>
#include <gradus/optimizers/adamw.hpp>
#include <gradus/optimizers/dion.hpp>
#include <gradus/optimizers/momentum.hpp>
#include <gradus/optimizers/muon.hpp>
#include <gradus/optimizers/muon_presets.hpp>
#include <gradus/optimizers/muon_shape.hpp>
#include <gradus/optimizers/normuon.hpp>
#include <gradus/optimizers/rmsprop.hpp>
#include <gradus/optimizers/sgd.hpp>
#include <gradus/orthogonalize/exact_polar.hpp>
#include <gradus/orthogonalize/newton_schulz.hpp>
#include <gradus/orthogonalize/orthogonalize.hpp>
#include <gradus/orthogonalize/polar_express.hpp>
#include <gradus/orthogonalize/polar_quality.hpp>
#include <gradus/orthogonalize/workspace.hpp>
#include <gradus/schedules/constant.hpp>
#include <gradus/schedules/warmup_cosine.hpp>
#include <gradus/version.hpp>
#include <gradus/wrappers/qk_clip.hpp>
#include <gradus/wrappers/route.hpp>
