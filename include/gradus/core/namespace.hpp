// SPDX-License-Identifier: MIT
//
// The namespace that every header opens.
#pragma once

// Code that was compiled with OpenMP and code without it are different functions, so they have different
// names: one program may hold both.
#ifdef _OPENMP
#define GRADUS_NAMESPACE gradus::inline openmp
#else
#define GRADUS_NAMESPACE gradus::inline serial
#endif

// Checks for infinity and NaN are a part of what is computed here.
#if (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__) || defined(_M_FP_FAST)
#error \
    "gradus: -ffinite-math-only, which -ffast-math contains, removes the checks for infinity and NaN. \
Add -fno-finite-math-only behind it (MSVC: /fp:precise)."
#endif
