// SPDX-License-Identifier: MIT
//
// What a header of an optimizer includes.
#pragma once

#include <gradus/core/checks.hpp>
#include <gradus/core/decay.hpp>
#include <gradus/core/like.hpp>
#include <gradus/core/numerics.hpp>
#include <gradus/core/state.hpp>
#include <gradus/core/sum_blocks.hpp>
