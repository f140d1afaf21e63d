// SPDX-License-Identifier: MIT
#include "choices.hpp"

template struct gpt::Choices<gpt::Alone, Eigen::bfloat16>;
