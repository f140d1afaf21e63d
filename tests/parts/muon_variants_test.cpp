// SPDX-License-Identifier: MIT
//
// What sets Muon's variants and relatives apart, beside their trajectories.
#include <gradus/gradus.hpp>
#include <map>

#include "catch.hpp"
#include "problem.hpp"

using namespace gradus;
using namespace gradus_test;

namespace {

Eigen::MatrixXd sample(Index rows, Index cols) { return make_tree<double>({{rows, cols}})[0]; }

// Where `steps` steps along one gradient lead from `x`.
template <class O>
Eigen::MatrixXd moved(const O& optimizer, Eigen::MatrixXd x, const Eigen::MatrixXd& gradient, int steps = 1) {
  auto state = optimizer.init(x);
  for (int t = 0; t < steps; ++t) optimizer.step(x, gradient, state);
  return x;
}

// The first step from zero along `gradient`, without the learning rate and the sign.
template <class O>
Eigen::MatrixXd direction(O optimizer, const Eigen::MatrixXd& gradient) {
  optimizer.learning_rate = 1;
  return -moved(optimizer, Eigen::MatrixXd::Zero(gradient.rows(), gradient.cols()), gradient);
}

double cosine(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return a.cwiseProduct(b).sum() / (a.norm() * b.norm());
}

Eigen::VectorXd singular_values(const Eigen::MatrixXd& m) {
  return Eigen::JacobiSVD<Eigen::MatrixXd>(m).singularValues();
}

struct Layers {
  Eigen::MatrixXd w;
  Eigen::ArrayXd b;
  GRADUS_LEAVES(w, b)
};

}  // namespace

TEST_CASE("blocks of a matrix are stepped as matrices of their own") {
  const auto check = [](auto optimizer, Index rows, Index cols, int row_blocks, int column_blocks) {
    optimizer.row_blocks = row_blocks, optimizer.column_blocks = column_blocks;
    auto separate = optimizer;
    separate.row_blocks = separate.column_blocks = 1;
    Eigen::MatrixXd whole = sample(rows, cols), gradient = whole;
    auto state = optimizer.init(whole);

    const Index m = rows / row_blocks, n = cols / column_blocks;
    const auto parts_of = [&](Eigen::MatrixXd& x) {
      std::vector<Eigen::Block<Eigen::MatrixXd>> parts;
      for (Index i = 0; i < rows; i += m) {
        for (Index j = 0; j < cols; j += n) parts.push_back(x.block(i, j, m, n));
      }
      return parts;
    };
    Eigen::MatrixXd copy = whole;
    auto parts = parts_of(copy);
    auto parts_state = separate.init(parts);
    for (int t = 1; t <= 5; ++t) {
      write_gradient(whole, gradient, t);
      optimizer.step(whole, clip_by_value(gradient, 0.9), state);
      separate.step(parts, clip_by_value(parts_of(gradient), 0.9), parts_state);
    }
    CHECK(same_bits(whole, copy));
  };
  check(Muon{.learning_rate = 0.05}, 6, 4, 3, 1);
  check(Muon{.learning_rate = 0.05}, 6, 4, 6, 1);
  check(Muon{.learning_rate = 0.05, .scale = MuonScale::spectral}, 4, 9, 2, 3);
  check(presets::muon_moonlight(), 5, 8, 1, 2);
  check(BasicMuon<ExactPolar>{.weight_decay = 0.5, .cautious_decay = true}, 6, 4, 2, 2);
}

TEST_CASE("a leaf that does not divide into blocks is refused before anything is changed") {
  std::pair<Eigen::MatrixXd, Eigen::MatrixXd> params{sample(6, 4), sample(4, 4)}, before = params;
  Muon muon{.row_blocks = 2};
  auto state = muon.init(params);
  muon.row_blocks = 3;
  const auto message = contains("Muon: leaf '1' is 4 x 4, which does not divide into 3 x 1 blocks");
  CHECK_THROWS_WITH(muon.init(params), message);
  CHECK_THROWS_WITH(muon.step(params, before, state), message);
  CHECK(same_bits(params, before));
  CHECK(state.t == 0);
  muon.row_blocks = 0;
  CHECK_THROWS_AS(muon.step(params, before, state), std::invalid_argument);
}

