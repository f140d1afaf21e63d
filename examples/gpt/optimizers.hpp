// SPDX-License-Identifier: MIT
//
// Optimizers of any type behind one interface.
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/gradients/clip.hpp>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Checkpoints need nlohmann-json. A program that writes none says false, and compiles faster.
#ifndef GPT_CAN_SAVE
#if __has_include(<nlohmann/json.hpp>)
#define GPT_CAN_SAVE true
#else
#define GPT_CAN_SAVE false
#endif
#endif
#if GPT_CAN_SAVE
#include <gradus/io/checkpoint.hpp>
#endif

#include "model.hpp"

namespace gpt {

using Metadata = std::map<std::string, std::string>;

/// An optimizer together with its state, whatever its type: the training loop is compiled once.
template <class Params>
class AnyOptimizer {
 public:
  virtual ~AnyOptimizer() = default;
  /// A step, with the gradient clipped to this global norm.
  virtual void step(Params& params, const Params& gradient, double clip) = 0;
  /// All learning rates become this share of what they were in the beginning.
  virtual void set_share(double share) = 0;
  /// What the optimizer offers as its result: mostly the parameters themselves.
  virtual void solution(const Params& params, Params& result) const = 0;
  /// Files, as `gradus::io::save` and `gradus::io::load` have them, where the program was built with them.
  static constexpr bool can_save = GPT_CAN_SAVE;
  virtual void save(const std::string& path, const Params& params, const Metadata& metadata) const = 0;
  virtual Metadata load(const std::string& path, Params& params) = 0;
};

/// One process, which has the whole state, and writes files by itself. Divided, in divided.hpp, is several.
struct Alone {
  template <class Optimizer>
  auto operator()(const Optimizer& optimizer) const {
    return optimizer;
  }
#if GPT_CAN_SAVE
  template <class... Run>
  void save(const std::string& path, const Run&... run) const {
    gradus::io::save(path, run...);
  }
  template <class... Run>
  Metadata load(const std::string& path, Run&... run) const {
    return gradus::io::load(path, run...).metadata;
  }
#endif
};

template <class Optimizer, class Params, class Processes = Alone>
class TypedOptimizer : public AnyOptimizer<Params> {
 public:
  TypedOptimizer(const Optimizer& optimizer, const Params& params, const Processes& processes = {})
      : processes_(processes), optimizer_(optimizer), state_(optimizer.init(params)) {
    gradus::for_each_field(optimizer_, [this]<class Field>(const std::string& name, Field& field) {
      if constexpr (std::is_same_v<Field, double>) {
        if (name.ends_with("learning_rate")) learning_rates_.emplace_back(&field, field);
      }
    });
  }
  TypedOptimizer(const TypedOptimizer&) = delete;

  void step(Params& params, const Params& gradient, double clip) override {
    optimizer_.step(params, gradus::clip_by_global_norm(gradient, clip), state_);
  }
  void set_share(double share) override {
    for (const auto& [field, value] : learning_rates_) *field = share * value;
  }
  void solution(const Params& params, Params& result) const override {
    result = gradus::solution(optimizer_, params, state_);
  }
#if GPT_CAN_SAVE
  void save(const std::string& path, const Params& params, const Metadata& metadata) const override {
    processes_.save(path, params, optimizer_, state_, metadata);
  }
  Metadata load(const std::string& path, Params& params) override {
    return processes_.load(path, params, optimizer_, state_);
  }
#else
  void save(const std::string&, const Params&, const Metadata&) const override { refuse(); }
  Metadata load(const std::string&, Params&) override { refuse(); }
#endif

 private:
  [[noreturn]] static void refuse() {
    throw std::runtime_error("this program was built without nlohmann-json, which checkpoints need");
  }

  Processes processes_;
  Optimizer optimizer_;
  gradus::state_of<Optimizer, Params> state_;
  std::vector<std::pair<double*, double>> learning_rates_;  // the fields, and what they were in the beginning
};

}  // namespace gpt
