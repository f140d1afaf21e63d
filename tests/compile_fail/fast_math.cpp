// expect: gradus: -ffinite-math-only, which -ffast-math contains, removes the checks for infinity and NaN
// SPDX-License-Identifier: MIT
// With the options that CMakeLists.txt gives it.
#include <gradus/optimizers/sgd.hpp>
