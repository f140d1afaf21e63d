// SPDX-License-Identifier: MIT
#include "choices.hpp"

template std::unique_ptr<gpt::AnyOptimizer<gpt::Model<Eigen::bfloat16>>> gpt::make_optimizer(
    const std::string&, std::optional<double>, const Model<Eigen::bfloat16>&,
    const SampledGradient<Model<Eigen::bfloat16>>&, double);
