// expect-success
// SPDX-License-Identifier: MIT
//
// Functions beside a user's struct, with the names that the library's own have, are never called for it: who
// calls them unqualified does not compile here.
#include <gradus/gradus.hpp>
#include <vector>

namespace hostile {

struct Model;

// Each is found beside Model, by argument-dependent lookup, for a call with a Model among the first four
// arguments. It fits as well as the library's function or better, so that the call is deleted or ambiguous.
// The last four are for calls with a template argument, as `take<Value>(leaf)`.
#define GRADUS_TRAP(NAME)                                  \
  template <class... T>                                    \
  void NAME(T&&...) = delete;                              \
  template <class... T>                                    \
  void NAME(Model&, T&&...) = delete;                      \
  template <class... T>                                    \
  void NAME(const Model&, T&&...) = delete;                \
  template <class A, class... T>                           \
  void NAME(A&&, Model&, T&&...) = delete;                 \
  template <class A, class... T>                           \
  void NAME(A&&, const Model&, T&&...) = delete;           \
  template <class A, class B, class... T>                  \
  void NAME(A&&, B&&, Model&, T&&...) = delete;            \
  template <class A, class B, class... T>                  \
  void NAME(A&&, B&&, const Model&, T&&...) = delete;      \
  template <class A, class B, class C, class... T>         \
  void NAME(A&&, B&&, C&&, Model&, T&&...) = delete;       \
  template <class A, class B, class C, class... T>         \
  void NAME(A&&, B&&, C&&, const Model&, T&&...) = delete; \
  template <class X, class... T>                           \
  void NAME(Model&, T&&...) = delete;                      \
  template <class X, class... T>                           \
  void NAME(const Model&, T&&...) = delete;                \
  template <auto X, class... T>                            \
  void NAME(Model&, T&&...) = delete;                      \
  template <auto X, class... T>                            \
  void NAME(const Model&, T&&...) = delete;

// Traversals and their parts.
GRADUS_TRAP(walk)
GRADUS_TRAP(descend)
GRADUS_TRAP(child)
GRADUS_TRAP(structure)
GRADUS_TRAP(underlying)
GRADUS_TRAP(without_subset)
GRADUS_TRAP(as_deep_const)
GRADUS_TRAP(for_each_constituent)
GRADUS_TRAP(for_each_block)
GRADUS_TRAP(for_each_leaf)
GRADUS_TRAP(for_each_segment)
GRADUS_TRAP(spread_leaves)
GRADUS_TRAP(leaf_threads)
GRADUS_TRAP(run_segments)
GRADUS_TRAP(run_leaf)
GRADUS_TRAP(run_small)
GRADUS_TRAP(run_range)
GRADUS_TRAP(run_strips)
GRADUS_TRAP(run_blocks)
GRADUS_TRAP(strip)
GRADUS_TRAP(take)
GRADUS_TRAP(put)
GRADUS_TRAP(sum_blocks)
GRADUS_TRAP(sum_units)
GRADUS_TRAP(norm_blocks)
GRADUS_TRAP(norm)
GRADUS_TRAP(all_finite)
GRADUS_TRAP(leaf_count)
GRADUS_TRAP(coefficient_count)
GRADUS_TRAP(broadcast)
// Checks.
GRADUS_TRAP(require_parameters)
GRADUS_TRAP(require_same_structure)
GRADUS_TRAP(require_same_shape)
GRADUS_TRAP(require_same_shapes)
GRADUS_TRAP(require_equal_counts)
GRADUS_TRAP(require_key)
GRADUS_TRAP(require_consistent)
GRADUS_TRAP(require_written)
GRADUS_TRAP(check_step)
GRADUS_TRAP(check)
GRADUS_TRAP(check_leaf)
// Trees like others.
GRADUS_TRAP(grow)
GRADUS_TRAP(filled)
GRADUS_TRAP(copied)
GRADUS_TRAP(made_like)
GRADUS_TRAP(make)
GRADUS_TRAP(make_matrices_like)
GRADUS_TRAP(make_workspaces)
GRADUS_TRAP(full_like)
GRADUS_TRAP(zeros_like)
GRADUS_TRAP(copy_like)
GRADUS_TRAP(full_state)
GRADUS_TRAP(zero_state)
GRADUS_TRAP(copy_state)
GRADUS_TRAP(deep_copy)
GRADUS_TRAP(lazy)
GRADUS_TRAP(read_only)
// What optimizers, wrappers and transformations are made of.
GRADUS_TRAP(init)
GRADUS_TRAP(step)
GRADUS_TRAP(run)
GRADUS_TRAP(solution)
GRADUS_TRAP(schedule_free_average)
GRADUS_TRAP(visit)
GRADUS_TRAP(visit_all)
GRADUS_TRAP(visit_field)
GRADUS_TRAP(visit_state)
GRADUS_TRAP(visit_fields)
GRADUS_TRAP(trees_of)
GRADUS_TRAP(for_each_field)
GRADUS_TRAP(for_each_part)
GRADUS_TRAP(owner_of)
GRADUS_TRAP(stage_of)
GRADUS_TRAP(any_stage_has)
GRADUS_TRAP(inner_products)
GRADUS_TRAP(scale)
GRADUS_TRAP(add_decay)
GRADUS_TRAP(add_noise)
GRADUS_TRAP(centralize)
GRADUS_TRAP(clip_adaptively)
GRADUS_TRAP(clip_by_block_rms)
GRADUS_TRAP(clip_by_global_norm)
GRADUS_TRAP(clip_by_value)
GRADUS_TRAP(minimize)
GRADUS_TRAP(any_asks_to_stop)
GRADUS_TRAP(check_gradient)
// Arithmetic of blocks.
GRADUS_TRAP(advance)
GRADUS_TRAP(approach)
GRADUS_TRAP(clamped)
GRADUS_TRAP(representable)
GRADUS_TRAP(root)
GRADUS_TRAP(sign_of)
GRADUS_TRAP(step_with_decay)
GRADUS_TRAP(wide)
GRADUS_TRAP(wide_square)
#undef GRADUS_TRAP

struct Model {
  Eigen::MatrixXd w;
  Eigen::Matrix3d small;
  Eigen::VectorXd b;
  GRADUS_LEAVES(w, small, b)
};

}  // namespace hostile

