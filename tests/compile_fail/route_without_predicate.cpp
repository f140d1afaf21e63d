// expect-only: gradus::route(predicate, optimizer, ..., optimizer): a predicate must be callable
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/adamw.hpp>
#include <gradus/wrappers/route.hpp>

void test() { gradus::route(gradus::AdamW{}, gradus::AdamW{}); }
