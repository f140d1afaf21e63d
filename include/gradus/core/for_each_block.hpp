// SPDX-License-Identifier: MIT
//
// The traversal for coefficient-wise mathematics: one pass over memory, in register blocks.
#pragma once

#include <gradus/core/checks.hpp>
#include <gradus/core/numerics.hpp>
#include <gradus/core/segments.hpp>
#include <gradus/core/strip.hpp>
#include <limits>

namespace GRADUS_NAMESPACE {

namespace detail {

GRADUS_PACKETS_BEGIN

// Runs the kernel on `blocks` whole blocks; of the last one only `last` coefficients count. Not inlined:
// every size, tail and split goes through this one compilation, so that a coefficient's new value depends on
// its own inputs alone, never on where it stands. The kernel comes by value, so that its constants stay in
// registers.
template <class C, class Kernel, class... Strips>
EIGEN_DONT_INLINE void run_blocks(Kernel kernel, Index blocks, Index last, Strips... strips) {
  for (Index b = 0; b < blocks; ++b) {
    [&](auto... values) {
      kernel(b + 1 < blocks ? Index{block_size<C>} : last, values...);
      (strips.template store<C>(b * block_size<C>, values), ...);
    }(strips.template load<C>(b * block_size<C>)...);
  }
}

GRADUS_PACKETS_END

// The coefficients [begin, end) along strips: dense whole blocks in place, the rest through a staging buffer.
template <class C, class Kernel, CoefficientStrip<C>... Strips>
EIGEN_DONT_INLINE void run_strips(const Kernel& kernel, Index begin, Index end, const Strips&... strips) {
  constexpr Index n = block_size<C>;
  if ((strips.is_dense() && ...) && end - begin >= n) {
    const Index blocks = (end - begin) / n;
    detail::run_blocks<C>(kernel, blocks, n, strips.from(begin, 0)...);
    begin += blocks * n;
  }
  for (; begin < end; begin += n) {
    const Index count = end - begin < n ? end - begin : n;
    [&](auto... staged) {
      detail::run_blocks<C>(kernel, 1, count, staged.stage(strips.from(begin, 0), count)...);
      (staged.put_back(strips.from(begin, 0), count), ...);
    }(Staged<C, Strips>{}...);
  }
}

// The coefficients [begin, end) of a leaf, in the order in which the parameter is stored.
template <class C, class Kernel, class... Strips>
void run_range(const Kernel& kernel, Index begin, Index end, Index inner_size, const Strips&... strips) {
  if (inner_size == 1) {  // a row of a column-major matrix: run along it
    detail::run_strips<C>(kernel, begin, end, strips.along_outer()...);
  } else if ((strips.is_contiguous(inner_size) && ...)) {
    detail::run_strips<C>(kernel, begin, end, strips...);
  } else {
    for (Index j = begin / inner_size; j * inner_size < end; ++j) {
      const Index from = begin > j * inner_size ? begin - j * inner_size : 0;
      const Index to = end - j * inner_size < inner_size ? end - j * inner_size : inner_size;
      detail::run_strips<C>(kernel, from, to, strips.from(0, j)...);
    }
  }
}

// Leaves of fixed size up to this many coefficients are one block of their own shape, without loop or call.
inline constexpr int small_leaf = 64;

template <class L>
inline constexpr bool is_small = false;
template <Leaf L>
inline constexpr bool is_small<L> =
    L::SizeAtCompileTime != Eigen::Dynamic&& L::SizeAtCompileTime > 0 && L::SizeAtCompileTime <= small_leaf;

template <class Value, class L>
Value take(const L& leaf) {
  if constexpr (requires { leaf.template take<Value>(); }) {
    return leaf.template take<Value>();
  } else if constexpr (is_lazy<L>) {
    return std::apply([&](const auto&... inner) { return Value(leaf.f(detail::take<Value>(inner)...)); },
                      leaf.trees);
  } else {
    return leaf.array().template cast<typename Value::Scalar>();
  }
}

template <class L, class Value>
void put(L& leaf, const Value& value) {
  if constexpr (WritableLeaf<L>) leaf.array() = value.template cast<typename L::Scalar>();
}

template <class Kernel, class First, class... Rest>
EIGEN_ALWAYS_INLINE void run_small(const Kernel& kernel, First& first, Rest&... rest) {
  using Plain = typename structure_t<First>::PlainObject;
  using Value = Eigen::Array<Compute<typename Plain::Scalar>, Plain::RowsAtCompileTime,
                             Plain::ColsAtCompileTime, Plain::Options>;
  const auto update = [&](Value value, auto... values) {
    kernel(Value::SizeAtCompileTime, value, values...);
    detail::put(first, value);
    (detail::put(rest, values), ...);
  };
  update(detail::take<Value>(first), detail::take<Value>(rest)...);
}

// The part of one leaf, and of its companions, that lies in [begin, end) of its own coefficients.
template <class Kernel, class First, class... Rest>
void run_leaf(const Kernel& kernel, Index begin, Index end, First& first, Rest&... rest) {
  using L = structure_t<First>;
  if constexpr (is_small<L> && !WidenedNode<First>) {
    // It belongs, whole, to the segment of its first coefficient.
    if (begin <= 0 && end > 0) detail::run_small(kernel, first, rest...);
  } else {
    using C = Compute<typename L::Scalar>;
    const Index size = first.size();
    // Segments are cut at whole blocks, so that their loads are aligned as the leaf is.
    const auto cut = [&](Index at) {
      const Index rounded = (at + block_size<C> - 1) / block_size<C> * block_size<C>;
      return at <= 0 ? Index{0} : (rounded < size ? rounded : size);
    };
    if (cut(begin) >= cut(end)) return;
    constexpr bool row_major = L::IsRowMajor;
    const Index inner_size = row_major ? first.cols() : first.rows();
    detail::run_range<C>(kernel, cut(begin), cut(end), inner_size, detail::strip<row_major>(first),
                         detail::strip<row_major>(rest)...);
  }
}

// Runs `kernel_of(s)` on the segments s = first, ..., last - 1 of the `segments` that all coefficients are
// cut into. The trees are walked once: a segment ends within a leaf, or goes on in the next one.
template <class KernelOf, class First, class... Rest>
void run_segments(const KernelOf& kernel_of, Index total, int segments, int first, int last, First& params,
                  Rest&... rest) {
  Index offset = 0;
  int s = first;
  gradus::walk(
      "gradus",
      [&](const Path&, auto& leaf, auto&... others) {
        const Index leaf_end = offset + leaf.size();
        for (; s < last; ++s) {
          const Index begin = detail::segment_begin(total, segments, s);
          const Index end = detail::segment_begin(total, segments, s + 1);
          detail::run_leaf(kernel_of(s), begin - offset, end - offset, leaf, others...);
          if (end > leaf_end) break;
        }
        offset = leaf_end;
      },
      params, rest...);
}

// The sum of the first `count` terms; of all in registers.
template <class Terms>
EIGEN_ALWAYS_INLINE double sum_of_first(Index count, const Terms& terms) {
  if (count == terms.size()) return terms.sum();
  double sum = 0;
  for (Index i = 0; i < count; ++i) sum += terms.coeff(i);
  return sum;
}

// A kernel for which the padding does not matter.
template <class Kernel>
struct WithoutCount {
  Kernel kernel;

