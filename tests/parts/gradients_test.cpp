// SPDX-License-Identifier: MIT
//
// Gradient transformations: what they compute, in every storage, composed, and what they refuse.
#include <Eigen/QR>
#include <gradus/gradus.hpp>
#include <map>

#include "catch.hpp"
#include "problem.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

using namespace gradus;
using namespace gradus_test;

namespace {

// What a lazy tree is worth, seen by a step of length −1 from zero in parameters that are stored like `P`.
template <class P, class G>
P evaluated(P params, const G& grads) {
  walk(
      "zero", [](const Path&, auto& leaf) { leaf.setZero(); }, params);
  const SGD sgd{.learning_rate = 1};
  auto state = sgd.init(params);
  sgd.step(params, scale(grads, -1), state);
  return params;
}

template <class Scalar>
using RowMajor = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Checks that `transform(gradient, parameters)` is `expected`, a function of matrices of double, however the
// gradient and the parameters are stored. In float only plain matrices and those of fixed size are compiled.
template <class Scalar, class Transform, class Expected>
void check_storages(const Transform& transform, const Expected& expected) {
  const double tolerance = std::is_same_v<Scalar, float> ? 1e-6 : 1e-14;
  for (const auto& [rows, cols] :
       Shapes{{5, 3}, {40, 37}, {2, 70}, {70, 2}, {9, 1}, {1, 9}, {1, 1}, {0, 3}}) {
    const auto tree = make_tree<Scalar>({{rows, cols}, {rows, cols}});
    const Matrix<Scalar>&g = tree[0], &p = tree[1];
    const auto check = [&, r = rows, c = cols](const auto& storage, const auto& gradient,
                                               const auto& params) {
      INFO(r << " x " << c);
      const Matrix<double> right =
          expected(g.template cast<double>().eval(), p.template cast<double>().eval());
      const Matrix<double> found = evaluated(storage, transform(gradient, params)).template cast<double>();
      CHECK((found - right).norm() <= tolerance * right.norm());
    };
    check(p, g, p);
    if constexpr (std::is_same_v<Scalar, double>) {
      const RowMajor<Scalar> g_rows = g, p_rows = p;
      Matrix<Scalar> larger(rows + 2, 2 * cols + 1);
      larger.setConstant(7);
      larger.block(1, 1, rows, cols) = g;
      const auto block = larger.block(1, 1, rows, cols);
      check(p_rows, g_rows, p_rows);
      check(p, block, p_rows);
      check(p_rows, block, p);
      check(p, scale(scale(block, 2), 0.5), p);
    }
  }
  const auto tree = make_tree<Scalar>({{3, 2}, {3, 2}});
  const Eigen::Matrix<Scalar, 3, 2> g = tree[0], p = tree[1];
  const Eigen::Matrix<Scalar, 3, 2, Eigen::RowMajor> g_rows = g;
  const Matrix<double> right = expected(g.template cast<double>().eval(), p.template cast<double>().eval());
  CHECK(evaluated(p, transform(g, p)).template cast<double>().isApprox(right, tolerance));
  CHECK(evaluated(g_rows, transform(g_rows, p)).template cast<double>().isApprox(right, tolerance));
}

constexpr Layout layouts[] = {Layout::outputs_by_inputs, Layout::inputs_by_outputs};

Matrix<double> clip_rows(const Matrix<double>& g, const Matrix<double>& w, double ratio, double epsilon) {
  Matrix<double> clipped = g;
  for (Index i = 0; i < g.rows(); ++i) {
    const double most = ratio * std::max(w.row(i).norm(), epsilon), norm = g.row(i).norm();
    if (norm > most) clipped.row(i) *= most / std::max(norm, 1e-6);
  }
  return clipped;
}

struct Model {
  Eigen::MatrixXd w;
  Eigen::VectorXd b;
  std::map<std::string, std::vector<Eigen::MatrixXd>> more;
  GRADUS_LEAVES(w, b, more)
};

Model make_model(double shift) {
  const auto tree = make_tree<double>({{6, 4}, {6, 1}, {3, 5}, {2, 2}});
  Model model{tree[0], tree[1], {{"x", {tree[2], tree[3]}}}};
  fill(model, [=](double value, double, double, double) { return value + shift; });
  return model;
}

std::vector<double> normals(const Matrix<double>& m) { return {m.data(), m.data() + m.size()}; }

}  // namespace