namespace {

using hostile::Model;

constexpr auto as_it_is = [](const auto& gradient, const auto&) -> const auto& { return gradient; };

// All that is done with an optimizer, along the gradient that `transform` makes.
template <class O, class Transform>
void compile(const O& optimizer, const Transform& transform) {
  Model model, gradient;
  auto state = optimizer.init(model);
  optimizer.check(model, gradient, state);
  optimizer.step(model, transform(gradient, model), state);
  gradus::solution(optimizer, model, state);
}

template <class O>
void check(const O& optimizer) {
  compile(optimizer, as_it_is);
}

template <class Transform>
void check_transform(const Transform& transform) {
  compile(gradus::AdamW{}, transform);
}

constexpr auto square = [](const auto& x, auto& gradient) {
  gradus::walk(
      "square", [](const gradus::Path&, const auto& from, auto& to) { to = from; }, x, gradient);
  const double length = gradus::norm(x);
  return length * length / 2;
};

}  // namespace

void optimizers_for_coefficients() {
  check(gradus::SGD{});
  check(gradus::Momentum{});
  check(gradus::Nesterov{});
  check(gradus::AdaGrad{});
  check(gradus::AdaDelta{});
  check(gradus::RMSProp{.momentum = 0.9, .centered = true});
  check(gradus::Adam{});
  check(gradus::AdamW{});
  check(gradus::AMSGrad{});
  check(gradus::AdaMax{});
  check(gradus::NAdam{});
  check(gradus::RAdam{});
  check(gradus::AdaBelief{});
  check(gradus::LaProp{});
  check(gradus::ADOPT{});
  check(gradus::Adan{});
  check(gradus::AdEMAMix{});
  check(gradus::MARS{});
  check(gradus::ASGD{});
  check(gradus::Rprop{});
  check(gradus::Lion{});
  check(gradus::Signum{});
  check(gradus::LAMB{});
  check(gradus::LARS{});
  check(gradus::Prodigy{});
  check(gradus::ScheduleFreeSGD{});
  check(gradus::ScheduleFreeAdamW{});
  check(gradus::Frozen{});
  const auto product = [](const auto&, const auto& u, auto& out) { out = u; };
  check(gradus::sophia(gradus::hutchinson(product, 1)));
}

