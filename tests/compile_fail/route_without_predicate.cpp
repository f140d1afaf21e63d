// expect-only: gradus::route(predicate, optimizer, ..., optimizer): a predicate must be callable
// SPDX-License-Identifier: MIT
#include <gradus/gradus.hpp>

void test() { gradus::route(gradus::Muon{}, gradus::AdamW{}); }