TEST_CASE("cautious decay leaves out what moves away from zero") {
  const auto check = [](auto optimizer) {
    optimizer.learning_rate = 0.1;
    const Eigen::MatrixXd x = sample(5, 4);
    Eigen::MatrixXd gradient = x;
    write_gradient(x, gradient, 3);
    const auto with = [&](double decay, bool cautious) {
      optimizer.weight_decay = decay, optimizer.cautious_decay = cautious;
      return moved(optimizer, x, gradient);
    };
    const Eigen::MatrixXd none = with(0, false), plain = with(2, false), cautious = with(2, true);
    int decayed = 0;
    for (Index i = 0; i < x.size(); ++i) {
      const bool towards_zero = (x(i) - none(i)) * x(i) >= 0;
      CHECK(cautious(i) == (towards_zero ? plain : none)(i));
      decayed += towards_zero ? 1 : 0;
    }
    CHECK(decayed >= 5);
    CHECK(decayed <= 15);
    CHECK(plain.isApprox(none - 0.1 * 2 * x, 1e-14));  // by the learning rate without the scale
    optimizer.scaled_decay = true;
    const double scale = shape_factor(optimizer.scale, optimizer.layout, 5, 4);
    CHECK(with(2, false).isApprox(none - 0.1 * scale * 2 * x, 1e-14));
  };
  check(Muon{.scale = MuonScale::match_rms_adamw});
  check(NorMuon{});
}

TEST_CASE("the layout says which way round a matrix is") {
  const auto check = [](auto optimizer) {
    const Eigen::MatrixXd x = sample(3, 5), gradient = sample(5, 3).transpose();
    const Eigen::MatrixXd expected = moved(optimizer, x, gradient, 4);
    optimizer.layout = Layout::inputs_by_outputs;
    CHECK(moved(optimizer, x.transpose(), gradient.transpose(), 4).transpose().isApprox(expected, 1e-13));
    CHECK_FALSE(moved(optimizer, x, gradient, 4).isApprox(expected, 1e-6));
  };
  check(Muon{.learning_rate = 0.1});
  check(Muon{.learning_rate = 0.1, .scale = MuonScale::spectral});
  check(NorMuon{.learning_rate = 0.1});
}

TEST_CASE("presets have the published hyperparameters") {
  const auto check = [](const auto& preset, double rate, double decay, bool nesterov, double epsilon) {
    CHECK(preset.learning_rate == rate);
    CHECK(preset.momentum == 0.95);
    CHECK(preset.weight_decay == Approx(decay));
    CHECK(preset.nesterov == nesterov);
    CHECK(preset.orthogonalizer.steps == 5);
    CHECK(preset.orthogonalizer.epsilon == epsilon);
  };
  check(presets::muon_pytorch(), 1e-3, 0.1, true, 1e-7);
  check(presets::muon_jordan(), 0.02, 0, true, 1e-7);
  check(presets::muon_moonlight(), 1e-3, 0.1, true, 1e-7);
  check(presets::muon_optax(), 1e-3, 0, true, 1e-8);
  check(presets::muon_dion(), 0.01, 0.01, false, 1e-8);
  check(presets::normuon_speedrun(), 0.023, 1.2 * 0.023, true, 1e-6);
  CHECK(presets::muon_pytorch().orthogonalizer.guard == NormGuard::max);
  CHECK(presets::muon_jordan().orthogonalizer.guard == NormGuard::add);
  CHECK(presets::muon_moonlight().scale == MuonScale::match_rms_adamw);
  CHECK(presets::muon_optax().layout == Layout::inputs_by_outputs);
  CHECK(presets::muon_dion().scale == MuonScale::spectral);
  CHECK(presets::muon_dion().orthogonalizer.safety == 1.02);
  CHECK(presets::normuon_speedrun().cautious_decay);
  CHECK(presets::normuon_speedrun().scaled_decay);
}

