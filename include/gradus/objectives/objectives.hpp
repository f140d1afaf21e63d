// SPDX-License-Identifier: MIT
//
// All objectives of the library. Left out is <gradus/tools/autodiff.hpp>, which needs Eigen's
// unsupported AutoDiff module: include it yourself.
#pragma once

#include <gradus/objectives/bowls.hpp>
#include <gradus/objectives/coupled_minima.hpp>
#include <gradus/objectives/finite_sums.hpp>
#include <gradus/objectives/matrix_problems.hpp>
#include <gradus/objectives/plane_bowls.hpp>
#include <gradus/objectives/plane_kinks.hpp>
#include <gradus/objectives/plane_polynomials.hpp>
#include <gradus/objectives/plane_waves.hpp>
#include <gradus/objectives/separable_minima.hpp>
#include <gradus/objectives/terrain.hpp>
#include <gradus/objectives/test_function.hpp>
#include <gradus/objectives/valleys.hpp>
#include <gradus/tools/portable_random.hpp>
#include <tuple>
#include <utility>

namespace GRADUS_NAMESPACE {

/// Every test function of the library.
using TestFunctions =
    std::tuple<Sphere, IllConditionedQuadratic, SumOfSquares, SumOfDifferentPowers, Zakharov, Trid,
               Rosenbrock, DixonPrice, PowellSingular, Wood, StyblinskiTang, Rastrigin, Schwefel, Michalewicz,
               Ackley, Griewank, Levy, Booth, Matyas, Beale, Himmelblau, GoldsteinPrice, ThreeHumpCamel,
               SixHumpCamel, McCormick, Branin, Easom, DropWave, Bukin6, CrossInTray, Eggholder>;

/// Calls `visitor(f)` with every test function in turn, each with its default parameters.
template <class Visitor>
void for_each_test_function(Visitor&& visitor) {
  [&visitor]<std::size_t... I>(std::index_sequence<I...>) {
    (visitor(std::tuple_element_t<I, TestFunctions>{}), ...);
  }
  (std::make_index_sequence<std::tuple_size_v<TestFunctions>>{});
}

}  // namespace GRADUS_NAMESPACE