TEMPLATE_TEST_CASE("clipping by the RMS of a leaf has its formula in every storage", "", float, double) {
  for (const double most : {0.1, 0.5, 100.0}) {
    check_storages<TestType>([=](const auto& g, const auto&) { return clip_by_block_rms(g, most); },
                             [=](const Matrix<double>& g, const Matrix<double>&) -> Matrix<double> {
                               const double rms =
                                   std::sqrt(g.array().square().sum() / static_cast<double>(g.size()));
                               return g / std::max(1.0, rms / most);
                             });
  }
}

TEMPLATE_TEST_CASE("adaptive clipping has its formula in every storage and layout", "", float, double) {
  for (const Layout layout : layouts) {
    const AdaptiveClip options{.ratio = 0.8, .epsilon = 1.0, .layout = layout};
    check_storages<TestType>([=](const auto& g, const auto& w) { return clip_adaptively(g, w, options); },
                             [=](const Matrix<double>& g, const Matrix<double>& w) -> Matrix<double> {
                               if (g.rows() <= 1 || g.cols() <= 1) {  // one unit
                                 const Matrix<double> flat =
                                     Eigen::Map<const Matrix<double>>(g.data(), 1, g.size());
                                 const Matrix<double> clipped = clip_rows(
                                     flat, Eigen::Map<const Matrix<double>>(w.data(), 1, w.size()), 0.8, 1);
                                 return Eigen::Map<const Matrix<double>>(clipped.data(), g.rows(), g.cols());
                               }
                               if (layout == Layout::outputs_by_inputs) return clip_rows(g, w, 0.8, 1);
                               return clip_rows(g.transpose(), w.transpose(), 0.8, 1).transpose();
                             });
  }
}

TEST_CASE("adaptive clipping of a row by hand") {
  Eigen::Matrix2d w, g, clipped;
  w << 3, 4, 0, 0;
  g << 0.3, 0.4, 0.003, 0.004;
  clipped << 0.03, 0.04, 6e-6, 8e-6;  // the rows' norms 5 and ε = 1e-3, times 0.01
  CHECK(evaluated(w, clip_adaptively(g, w)).isApprox(clipped, 1e-14));
  // A gradient shorter than 1e-6 is divided by that.
  const Eigen::Matrix2d tiny = g * 1e-5;
  CHECK(evaluated(w, clip_adaptively(tiny, w, {.epsilon = 1e-7})).row(1).isApprox(tiny.row(1) * 1e-3, 1e-12));
}

TEMPLATE_TEST_CASE("centralization leaves every unit of a matrix with the mean 0", "", float, double) {
  for (const Layout layout : layouts) {
    check_storages<TestType>([=](const auto& g, const auto&) { return centralize(g, layout); },
                             [=](const Matrix<double>& g, const Matrix<double>&) -> Matrix<double> {
                               if (g.rows() <= 1 || g.cols() <= 1) return g;
                               if (layout == Layout::outputs_by_inputs)
                                 return g.colwise() - g.rowwise().mean();
                               return g.rowwise() - g.colwise().mean();
                             });
  }
}

TEMPLATE_TEST_CASE("scaling and decay have their formulas in every storage", "", float, double) {
  check_storages<TestType>(
      [](const auto& g, const auto& p) { return add_decay(scale(g, 3), p, 0.25); },
      [](const Matrix<double>& g, const Matrix<double>& p) -> Matrix<double> { return 3 * g + 0.25 * p; });
  check_storages<TestType>([](const auto& g, const auto& p) { return add_decay(g, p, 0.25, is_matrix); },
                           [](const Matrix<double>& g, const Matrix<double>& p) -> Matrix<double> {
                             return g.rows() > 1 && g.cols() > 1 ? (g + 0.25 * p).eval() : g;
                           });
}

TEST_CASE("decay in front of an optimizer is the optimizer's own coupled decay") {
  const auto steps = [](auto&& optimizer, double decay) {
    auto params = make_tree<double>({{40, 37}, {9, 1}});
    auto grads = params;
    auto state = optimizer.init(params);
    for (int t = 1; t <= 5; ++t) {
      write_gradient(params, grads, t);
      optimizer.step(params, add_decay(grads, params, decay), state);
    }
    return params;
  };
  CHECK(relative_difference(steps(Adam{}, 0.1), steps(Adam{.weight_decay = 0.1}, 0)) < 1e-14);
  CHECK(relative_difference(steps(Momentum{}, 0.1), steps(Momentum{.weight_decay = 0.1}, 0)) < 1e-14);
}