TEST_CASE("NorMuon evens out the neurons and keeps the norm") {
  const NewtonSchulz method{.coefficients = quintics::jordan};
  const auto check = [&](Index rows, Index cols, NorMuonStatistics statistics, bool by_rows) {
    const Eigen::MatrixXd gradient = sample(rows, cols).cwiseAbs2();
    const Eigen::MatrixXd step =
        direction(NorMuon{.statistics = statistics, .orthogonalizer = method}, gradient);
    CHECK(step.norm() ==
          Approx(direction(Muon{.weight_decay = 0, .orthogonalizer = method}, gradient).norm()));
    const Eigen::VectorXd sizes =
        by_rows ? step.rowwise().norm().eval() : step.colwise().norm().transpose().eval();
    CHECK(sizes.isApproxToConstant(sizes(0), 1e-8));
  };
  check(5, 3, NorMuonStatistics::outputs, true);
  check(3, 5, NorMuonStatistics::outputs, true);
  check(5, 3, NorMuonStatistics::longer_side, true);
  check(3, 5, NorMuonStatistics::longer_side, false);
  CHECK(direction(BasicNorMuon<ExactPolar>{}, sample(3, 3)).norm() == Approx(std::sqrt(2)));  // of rank 2
}

TEST_CASE("without memory the rows become equally long, and the norm stays") {
  const auto step = [](Eigen::MatrixXd x, const Eigen::MatrixXd& gradient, int steps) {
    const StageList rows{
        "rows", std::tuple{stages::NormalizeNeurons{.beta2 = 0}, stages::Descend{.learning_rate = 1}}};
    return (x - moved(rows, x, gradient, steps)).eval();
  };
  const Eigen::MatrixXd x = Eigen::MatrixXd::Zero(4, 6), g = sample(4, 6);
  const Eigen::MatrixXd u = step(x, g, 1);
  CHECK(u.norm() == Approx(g.norm()));
  CHECK(u.rowwise().norm().isApproxToConstant(g.norm() / 2, 1e-9));
  CHECK(u.row(2).normalized().isApprox(g.row(2).normalized(), 1e-14));
  CHECK(relative_difference(step(x, g, 3), (3 * u).eval()) < 1e-13);
}

TEST_CASE("Muon under the schedule of its momentum steps as if the field were set by hand") {
  const auto schedule = muon_momentum_schedule(12, 6, 3);
  auto a = make_tree<double>({{4, 3}, {3, 5}}), b = a;
  const auto scheduled_muon = scheduled<&Muon::momentum>(Muon{.learning_rate = 0.1}, schedule);
  auto a_state = scheduled_muon.init(a);
  Muon muon{.learning_rate = 0.1, .momentum = 0.85};
  auto b_state = muon.init(b);
  for (int t = 1; t <= 12; ++t) {
    muon.momentum = schedule(t - 1);
    run(scheduled_muon, a, a_state, t, t);
    run(muon, b, b_state, t, t);
  }
  CHECK(same_bits(a, b));
}

TEST_CASE("AdaMuon's step has the size of AdamW's") {
  for (const auto& [rows, cols] : Shapes{{5, 3}, {3, 5}, {7, 1}}) {
    const Eigen::MatrixXd step = direction(AdaMuon{}, sample(rows, cols));
    CHECK(step.norm() / std::sqrt(static_cast<double>(step.size())) == Approx(0.2));
  }
}

