// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/optimizer.hpp>

namespace GRADUS_NAMESPACE {

/// AMSGrad (Reddi, Kale & Kumar, arXiv:1904.09237) keeps the largest second moment, x ← max(x, v), and
/// divides by √x. Its three published forms differ in the bias corrections c1 = 1 − β1ᵗ and c2 = 1 − β2ᵗ:
enum class AMSGrad {
  off,    ///< √(v/c2) + ε: plain Adam
  torch,  ///< x ← max(x, v),     √(x/c2) + ε   (`torch.optim`, amsgrad=True)
  optax,  ///< x ← max(x, v/c2),  √x + ε        (`optax.amsgrad`)
  paper   ///< x ← max(x, v),     √x + ε, and m without correction too
};

/// What `Adam` and `AdamW` keep.
template <class Tree>
struct Moments {
  Tree m, v, x;                             ///< averages of g and g²; the largest v, only with AMSGrad
  std::int64_t t = 0;                       ///< steps taken
  double beta1_power = 1, beta2_power = 1;  ///< β1ᵗ, β2ᵗ
  GRADUS_STATE(m, v, x, t, beta1_power, beta2_power)
};

/// The factors that bias correction and the form of AMSGrad give a step: θ ← θ − rate · m/(scale · √v̂ + ε).
struct MomentScales {
  double rate;   ///< η, or η/c1
  double into;   ///< of v, where x takes it in
  double scale;  ///< of the root

  /// v̂ without AMSGrad: v.
  template <class Block>
  const Block& largest(const Block& v) const {
    return v;
  }
  /// v̂ with AMSGrad: x ← max(x, into · v).
  template <class Block>
  const Block& largest(const Block& v, Block& x) const {
    x = x.max(into * v);
    return x;
  }
};

namespace detail {

template <class Optimizer, class P>
Moments<like<P>> init_moments(std::string_view who, const Optimizer& optimizer, const P& params) {
  require_nonnegative(who, "learning_rate", optimizer.learning_rate);
  require_fraction(who, "beta1", optimizer.beta1);
  require_fraction(who, "beta2", optimizer.beta2);
  require_nonnegative(who, "epsilon", optimizer.epsilon);
  require_nonnegative(who, "weight_decay", optimizer.weight_decay);
  Moments<like<P>> state{zeros_like(params), zeros_like(params), {}};
  if (optimizer.amsgrad != AMSGrad::off) state.x = zeros_like(params);
  return state;
}

template <class Optimizer, class P, class G, class Tree>
void step_moments(std::string_view who, const Optimizer& optimizer, P& params, const G& grads,
                  Moments<Tree>& state) {
  const AMSGrad form = optimizer.amsgrad;
  require_same_structure(who, params, grads, state.m, state.v);
  if (form != AMSGrad::off) require_same_structure(who, params, grads, state.x);
  ++state.t;
  const double c1 = advance(state.beta1_power, optimizer.beta1);
  const double c2 = advance(state.beta2_power, optimizer.beta2);
  const auto recurrence =
      optimizer.recurrence({.rate = optimizer.learning_rate / (form == AMSGrad::paper ? 1 : c1),
                            .into = form == AMSGrad::optax ? 1 / c2 : 1,
                            .scale = form == AMSGrad::off || form == AMSGrad::torch ? 1 / std::sqrt(c2) : 1});
  if (form == AMSGrad::off) {
    for_each_block(recurrence, params, grads, state.m, state.v);
  } else {
    for_each_block(recurrence, params, grads, state.m, state.v, state.x);
  }
}

}  // namespace detail
}  // namespace GRADUS_NAMESPACE
