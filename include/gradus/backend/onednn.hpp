// SPDX-License-Identifier: MIT
//
// Newton–Schulz on oneDNN: float, and bfloat16 with sums in float. Link `gradus::onednn`, or dnnl.
// not in the umbrella: it needs oneDNN 2.6 or later (Debian: libdnnl-dev)
#pragma once

#include <dnnl.hpp>
#include <gradus/orthogonalize/newton_schulz.hpp>
#include <map>
#include <tuple>
#include <unordered_map>

namespace GRADUS_NAMESPACE {

/// The products of `BasicNewtonSchulz` computed by oneDNN, for `float` and `Eigen::bfloat16`. oneDNN takes
/// memory of its own in the first call with a new shape, and its OpenMP threads. In bfloat16 products are
/// summed in float and rounded once. A processor without the instructions gets oneDNN's slow substitute.
/// On a Zen 5 `TiledProducts` were faster in both, squares of 32 to 2048; oneDNN knows AMX too.
struct OneDnnProducts {
  template <class Scalar>
  static std::size_t scratch(Index, Index) {
    return 0;
  }

  template <class Scalar>
  static void gram(MatrixMap<Scalar> a, MatrixMap<Scalar> x, Workspace&) {
    // oneDNN counts rows first, and so sees xᵀ in the memory of x.
    const Index m = x.rows(), n = x.cols();
    triangle(a, [&](Index begin, Index rows, Index cols) {
      multiply<Scalar>({rows, n, cols}, 1, 0, x.data() + begin, {1, m}, x.data() + begin, {m, 1},
                       &a(begin, begin), m);
    });
  }

  template <class Scalar>
  static void commuting(MatrixMap<Scalar> c, double scale, MatrixMap<Scalar> a, MatrixMap<Scalar> b,
                        double keep, MatrixMap<Scalar> d, Workspace&) {
    const Index m = a.rows();
    if (keep != 0 && c.data() != d.data()) c = d;
    triangle(c, [&](Index begin, Index rows, Index cols) {
      multiply<Scalar>({rows, m, cols}, static_cast<float>(scale), static_cast<float>(keep),
                       b.data() + begin * m, {m, 1}, a.data() + begin, {m, 1}, &c(begin, begin), m);
    });
  }

  template <class Scalar>
  static void apply(MatrixMap<Scalar> y, MatrixMap<Scalar> b, double keep, MatrixMap<Scalar> x, Workspace&) {
    const Index m = x.rows(), n = x.cols();
    if (keep != 0) y = x;
    multiply<Scalar>({n, m, m}, 1, static_cast<float>(keep), x.data(), {m, 1}, b.data(), {m, 1}, y.data(), m);
  }

 private:
  struct Sizes {
    Index rows, depth, cols;
  };
  struct Strides {
    Index row, col;
  };

  // Calls `f(begin, rows, cols)` for strips of the lower triangle of a symmetric result, `rows` of its
  // columns from the diagonal down, and mirrors it.
  template <class Scalar, class F>
  static void triangle(MatrixMap<Scalar> result, const F& f) {
    constexpr Index strip = 128;
    const Index m = result.rows();
    for (Index begin = 0; begin < m; begin += strip) f(begin, std::min(strip, m - begin), m - begin);
    if (m > strip) {
      const int threads = detail::thread_count();
#ifdef _OPENMP
#pragma omp parallel num_threads(threads) if (threads > 1)
      detail::mirror(result.data(), m, m, omp_get_thread_num(), omp_get_num_threads());
#else
      detail::mirror(result.data(), m, m, 0, threads);
#endif
    }
  }

  // result ← scale · left · right + keep · result, all rows first; the result's rows are `stride` apart.
  template <class Scalar>
  static void multiply(const Sizes& sizes, float scale, float keep, Scalar* left, Strides left_strides,
                       Scalar* right, Strides right_strides, Scalar* result, Index stride) {
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    thread_local dnnl::stream stream(engine);
    // Making a product costs more than a small product. It is made for a number of threads.
    using Key = std::tuple<Index, Index, Index, Index, Index, Index, Index, Index, float, float, int>;
    thread_local std::map<Key, dnnl::matmul> made;
    const auto memory = [&](Index rows, Index cols, Strides strides) {
      constexpr auto type =
          std::is_same_v<Scalar, float> ? dnnl::memory::data_type::f32 : dnnl::memory::data_type::bf16;
      return dnnl::memory::desc({rows, cols}, type, dnnl::memory::dims{strides.row, strides.col});
    };
    const auto& [rows, depth, cols] = sizes;
    const auto left_memory = memory(rows, depth, left_strides),
               right_memory = memory(depth, cols, right_strides),
               result_memory = memory(rows, cols, {stride, 1});
    const Key key{
        rows,   depth, cols, left_strides.row,      left_strides.col, right_strides.row, right_strides.col,
        stride, scale, keep, detail::thread_count()};
    auto found = made.find(key);
    if (found == made.end()) {
      dnnl::primitive_attr attributes;
      if (keep != 0) {
        dnnl::post_ops add;
        add.append_sum(keep);
        attributes.set_post_ops(add);
      }
#if DNNL_VERSION_MAJOR >= 3
      if (scale != 1) attributes.set_scales_mask(DNNL_ARG_SRC, 0);
      const dnnl::matmul::primitive_desc product(engine, left_memory, right_memory, result_memory,
                                                 attributes);
#else
      if (scale != 1) attributes.set_output_scales(0, {scale});
      const dnnl::matmul::primitive_desc product({left_memory, right_memory, result_memory}, attributes,
                                                 engine);
#endif
      found = made.emplace(key, dnnl::matmul(product)).first;
    }
    std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_SRC, {left_memory, engine, left}},
                                                    {DNNL_ARG_WEIGHTS, {right_memory, engine, right}},
                                                    {DNNL_ARG_DST, {result_memory, engine, result}}};
#if DNNL_VERSION_MAJOR >= 3
    if (scale != 1) {
      const dnnl::memory::desc one({1}, dnnl::memory::data_type::f32, dnnl::memory::dims{1});
      arguments.emplace(DNNL_ARG_ATTR_SCALES | DNNL_ARG_SRC, dnnl::memory(one, engine, &scale));
    }
#endif
    found->second.execute(stream, arguments);
    stream.wait();
  }
};

}  // namespace GRADUS_NAMESPACE
