// SPDX-License-Identifier: MIT
#include "divided.hpp"

template struct gpt::Choices<gpt::Divided, float>;