TEST_CASE("the two forms of clipping by the global norm differ where the norm is the limit") {
  const std::pair grads{Eigen::Matrix2d(Eigen::Matrix2d::Constant(1.5)),
                        Eigen::VectorXd(Eigen::VectorXd::Constant(1, 4.0))};
  CHECK(norm(grads) == 5);
  CHECK(norm(clip_by_global_norm(grads, 5, NormClip::optax)) == 5);
  CHECK(norm(clip_by_global_norm(grads, 5)) == Approx(5 - 1e-6).epsilon(1e-12));
  CHECK(norm(clip_by_global_norm(grads, 2, NormClip::optax)) == Approx(2).epsilon(1e-15));
  CHECK(norm(clip_by_global_norm(grads, 7, NormClip::optax)) == 5);
  CHECK(norm(clip_by_global_norm(Eigen::Vector2d(0, 0), 7, NormClip::optax)) == 0);
}

TEST_CASE("a norm that is NaN or infinite makes every gradient NaN or 0") {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinity = std::numeric_limits<double>::infinity();
  for (const NormClip form : {NormClip::torch, NormClip::optax}) {
    CHECK(evaluated(Eigen::Vector2d(), clip_by_global_norm(Eigen::Vector2d(1, nan), 1, form))
              .array()
              .isNaN()
              .all());
    const Eigen::Vector2d g =
        evaluated(Eigen::Vector2d(), clip_by_global_norm(Eigen::Vector2d(1, infinity), 1, form));
    CHECK((g(0) == 0 && std::isnan(g(1))));
  }
}

TEST_CASE("what is not finite stays in its leaf or unit") {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, infinity}) {
    Eigen::Matrix2d g;
    g << 1, bad, 3, 4;
    const auto marks_first_row = [&](const Eigen::Matrix2d& found) {
      return !found.row(0).allFinite() && found.row(1).allFinite();
    };
    CHECK(marks_first_row(evaluated(g, clip_adaptively(g, Eigen::Matrix2d(Eigen::Matrix2d::Ones())))));
    CHECK(marks_first_row(evaluated(g, centralize(g))));
  }
  const std::pair grads{Eigen::Vector2d(1, nan), Eigen::Vector2d(1, 1)};
  const auto found = evaluated(grads, clip_by_block_rms(grads, 0.5));
  CHECK((found.first.array().isNaN().all() && found.second == Eigen::Vector2d(0.5, 0.5)));
}

TEST_CASE("transformations of a tree treat each leaf by itself and can be restricted to some") {
  const Model params = make_model(0.5), grads = make_model(-0.25);
  const auto not_b = [](const LeafInfo& leaf) { return leaf.name != "b"; };
  const auto check = [&](const auto& transformed, const auto& transform, bool with_b) {
    const Model found = evaluated(params, transformed);
    CHECK(found.w == evaluated(params.w, transform(grads.w, params.w)));
    CHECK(found.b == (with_b ? evaluated(params.b, transform(grads.b, params.b)) : grads.b));
    for (std::size_t k = 0; k < 2; ++k) {
      const auto &g = grads.more.at("x")[k], &p = params.more.at("x")[k];
      CHECK(found.more.at("x")[k] == evaluated(p, transform(g, p)));
    }
  };
  const auto rms = [](const auto& g, const auto&) { return clip_by_block_rms(g, 0.1); };
  const auto adaptive = [](const auto& g, const auto& p) { return clip_adaptively(g, p); };
  const auto decay = [](const auto& g, const auto& p) { return add_decay(g, p, 0.1); };
  check(clip_by_block_rms(grads, 0.1), rms, true);
  check(clip_by_block_rms(grads, 0.1, not_b), rms, false);
  check(clip_adaptively(grads, params), adaptive, true);
  check(clip_adaptively(grads, params, {}, not_b), adaptive, false);
  check(add_decay(grads, params, 0.1), decay, true);
  check(add_decay(grads, params, 0.1, not_b), decay, false);
  check(
      centralize(grads), [](const auto& g, const auto&) { return centralize(g); }, false);
  const Model none = evaluated(params, centralize(grads, {}, [](const LeafInfo&) { return false; }));
  CHECK(none.w == grads.w);
}

