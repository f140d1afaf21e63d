// SPDX-License-Identifier: MIT
// Catch2 3 where it is installed, Catch2 2.13 otherwise, with one set of names for both.
#pragma once

#if __has_include(<catch2/catch_test_macros.hpp>)

#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace gradus_test {
using Catch::Approx;
/// Matches a text that contains `part`: CHECK_THROWS_WITH(expression, contains("learning_rate")).
inline auto contains(const std::string& part) { return Catch::Matchers::ContainsSubstring(part); }
}  // namespace gradus_test

#else

#include <catch2/catch.hpp>

namespace gradus_test {
using Approx = Catch::Detail::Approx;
inline auto contains(const std::string& part) { return Catch::Matchers::Contains(part); }
}  // namespace gradus_test

#endif
