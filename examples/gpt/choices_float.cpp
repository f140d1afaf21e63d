// SPDX-License-Identifier: MIT
#include "choices.hpp"

template std::unique_ptr<gpt::AnyOptimizer<gpt::Model<float>>> gpt::make_optimizer(
    const std::string&, std::optional<double>, const Model<float>&, const SampledGradient<Model<float>>&,
    double);