TEST_CASE("transformations that are idle leave the bits of a trajectory") {
  const auto steps = [](const auto& transform) {
    auto params = make_tree<float>({{40, 37}, {9, 1}, {300, 301}});
    auto grads = params;
    const AdamW optimizer;
    auto state = optimizer.init(params);
    for (int t = 1; t <= 3; ++t) {
      write_gradient(params, grads, t);
      optimizer.step(params, transform(grads, params), state);
    }
    return params;
  };
  const auto never = [](const LeafInfo&) { return false; };
  const auto plain = steps([](const auto& g, const auto&) { return scale(g, 1); });
  CHECK(same_bits(plain, steps([](const auto& g, const auto&) -> const auto& { return g; })));
  CHECK(same_bits(plain, steps([](const auto& g, const auto&) { return clip_by_block_rms(g, 1e9); })));
  CHECK(same_bits(plain,
                  steps([](const auto& g, const auto& p) { return clip_adaptively(g, p, {.ratio = 1e9}); })));
  CHECK(same_bits(plain, steps([](const auto& g, const auto& p) { return add_decay(g, p, 0); })));
  CHECK(same_bits(plain, steps([=](const auto& g, const auto& p) { return add_decay(g, p, 0.5, never); })));
  CHECK(same_bits(plain, steps([=](const auto& g, const auto&) { return centralize(g, {}, never); })));
  CHECK(same_bits(plain, steps([](const auto& g, const auto&) { return add_noise(g, 0, 1, 1); })));
}

TEST_CASE("transformations compose in any order, keep temporaries, and go to any optimizer") {
  const Model params = make_model(0.5), grads = make_model(-0.25);
  const auto chain = [&](const auto& g) {
    return clip_by_global_norm(
        add_noise(clip_adaptively(centralize(clip_by_block_rms(add_decay(g, params, 0.1, is_matrix), 0.3)),
                                  params, {.ratio = 0.2}),
                  0.01, 3, 4),
        0.5);
  };
  // The same, evaluated after each of them.
  Model by_hand = evaluated(params, add_decay(grads, params, 0.1, is_matrix));
  by_hand = evaluated(params, clip_by_block_rms(by_hand, 0.3));
  by_hand = evaluated(params, centralize(by_hand));
  by_hand = evaluated(params, clip_adaptively(by_hand, params, {.ratio = 0.2}));
  by_hand = evaluated(params, add_noise(by_hand, 0.01, 3, 4));
  by_hand = evaluated(params, clip_by_global_norm(by_hand, 0.5));
  CHECK(norm(by_hand) == Approx(0.5));
  CHECK(relative_difference(evaluated(params, chain(grads)), by_hand) < 1e-14);
  CHECK(relative_difference(evaluated(params, chain(Model(grads))), by_hand) < 1e-14);
  const auto check = [&](const auto& optimizer) {
    Model lazily = params, eagerly = params;
    auto lazy_state = optimizer.init(params), eager_state = optimizer.init(params);
    optimizer.step(lazily, chain(grads), lazy_state);
    optimizer.step(eagerly, by_hand, eager_state);
    CHECK(relative_difference(lazily, eagerly) < 1e-12);
  };
  check(AdamW{});
  check(Momentum{});
  check(Muon{});
  check(route(is_matrix, Muon{}, AdamW{}));
}

TEST_CASE("large leaves have the same bits for any number of threads") {
#ifdef _OPENMP
  const int threads = omp_get_max_threads();
#endif
  const Eigen::MatrixXf g = make_tree<float>({{301, 700}})[0], p = 3 * g;
  const RowMajor<float> g_rows = g;
  const auto outcome = [&]([[maybe_unused]] int count) {
#ifdef _OPENMP
    omp_set_num_threads(count);
#endif
    std::vector<Eigen::MatrixXf> all;
    for (const Layout layout : layouts) {
      all.push_back(evaluated(p, centralize(g, layout)));
      all.push_back(evaluated(p, centralize(g_rows, layout)));
      all.push_back(evaluated(p, clip_adaptively(g, p, {.ratio = 0.1, .layout = layout})));
    }
    all.push_back(evaluated(p, clip_by_block_rms(g, 0.1)));
    all.push_back(evaluated(p, add_noise(g, 0.1, 1, 2)));
    return all;
  };
  const auto one = outcome(1);
  for (const int count : {2, 3, 5}) CHECK(same_bits(one, outcome(count)));
#ifdef _OPENMP
  omp_set_num_threads(threads);
#endif
}

