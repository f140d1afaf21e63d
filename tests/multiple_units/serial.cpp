// SPDX-License-Identifier: MIT
#include "steps.inc"

#ifdef _OPENMP
#error "this unit is compiled without OpenMP"
#endif

multiple_units::Result multiple_units::serial() { return run(); }
