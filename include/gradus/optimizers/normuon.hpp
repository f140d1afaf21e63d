// SPDX-License-Identifier: MIT
#pragma once

#include <gradus/core/matrices_like.hpp>
#include <gradus/optimizers/muon.hpp>

namespace GRADUS_NAMESPACE {

/// What NorMuon averages the squares of O over.
enum class NorMuonStatistics {
  outputs,     ///< one number for each output: the paper
  longer_side  ///< one for each row if rows ≥ cols, else one for each column: modded-nanogpt
};

/// NorMuon (Li et al., arXiv:2510.05491): Muon whose update is normalized neuron by neuron, and keeps its
/// norm. Equal to the authors' code (github.com/zichongli5/NorMuon) in the leaf's own precision:
///
///     b ← μb + (1 − μ)g,  O = orthogonalize((1 − μ)g + μb)
///     v ← β2 v + (1 − β2) · mean of O² over each row             (starts at 0, not corrected)
///     N = O/(√v + ε), row by row
///     θ ← (1 − ηλ)θ − η · scale(rows, cols) · ‖O‖/(‖N‖ + ε) · N
///
/// `presets::normuon_speedrun` in muon_presets.hpp is the form of modded-nanogpt. A fused matrix is given as
/// the leaves it consists of: maps or blocks of it. State: b, v (one number a row), and Muon's scratch
/// memory. Threads as in `BasicMuon`.
template <Orthogonalizer Method>
struct BasicNorMuon {
  double learning_rate = 0.02;                        ///< η ≥ 0
  double momentum = 0.95;                             ///< μ in [0, 1)
  double beta2 = 0.95;                                ///< β2 in [0, 1), the decay of v
  double epsilon = 1e-10;                             ///< ε > 0
  bool nesterov = true;                               ///< look ahead
  double weight_decay = 0;                            ///< λ ≥ 0, decoupled, not multiplied by the scale
  bool cautious = false;                              ///< as in `BasicMuon`
  MuonScale scale = MuonScale::original;              ///< factor for the shape
  MuonLayout layout = MuonLayout::outputs_by_inputs;  ///< what rows and columns are
  NorMuonStatistics statistics = NorMuonStatistics::outputs;        ///< what v has one number for
  Method orthogonalizer = detail::guarded<Method>(NormGuard::add);  ///< how the polar factor is found

  template <class Tree>
  struct State : MuonState<Tree> {
    using MuonState<Tree>::b, MuonState<Tree>::t;
    matrices_like<Tree> v;  ///< averages of the mean squares of O, one column a leaf
    GRADUS_STATE(b, v, t)
  };

  /// Checks the hyperparameters (`std::invalid_argument`) and makes the state for `params`.
  template <Parameters P>
  State<like<P>> init(const P& params) const {
    require_fraction("NorMuon", "beta2", beta2);
    require_positive("NorMuon", "epsilon", epsilon);
    const auto zeros = [&]<class L>(const Path&, const L& leaf) {
      const Index count = by_rows(leaf.rows(), leaf.cols()) ? leaf.rows() : leaf.cols();
      return Eigen::MatrixX<detail::Compute<typename L::Scalar>>::Zero(count, 1);
    };
    return {muon().init("NorMuon", params), make_matrices_like(params, zeros)};
  }

  /// One step. Throws `std::invalid_argument`, before anything is changed, when structures or shapes differ.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    const auto finish = [this](auto& o, auto& v) { this->normalize(o, v); };
    muon().step("NorMuon", finish, params, grads, state, state.v);
  }

 private:
  BasicMuon<Method> muon() const {
    return {.learning_rate = learning_rate,
            .momentum = momentum,
            .nesterov = nesterov,
            .weight_decay = weight_decay,
            .cautious = cautious,
            .scale = scale,
            .layout = layout,
            .orthogonalizer = orthogonalizer};
  }

  bool by_rows(Index rows, Index cols) const {
    if (statistics == NorMuonStatistics::longer_side) return rows >= cols;
    return layout == MuonLayout::outputs_by_inputs;
  }

  // O becomes ‖O‖/(‖N‖ + ε) · N.
  template <class Scalar>
  void normalize(MatrixMap<Scalar> o, Eigen::MatrixX<Scalar>& v) const {
    const double before = norm(o);
    const auto kept = static_cast<Scalar>(beta2), eps = representable(epsilon, v);
    if (by_rows(o.rows(), o.cols())) {
      const auto part = static_cast<Scalar>((1 - beta2) / static_cast<double>(o.cols()));
      v *= kept;
      for (const auto& column : o.colwise()) v += part * column.cwiseAbs2();
      for (auto column : o.colwise()) column.array() /= root(v.col(0).array()) + eps;
    } else {
      const auto part = static_cast<Scalar>((1 - beta2) / static_cast<double>(o.rows()));
      for (Index j = 0; j < o.cols(); ++j) {
        v(j) = kept * v(j) + part * o.col(j).squaredNorm();
        o.col(j) /= std::sqrt(v(j)) + eps;
      }
    }
    o *= static_cast<Scalar>(before / (norm(o) + epsilon));
  }
};

/// NorMuon with Newton–Schulz, as published.
using NorMuon = BasicNorMuon<NewtonSchulz>;

}  // namespace GRADUS_NAMESPACE