TEST_CASE("noise is the same in every storage order, type of tree and size of block") {
  const auto noise = [](auto params) { return evaluated(params, add_noise(zeros_like(params), 1, 5, 6)); };
  const Matrix<double> whole = noise(Matrix<double>(40, 37));
  CHECK(whole == noise(RowMajor<double>(40, 37)));
  CHECK(whole.topLeftCorner(3, 2) == noise(Eigen::Matrix<double, 3, 2>(whole.topLeftCorner(3, 2))));
  CHECK(whole.topLeftCorner(3, 2) ==
        noise(Eigen::Matrix<double, 3, 2, Eigen::RowMajor>(whole.topLeftCorner(3, 2))));
  CHECK(whole.topLeftCorner(9, 7) == noise(Matrix<double>(9, 7)));
  CHECK(whole.topRows(1) == noise(Matrix<double>(1, 37)));
  CHECK(whole.leftCols(1) == noise(Eigen::VectorXd(40)));
  CHECK(whole.cast<float>() == noise(Matrix<float>(40, 37)));
  Eigen::MatrixXd larger(50, 50);
  auto part = larger.block(3, 4, 40, 37);
  part.setZero();
  const SGD sgd{.learning_rate = 1};
  auto state = sgd.init(part);
  sgd.step(part, scale(add_noise(Eigen::MatrixXd::Zero(40, 37).eval(), 1, 5, 6), -1), state);
  CHECK(part == whole);
  const auto in_vector = noise(std::vector(2, Eigen::MatrixXd(4, 4)));
  const auto in_pair = noise(std::pair{Eigen::MatrixXd(4, 4), Eigen::MatrixXd(4, 4)});
  CHECK((in_vector[0] == in_pair.first && in_vector[1] == in_pair.second));
}

TEST_CASE("noise is standard normal, and independent between steps, seeds, leaves, rows and columns") {
  constexpr Index n = 400;
  const auto noise = [](std::uint64_t seed, std::uint64_t step) {
    const std::map<std::string, Eigen::MatrixXd> zero{{"a", Eigen::MatrixXd::Zero(n, n)},
                                                      {"b", Eigen::MatrixXd::Zero(n, n)}};
    return evaluated(zero, add_noise(zero, 1, seed, step));
  };
  const auto first = noise(1, 1);
  const Eigen::ArrayXXd z = first.at("a");
  const double root = static_cast<double>(n);  // of the number of coefficients
  // Five standard deviations of each estimate. The fourth moment of a normal is 3, with the variance 96.
  CHECK(std::abs(z.mean()) < 5 / root);
  CHECK(std::abs(z.square().mean() - 1) < 5 * std::sqrt(2.0) / root);
  CHECK(std::abs(z.cube().mean()) < 5 * std::sqrt(15.0) / root);
  CHECK(std::abs(z.square().square().mean() - 3) < 5 * std::sqrt(96.0) / root);
  for (const double x : {-3.0, -1.0, -0.3, 0.0, 0.5, 2.0}) {
    const double below = 0.5 * std::erfc(-x / std::sqrt(2.0));
    CHECK(std::abs((z < x).cast<double>().mean() - below) < 5 * std::sqrt(below * (1 - below)) / root);
  }
  const auto correlation = [&](const auto& other) { return std::abs((z * other).mean()) * root; };
  CHECK(correlation(first.at("b").array()) < 5);
  CHECK(correlation(noise(1, 2).at("a").array()) < 5);
  CHECK(correlation(noise(2, 1).at("a").array()) < 5);
  CHECK(correlation(z.transpose()) < 5 * std::sqrt(2.0));
  for (const Index shift : {1, 2, 16}) {
    CHECK(std::abs((z.topRows(n - shift) * z.bottomRows(n - shift)).mean()) * root < 6);
    CHECK(std::abs((z.leftCols(n - shift) * z.rightCols(n - shift)).mean()) * root < 6);
  }
}

