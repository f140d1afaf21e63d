// SPDX-License-Identifier: MIT
//
// The training loop: batches, gradient, schedule, step; and the loss on text that was kept back.
#pragma once

#include <chrono>
#include <functional>
#include <gradus/schedules/warmup_cosine.hpp>
#include <gradus/tools/qk_clip.hpp>

#include "optimizers.hpp"
#include "team.hpp"
#include "text.hpp"

namespace gpt {

struct Settings {
  Configuration sizes = {};
  double deviation = 0.02;  // of the first weights
  Index batch = 12;         // sequences
  int accumulate = 1;       // batches whose gradients are added up for a step
  std::int64_t steps = 2000, warmup = 100;
  bool constant_rate = false;  // after the warm-up; else half a cosine down to a tenth
  double clip = 1;             // the gradient's largest norm; infinity for no limit
  double qk_clip = 0;          // the largest attention logit, held by QkClip; 0 for none
  int threads = 1;
  std::uint64_t seed = 1337;
};

/// The share of the learning rates that step number `t` takes, the first being 1.
inline double rate_share(const Settings& settings, std::int64_t t) {
  if (settings.constant_rate) {
    return std::min(1.0, static_cast<double>(t) / static_cast<double>(settings.warmup + 1));
  }
  return gradus::WarmupCosine{.peak = 1,
                              .warmup_steps = std::min(settings.warmup, settings.steps),
                              .total_steps = settings.steps,
                              .floor = 0.1}(t);
}

/// A model in training. The network computes in float. Where the parameters, and the gradients that the
/// optimizer gets, have 16 bits, it computes with a copy.
template <class Scalar>
class Training {
 public:
  using Params = Model<Scalar>;

  Params params;
  // Of the last step.
  double optimizer_seconds = 0, largest_logit = 0;

  Training(const Settings& settings, const Text& text, Team team = {})
      : params(random_model<Scalar>(settings.sizes, settings.seed, settings.deviation)),
        settings_(settings),
        team_(std::move(team)),
        text_(&text),
        loss_(settings.sizes, settings.batch, settings.threads),
        gradient_(random_model<float>(settings.sizes, 0)) {
    if constexpr (is_narrow) wide_params_ = gradient_, narrow_gradient_ = params;
  }

  /// Step number `t`, the first being 1. Returns the mean loss of its batches, of all processes.
  double step(AnyOptimizer<Params>& optimizer, std::int64_t t) {
    Loss<float>::set_zero(gradient_);
    loss_.reset_largest_logits();
    double total = 0;
    for (int i = 0; i < settings_.accumulate; ++i) {
      draw(batch_, text_->training, settings_.batch, settings_.sizes.context, settings_.seed,
           (t * settings_.accumulate + i) * team_.size + team_.rank);
      total += loss_(widened(params), batch_, gradient_, 1.0 / settings_.accumulate);
    }
    team_.average(gradient_);
    const Params& gradient = narrowed_gradient();
    const auto start = std::chrono::steady_clock::now();
    optimizer.set_share(rate_share(settings_, t));
    optimizer.step(params, gradient, settings_.clip);
    optimizer_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    largest_logits_ = loss_.largest_logits();
    team_.largest(largest_logits_);
    largest_logit = static_cast<double>(largest_logits_.maxCoeff());
    if (settings_.qk_clip > 0) clip_logits();
    return team_.mean(total / settings_.accumulate);
  }

  /// The mean loss on text that was kept back: always on the same batches, which are divided among the
  /// processes.
  double validate(const Params& solution, int batches = 50) {
    double total = 0;
    for (int i = team_.rank; i < batches; i += team_.size) {
      draw(batch_, text_->validation, settings_.batch, settings_.sizes.context, settings_.seed, i);
      total += loss_(widened(solution), batch_);
    }
    return team_.mean(total) * team_.size / batches;
  }

  /// Writes the gradient for targets that the model draws for the batch of this step. What the optimizer got
  /// as its gradient stays as it is, since a step asks for this before it is done with that.
  void sampled_gradient(const Params& at, Params& result, std::int64_t t) {
    loss_.draw_targets(widened(at), batch_, static_cast<std::uint64_t>(t));
    const auto write = [&](Model<float>& gradient) {
      Loss<float>::set_zero(gradient);
      loss_(widened(at), batch_, gradient);
      team_.average(gradient);
    };
    if constexpr (is_narrow) {
      write(gradient_);
      assign(result, gradient_);
    } else {
      write(result);
    }
  }

  /// The norm of the last step's gradient, before it was clipped.
  double gradient_norm() const { return gradus::norm(gradient_); }

  /// The same parameters for the network.
  const Model<float>& widened(const Params& narrow) {
    if constexpr (is_narrow) {
      assign(wide_params_, narrow);
      return wide_params_;
    } else {
      return narrow;
    }
  }

 private:
  static constexpr bool is_narrow = !std::is_same_v<Scalar, float>;

  template <class To, class From>
  static void assign(To& to, const From& from) {
    gradus::for_each_block([](auto& x, const auto& y) { x = y; }, to, from);
  }
  const Params& narrowed_gradient() {
    if constexpr (is_narrow) {
      assign(narrow_gradient_, gradient_);
      return narrow_gradient_;
    } else {
      return gradient_;
    }
  }

  // Queries and keys of a head shrink until its largest logit would have been the threshold.
  void clip_logits() {
    const gradus::QkClip clip{settings_.qk_clip};
    const Index rows = settings_.sizes.width / settings_.sizes.heads;
    for (Index layer = 0; layer < largest_logits_.cols(); ++layer) {
      Matrix<Scalar>& qkv = params.blocks[static_cast<std::size_t>(layer)].qkv;
      for (Index head = 0; head < largest_logits_.rows(); ++head) {
        clip.multi_head(qkv.middleRows(head * rows, rows),
                        qkv.middleRows(settings_.sizes.width + head * rows, rows),
                        static_cast<double>(largest_logits_(head, layer)));
      }
    }
  }

  Settings settings_;
  Team team_;
  const Text* text_;
  Batch batch_;
  Loss<float> loss_;
  Model<float> gradient_, wide_params_;
  Matrix<float> largest_logits_;
  Params narrow_gradient_;
};

}  // namespace gpt
