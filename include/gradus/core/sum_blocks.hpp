// SPDX-License-Identifier: MIT
//
// Sums over all coefficients, with the same bits for any number of threads.
#pragma once

#include <array>
#include <gradus/core/for_each_block.hpp>
#include <limits>

namespace GRADUS_NAMESPACE {

namespace detail {

// The sum of the first `count` terms; of all in registers.
template <class Terms>
EIGEN_ALWAYS_INLINE double sum_of_first(Index count, const Terms& terms) {
  if (count == terms.size()) return terms.sum();
  double sum = 0;
  for (Index i = 0; i < count; ++i) sum += terms.coeff(i);
  return sum;
}

}  // namespace detail

/// N sums over all coefficients, in `double`: `f(block, ...)` returns a `std::tuple` of N arrays of doubles.
/// As in `for_each_block`, what `f` changes is stored in the trees that are not const. The order of the
/// additions depends on the shapes alone: the results have the same bits for any number of threads.
template <std::size_t N, class F, class First, class... Rest>
std::array<double, N> sum_blocks(const F& f, First&& first, Rest&&... rest) {
  constexpr int most = 64;
  const Index total = gradus::coefficient_count(first);
  const Index wanted = total / (detail::parallel_threshold / 2);
  const int segments = wanted < 1 ? 1 : (wanted < most ? static_cast<int>(wanted) : most);
  std::array<std::array<double, N>, most> partial{};
  detail::for_each_segment(segments, [&](int from, int to) {
    const auto adding_to = [&](int s) {
      return [&f, &sums = partial[static_cast<std::size_t>(s)]](Index count, auto&... values) {
        const auto terms = f(values...);
        [&]<std::size_t... I>(std::index_sequence<I...>) {
          ((sums[I] += detail::sum_of_first(count, std::get<I>(terms))), ...);
        }
        (std::make_index_sequence<N>{});
      };
    };
    detail::run_segments(adding_to, total, segments, from, to, first, rest...);
  });
  std::array<double, N> sums{};
  for (int s = 0; s < segments; ++s) {
    for (std::size_t i = 0; i < N; ++i) sums[i] += partial[static_cast<std::size_t>(s)][i];
  }
  return sums;
}

/// The sum of `f(block, ...)`, one array of doubles, over all coefficients.
template <class F, class... Trees>
double sum_blocks(const F& f, Trees&&... trees) {
  return gradus::sum_blocks<1>([&](auto&... values) { return std::tuple(f(values...).eval()); }, trees...)[0];
}

/// The Euclidean norm of all coefficients `f(block, ...)`, one array, in `double`, without overflow or
/// underflow on the way.
template <class F, class... Trees>
double norm_blocks(const F& f, Trees&... trees) {
  const auto scaled = [&](double scale) {
    const double sum = gradus::sum_blocks(
        [&](const auto&... x) { return (gradus::wide(f(x...)) * scale).square().eval(); }, trees...);
    return std::pair{sum, std::sqrt(sum) / scale};
  };
  const auto [sum, norm] = scaled(1.0);
  if (sum > std::numeric_limits<double>::max()) return scaled(0x1p-600).second;
  if (sum < 1e-280) return scaled(0x1p600).second;
  return norm;
}

/// The Euclidean norm of all coefficients of a tree. Throws `std::invalid_argument` where the trees inside a
/// lazy one differ.
template <class Tree>
double norm(const Tree& tree) {
  static_assert(detail::explain_tree<Tree>());
  if constexpr (Gradients<Tree>) {
    detail::require_consistent("norm", tree);
    return gradus::norm_blocks([](const auto& x) { return x; }, tree);
  } else {
    return 0;
  }
}

/// True if no coefficient of a tree is infinite or NaN. Throws as `norm`.
template <class Tree>
bool all_finite(const Tree& tree) {
  static_assert(detail::explain_tree<Tree>());
  if constexpr (Gradients<Tree>) {
    detail::require_consistent("all_finite", tree);
    return gradus::sum_blocks([](const auto& x) { return gradus::wide(x * 0); }, tree) == 0;
  } else {
    return false;
  }
}

namespace detail {

// The same for gradients. The parameters are not read: they say which leaves of a route are ours.
template <class P, class G>
bool all_finite_beside(const P& params, const G& grads) {
  const auto zero = [](const auto&, const auto& g) { return wide(g * 0); };  // of an infinity it is NaN
  return gradus::sum_blocks(zero, params, grads) == 0;
}

}  // namespace detail

}  // namespace GRADUS_NAMESPACE
