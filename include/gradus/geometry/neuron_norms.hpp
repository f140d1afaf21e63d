// SPDX-License-Identifier: MIT
//
// Norms that see the vector of weights of each input, or of each output.
#pragma once

#include <gradus/core/sum_units.hpp>
#include <gradus/geometry/norm.hpp>

namespace GRADUS_NAMESPACE {

/// Which vectors of a matrix W, outputs x inputs, a `NeuronNorm` looks at.
enum class Neurons {
  inputs,  ///< the columns: what an input does to all outputs
  outputs  ///< the rows: what an output takes of all inputs
};

/// The length of the longest weight vector w_k, over a factor s:
///
///     ‖W‖ = max_k ‖w_k‖/s,   ‖G‖* = s Σ_k ‖g_k‖,   lmo(G) = s g_k/‖g_k‖ for every k
///
/// Of inputs this is the operator norm ℓ1 → ℓ2, of outputs ℓ2 → ℓ∞, with s = 1. With `rms` the ℓ2 in them is
/// the root mean square: s = √out makes ℓ1 → RMS, and s = 1/√in RMS → ℓ∞. Use the names below. A zero vector
/// stays zero; a NaN stays in its vector.
template <Neurons neurons>
struct NeuronNorm {
  bool rms = false;                           ///< vectors are measured by their root mean square
  Layout layout = Layout::outputs_by_inputs;  ///< what rows and columns are
  GRADUS_FIELDS(NeuronNorm, rms, layout)

  /// There is nothing to refuse.
  void validate(std::string_view) const {}

  /// ‖m‖
  template <Leaf M>
  double norm(const M& m) const {
    return m.size() == 0 ? 0 : lengths(m).maxCoeff() / scale(m);
  }

  /// ‖g‖*
  template <Leaf G>
  double dual_norm(const G& g) const {
    return lengths(g).sum() * scale(g);
  }

  /// Room for one number a row.
  template <class Scalar>
  static std::size_t scratch(Index rows, Index) {
    return Workspace::bytes<double>(rows, 1);
  }

  /// Leaves vectors of length 1 in x.
  template <class Scalar>
  double lmo(MatrixMap<Scalar> x, Workspace& workspace) const {
    const auto length = [](double square) { return square == 0 ? 1 : std::sqrt(square); };
    if (of_rows()) {
      const std::size_t used = workspace.used();
      auto lengths = workspace.take<double>(x.rows(), 1);
      lengths.setZero();
      for (const auto& column : x.colwise()) lengths += column.template cast<double>().cwiseAbs2();
      for (double& square : lengths.reshaped()) square = length(square);
      for (auto column : x.colwise()) column.array() /= lengths.array().template cast<Scalar>();
      workspace.rewind(used);
    } else {
      for (auto column : x.colwise()) {
        column /= static_cast<Scalar>(length(column.template cast<double>().squaredNorm()));
      }
    }
    return scale(x);
  }

 private:
  bool of_rows() const { return (neurons == Neurons::outputs) == (layout == Layout::outputs_by_inputs); }

  template <class M>
  double scale(const M& m) const {
    if (!rms) return 1;
    const double root = std::sqrt(detail::side(!of_rows(), m));  // of the length of the vectors
    return neurons == Neurons::inputs ? root : 1 / root;
  }

  template <class M>
  Eigen::ArrayXd lengths(const M& m) const {
    const auto square = [](const auto& x) { return wide_square(x); };
    return gradus::sum_units(of_rows(), square, m).unaryExpr([](double x) { return std::sqrt(x); });
  }
};

/// The operator norm ℓ1 → ℓ2, or with `rms` ℓ1 → RMS: the longest column of outputs x inputs. For embeddings,
/// which are stored inputs_by_outputs, a row for each token.
using OneToTwoNorm = NeuronNorm<Neurons::inputs>;

/// The operator norm ℓ2 → ℓ∞, or with `rms` RMS → ℓ∞: the longest row of outputs x inputs. For output layers.
using TwoToMaxNorm = NeuronNorm<Neurons::outputs>;

}  // namespace GRADUS_NAMESPACE