void optimizers_for_matrices() {
  check(gradus::Muon{});
  check(gradus::NorMuon{});
  check(gradus::AdaMuon{});
  check(gradus::Scion<>{});
  check(gradus::Scion<gradus::MaxNorm>{});
  check(gradus::SteepestDescent<gradus::TwoToMaxNorm>{});
  check(gradus::SteepestDescent<gradus::NuclearNorm>{});
  check(gradus::Dion{});
  check(gradus::Dion2{});
  check(gradus::Shampoo{});
  check(gradus::SOAP{});
  check(gradus::SOAPMuon{});
  check(gradus::PSGDKron{});
  check(gradus::Adafactor{});
  check(gradus::CAME{});
}

void wrappers() {
  using namespace gradus;
  check(lookahead(Adam{}, 2));
  check(accumulate(SGD{}, 2));
  check(polyak_average(SGD{}));
  check(exponential_average(ScheduleFreeSGD{}));
  check(cautious(Adam{}));
  check(stiefel(SGD{}));
  check(hyperball(SGD{}));
  check(update_floor(SGD{}, 0.1, true));
  check(radial_brake(SGD{}));
  check(ema_nesterov(SGD{}));
  check(diloco(SGD{}, 2));
  check(tail_average(SGD{}, 2));
  check(skip_nonfinite(Lion{}));
  check(corrected_decay(AdamW{}, Constant{0.1}, 0.1));
  check(scheduled<&SGD::learning_rate>(SGD{}, Constant{0.1}));
  check(sharpness_aware(square, SGD{}));
  check(route(is_matrix, Muon{}, lookahead(Nesterov{})));
  check(lookahead(route(is_matrix, route(any_leaf, Muon{}), Frozen{})));
}

void transformations() {
  using namespace gradus;
  check_transform([](const auto& g, const auto&) { return gradus::scale(g, 2); });
  check_transform([](const auto& g, const auto&) { return gradus::clip_by_value(g, 0.5); });
  check_transform([](const auto& g, const auto&) { return gradus::clip_by_global_norm(g, 0.5); });
  check_transform([](const auto& g, const auto&) { return gradus::clip_by_block_rms(g, 0.5); });
  check_transform([](const auto& g, const auto& p) { return gradus::clip_adaptively(g, p); });
  check_transform([](const auto& g, const auto&) { return gradus::centralize(g); });
  check_transform([](const auto& g, const auto& p) { return gradus::add_decay(g, p, 0.1); });
  check_transform([](const auto& g, const auto& p) { return gradus::add_decay(g, p, 0.1, is_matrix); });
  check_transform([](const auto& g, const auto&) { return gradus::add_noise(g, 0.1, 1, 2); });
}

void minimize_and_tools(const Model& model) {
  gradus::minimize(square, model, gradus::ScheduleFreeAdamW{}, {.max_steps = 4});
  gradus::minimize(square, std::vector{model}, gradus::ScheduleFreeAdamW{}, {.max_steps = 4});
  gradus::norm(model);
  gradus::leaf_count(model);
  gradus::all_finite(std::tie(model));
}