TEST_CASE("Dion steps along the strongest directions and remembers the others") {
  const Eigen::MatrixXd gradient = sample(5, 4) + Eigen::MatrixXd::Identity(5, 4);
  Eigen::MatrixXd x = Eigen::MatrixXd::Zero(5, 4);
  const Dion dion{.learning_rate = 1, .weight_decay = 0, .rank_fraction = 0.5};
  auto state = dion.init(x);
  const auto& [m, q] = state.of<stages::PowerIteration>();
  CHECK(q.cols() == 2);
  dion.step(x, gradient, state);
  CHECK((singular_values(x).array() > 1e-10).count() == 2);
  // What M has lost is (1 − μ) of its projection onto the basis P.
  const Eigen::MatrixXd projection = (gradient - m) / (1 - dion.momentum);
  CHECK((singular_values(projection).array() > 1e-10).count() == 2);
  CHECK(relative_difference((projection.transpose() * projection).eval(),
                            (gradient.transpose() * projection).eval()) < 1e-13);

  // Along one gradient the power iteration converges: to √(m/n) times the polar factor at full rank.
  const Dion full{.learning_rate = 1, .weight_decay = 0};
  const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(5, 4);
  const Eigen::MatrixXd last = moved(full, zero, gradient, 200) - moved(full, zero, gradient, 201);
  CHECK(relative_difference((last / std::sqrt(5.0 / 4)).eval(), orthogonalize(gradient, ExactPolar{})) <
        1e-7);
}

TEST_CASE("Dion2 moves the largest slices, and the others' momentum waits") {
  const auto check = [](Index rows, Index cols, Index chosen) {
    Eigen::MatrixXd gradient = sample(rows, cols) + Eigen::MatrixXd::Identity(rows, cols);
    const bool by_rows = rows <= cols;
    if (by_rows) {
      gradient.row(1) *= 5;
    } else {
      gradient.col(1) *= 5;
    }
    Eigen::MatrixXd x = Eigen::MatrixXd::Zero(rows, cols);
    const Dion2 dion{.learning_rate = 1, .weight_decay = 0};
    auto state = dion.init(x);
    const Eigen::MatrixXd& m = state.of<stages::OrthogonalizeLargest<>>().m;
    dion.step(x, gradient, state);
    for (Index i = 0; i < std::min(rows, cols); ++i) {
      const auto slice = [&](const Eigen::MatrixXd& of) -> Eigen::VectorXd {
        return by_rows ? of.row(i).transpose().eval() : of.col(i).eval();
      };
      const bool moved = !slice(x).isZero(0);
      CHECK((slice(m) - (moved ? 0.95 : 1.0) * slice(gradient)).norm() < 1e-14);
      if (i == 1) CHECK(moved);
    }
    CHECK((singular_values(x).array() > 1e-10).count() == chosen);
  };
  check(4, 6, 1);
  check(6, 4, 1);
  check(5, 5, 2);
  // Along one gradient every slice has its turn.
  const Eigen::MatrixXd gradient = sample(4, 6) + Eigen::MatrixXd::Identity(4, 6);
  const Dion2 dion{.learning_rate = 1, .weight_decay = 0};
  CHECK((moved(dion, Eigen::MatrixXd::Zero(4, 6), gradient, 200).rowwise().norm().array() > 0.5).all());
}

TEST_CASE("Dion2 of all slices is the Dion repository's Muon, to rounding") {
  Muon muon = presets::muon_dion();
  const auto b = after<double>(muon, 20, {{4, 6}, {6, 4}});
  const auto a = after<double>(Dion2{.fraction = 1}, 20, {{4, 6}, {6, 4}});
  for (std::size_t l = 0; l < a.size(); ++l) CHECK(relative_difference(a[l], b[l]) < 1e-9);
}

TEST_CASE("Dion does not step where the momentum has nothing") {
  const Eigen::MatrixXd rank_one = sample(5, 1) * sample(3, 1).transpose();
  const Eigen::MatrixXd step = direction(Dion{}, rank_one);
  CHECK(relative_difference(step, (std::sqrt(5.0 / 3) * rank_one / rank_one.norm()).eval()) < 1e-7);

  Eigen::MatrixXf x = Eigen::MatrixXf::Ones(5, 3);
  const Dion dion{.weight_decay = 0};
  auto state = dion.init(x);
  const Eigen::MatrixXf& q = state.of<stages::PowerIteration>().q;
  const Eigen::MatrixXf before = q;
  dion.step(x, Eigen::MatrixXf::Zero(5, 3).eval(), state);
  CHECK(x == Eigen::MatrixXf::Ones(5, 3));
  CHECK(q == before);
}