TEST_CASE("noise has the bits of the reference") {
  // reference/noise.py
  const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(3, 2);
  const std::vector<double> expected{
      0x1.4c2b8f42f1d2bp+1,  -0x1.707e17f6af920p+0, 0x1.afecba3adc985p-1,
      -0x1.fd279d1a7a487p-1, -0x1.1443566f50c48p+0, 0x1.a5fadbcff8de9p-18,
  };
  CHECK(normals(evaluated(zero, add_noise(zero, 1, 2024, 7))) == expected);
}

TEST_CASE("noise of any deviation is added") {
  const Eigen::MatrixXd g = make_tree<double>({{20, 30}})[0], zero = Eigen::MatrixXd::Zero(20, 30);
  const Eigen::MatrixXd z = evaluated(g, add_noise(zero, 1, 1, 1));
  CHECK(evaluated(g, add_noise(g, 0.3, 1, 1)).isApprox(g + 0.3 * z, 1e-15));
}

TEST_CASE("a step with transformed gradients of other shapes names the leaf") {
  auto params = make_tree<double>({{4, 3}, {3, 1}});
  const auto fit = params, other = make_tree<double>({{4, 3}, {2, 1}});
  const SGD sgd;
  auto state = sgd.init(params);
  const auto refused = contains("SGD: leaf '1' is 3 x 1, but its gradient is 2 x 1");
  CHECK_THROWS_WITH(sgd.step(params, scale(other, 2), state), refused);
  CHECK_THROWS_WITH(sgd.step(params, clip_by_block_rms(other, 2), state), refused);
  CHECK_THROWS_WITH(sgd.step(params, clip_adaptively(other, other), state), refused);
  CHECK_THROWS_WITH(sgd.step(params, centralize(other), state), refused);
  CHECK_THROWS_WITH(sgd.step(params, add_decay(other, other, 0.1), state), refused);
  CHECK_THROWS_WITH(sgd.step(params, add_noise(other, 0.1, 1, 1), state), refused);
  CHECK_THROWS_WITH(add_decay(other, params, 0.1),
                    contains("add_decay: leaf '1' is 3 x 1, but its gradient is 2 x 1"));
  CHECK_THROWS_WITH(add_decay(other, params, 0.1, is_matrix), contains("add_decay: leaf '1' is 3 x 1"));
  CHECK_THROWS_WITH(clip_adaptively(other, params), contains("clip_adaptively: leaf '1' is 3 x 1"));
  CHECK_THROWS_WITH(sgd.step(params, reduce_variance(other, other, other), state), refused);
  CHECK_THROWS_WITH(reduce_variance(fit, other, fit), contains("reduce_variance: leaf '1' is 3 x 1"));
  CHECK_THROWS_WITH(reduce_variance(fit, fit, other), contains("reduce_variance: leaf '1' is 3 x 1"));
  // A tree that was transformed, and changed its shape afterwards.
  auto grads = fit;
  const auto clipped = centralize(grads);
  grads[0].setZero(3, 3), params[0].setZero(3, 3), state = sgd.init(params);
  CHECK_THROWS_WITH(sgd.step(params, clipped, state),
                    contains("leaf '0' is 3 x 3, but its gradient was transformed at another shape"));
}

TEST_CASE("transformations refuse bad options by name") {
  const Eigen::Vector2d g(1, 2);
  CHECK_THROWS_WITH(clip_by_block_rms(g, 0), contains("clip_by_block_rms: max_rms is 0"));
  CHECK_THROWS_WITH(clip_adaptively(g, g, {.ratio = 0}), contains("clip_adaptively: ratio is 0"));
  CHECK_THROWS_WITH(clip_adaptively(g, g, {.epsilon = -1}), contains("clip_adaptively: epsilon is -1"));
  CHECK_THROWS_WITH(add_decay(g, g, -1), contains("add_decay: weight_decay is -1"));
  CHECK_THROWS_WITH(add_decay(g, g, -1, any_leaf), contains("add_decay: weight_decay is -1"));
  CHECK_THROWS_WITH(scale(g, std::numeric_limits<double>::infinity()), contains("scale: factor is inf"));
  CHECK_THROWS_WITH(add_noise(g, -1, 1, 1), contains("add_noise: standard_deviation is -1"));
}