  template <class... Values>
  EIGEN_ALWAYS_INLINE void operator()(Index, Values&... values) const {
    kernel(values...);
  }
};

}  // namespace detail

/// Calls `kernel(p, g, ...)` on small blocks of all coefficients of `params` and of the trees beside it, and
/// stores what it changed in the trees that are not const. A block is an `Eigen::Array` of fixed size in
/// registers, so the kernel is ordinary Eigen code and memory is passed over once. Storage orders, strides,
/// 16-bit scalars (converted to float), lazy trees and threads are up to the traversal, never to the
/// kernel. The trees must have passed `require_same_structure`. The kernel must treat coefficients alike
/// and independently: the last block of a leaf is padded with copies of a real coefficient. It is compiled
/// once for each type of kernel and of scalars, so return it from a function that does not depend on the type
/// of the tree.
template <class Kernel, class P, class... Trees>
void for_each_block(const Kernel& kernel, P& params, Trees&... trees) {
  const detail::WithoutCount<Kernel> whole{kernel};
  if constexpr (detail::is_small<P>) {
    detail::run_small(whole, params, trees...);
  } else {
    const Index total = gradus::coefficient_count(params);
    const int segments = total < detail::parallel_threshold ? 1 : detail::thread_count();
    detail::for_each_segment(segments, [&](int first, int last) {
      detail::run_segments(
          [&](int) -> const auto& { return whole; }, total, segments, first, last, params, trees...);
    });
  }
}

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
template <Gradients Tree>
double norm(const Tree& tree) {
  detail::require_consistent("norm", tree);
  return gradus::norm_blocks([](const auto& x) { return x; }, tree);
}

/// True if no coefficient of a tree is infinite or NaN. Throws as `norm`.
template <Gradients Tree>
bool all_finite(const Tree& tree) {
  detail::require_consistent("all_finite", tree);
  return gradus::sum_blocks([](const auto& x) { return gradus::wide(x * 0); }, tree) == 0;
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