TEST_CASE("state that has another shape than its leaf follows every kind of tree") {
  const auto check = [](const auto& optimizer) {
    const Eigen::MatrixXd expected = after<double>(optimizer, 5, {{4, 3}, {3, 1}})[1];
    const Eigen::MatrixXd w = make_tree<double>({{4, 3}, {3, 1}})[0],
                          b = make_tree<double>({{4, 3}, {3, 1}})[1];
    const auto stepped = [&](auto params, const auto& second) {
      auto state = optimizer.init(params);
      run(optimizer, params, state, 1, 5);
      CHECK(same_bits(second(params), expected));
    };
    stepped(Layers{w, b}, [](const Layers& p) { return p.b.matrix().eval(); });
    stepped(std::tuple{w, b}, [](const auto& p) { return std::get<1>(p); });
    stepped(std::pair{w, std::array{b}}, [](const auto& p) { return p.second[0]; });
    stepped(std::map<std::string, Eigen::MatrixXd>{{"1", w}, {"2", b}},
            [](const auto& p) { return p.at("2"); });
    stepped(std::tuple<Eigen::Matrix<double, 4, 3, Eigen::RowMajor>, Eigen::Vector3d>(w, b),
            [](const auto& p) { return std::get<1>(p); });
  };
  check(NorMuon{.learning_rate = 0.1});
  check(AdaMuon{.learning_rate = 0.1});
  check(Dion{.learning_rate = 0.1});
  check(Muon{.learning_rate = 0.1});
}

// Made in NumPy from the published recurrences: θ[i, j] = 0.1(i + 1) − 0.2(j + 1), and prescribed gradients
// cos(0.5t + i) + 0.3 sin(t(j + 1)), t = 1, ..., 10; coefficients row by row.
TEST_CASE("published recurrences are followed on prescribed gradients") {
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto check = [](const auto& optimizer, Index rows, Index cols, std::array<double, 6> expected,
                        const auto& prepare) {
    Eigen::MatrixXd x(rows, cols), gradient(rows, cols);
    fill(x, [](double, double, double i, double j) { return 0.1 * (i + 1) - 0.2 * (j + 1); });
    auto state = optimizer.init(x);
    prepare(state);
    for (int t = 1; t <= 10; ++t) {
      fill(gradient, [t](double, double, double i, double j) {
        return std::cos(0.5 * t + i) + 0.3 * std::sin(t * (j + 1));
      });
      optimizer.step(x, gradient, state);
    }
    CHECK(relative_difference(x, Eigen::Map<RowMajor>(expected.data(), rows, cols)) < 1e-10);
  };
  const auto as_it_is = [](auto&) {};
  Muon optax = presets::muon_optax();
  optax.learning_rate = optax.weight_decay = 0.1;
  check(optax, 3, 2,
        {0.00564868310835569, -0.249407882678475, 0.205583017192943, 0.00514461884655527, 0.15709021964479,
         0.0483334879690972},
        as_it_is);
  check(optax, 2, 3,
        {0.0278294976924606, -0.286916256676953, -0.354070600768165, -0.0679962803204487, 0.18888790885918,
         0.0772620139858379},
        as_it_is);
  check(NorMuon{}, 3, 2,
        {-0.0831574040791493, -0.302492879499578, 0.0653967769539479, -0.141344784564675, 0.117093649097697,
         -0.0606797920867001},
        as_it_is);
  check(NorMuon{}, 2, 3,
        {-0.0883034754048867, -0.309753864058198, -0.486792813032682, -0.0113285793956998, -0.136593063529432,
         -0.32952096138086},
        as_it_is);
  const Dion dion{.learning_rate = 0.1, .rank_fraction = 0.5};
  const auto first_unit_vector = [](auto& state) {
    auto& q = state.template of<stages::PowerIteration>().q;
    q = Eigen::MatrixXd::Identity(q.rows(), 1);
  };
  check(dion, 3, 2,
        {-0.0828142831179639, -0.258717856849117, 0.383313705550816, 0.212569049642264, 0.442643168265323,
         0.248907191156128},
        first_unit_vector);
  check(dion, 2, 3,
        {-0.141100777148536, -0.305478917582526, -0.485235527983727, 0.266724077168441, 0.0798059363130141,
         -0.106614100908072},
        first_unit_vector);
}

