// SPDX-License-Identifier: MIT
#include "steps.inc"

#ifndef _OPENMP
#error "this unit is compiled with OpenMP"
#endif

multiple_units::Result multiple_units::threaded() { return run(); }
