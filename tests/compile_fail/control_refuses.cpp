// expect: the harness reads this sentence
// SPDX-License-Identifier: MIT
#include <gradus/version.hpp>

static_assert(GRADUS_VERSION_MAJOR < 0, "the harness reads this sentence");