// A gradient with singular values 100, 1, 0.01: what do Adam and Muon make of it? See examples/muon_exercise.
TEST_CASE("Muon treats all singular directions alike in every basis, Adam in none but its own") {
  const auto rotation = [](Index i, Index j, double angle) {
    Eigen::Matrix3d r = Eigen::Matrix3d::Identity();
    r(i, i) = r(j, j) = std::cos(angle);
    r(j, i) = std::sin(angle), r(i, j) = -r(j, i);
    return r;
  };
  const Eigen::Matrix3d u = rotation(0, 1, 0.5) * rotation(1, 2, 0.7) * rotation(0, 2, 0.3);
  const Eigen::Matrix3d v = rotation(0, 2, 0.4) * rotation(0, 1, 0.9) * rotation(1, 2, 0.2);
  const Eigen::Matrix3d given = Eigen::Vector3d(100, 1, 0.01).asDiagonal();
  const Eigen::Matrix3d rotated = u * given * v.transpose(), polar = u * v.transpose();
  CHECK(rotated(0, 0) == Approx(53.514352013003545).epsilon(1e-14));
  CHECK(rotated(2, 2) == Approx(5.403661743950913).epsilon(1e-14));

  CHECK(direction(Adam{}, given).isApprox(Eigen::Matrix3d::Identity(), 1e-5));
  const Eigen::MatrixXd adam = direction(Adam{}, rotated);
  CHECK(adam.isApprox(Eigen::Matrix3d::Ones(), 1e-8));
  CHECK(singular_values(adam).isApprox(Eigen::Vector3d(3, 0, 0), 1e-7));
  CHECK(cosine(adam, polar) == Approx(0.4015).epsilon(1e-3));
  CHECK(cosine(direction(SGD{}, rotated), polar) == Approx(0.5832).epsilon(1e-3));

  const auto check = [&](const auto& method, const Eigen::Vector3d& expected) {
    BasicMuon<std::remove_cvref_t<decltype(method)>> muon{
        .momentum = 0, .weight_decay = 0, .orthogonalizer = method};
    const Eigen::MatrixXd step = direction(muon, given);
    const Eigen::Vector3d sizes = step.diagonal().cwiseAbs();
    CHECK((sizes - expected).cwiseAbs().maxCoeff() < 1e-7);
    CHECK(relative_difference(direction(muon, rotated), (u * step * v.transpose()).eval()) < 1e-11);
  };
  check(ExactPolar{}, {1, 1, 1});
  check(NewtonSchulz{.epsilon = 1e-7}, {0.6964879, 0.6988946, 0.0484707});
  check(NewtonSchulz{.steps = 8, .epsilon = 1e-7}, {1.0811296, 1.0859528, 1.2023266});
  check(NewtonSchulz{.coefficients = quintics::cubic}, {1, 0.0758191, 0.0007593});
  check(NewtonSchulz{.steps = 10, .coefficients = quintics::cubic}, {1, 0.5294277, 0.0057662});
  check(NewtonSchulz{.steps = 25, .coefficients = quintics::cubic}, {1, 1, 0.9979424});
  check(NewtonSchulz{.steps = 10, .coefficients = quintics::convergent}, {1, 1, 0.0536611});
  check(polar_express(), {0.9117031, 0.9966987, 0.0968693});
}
