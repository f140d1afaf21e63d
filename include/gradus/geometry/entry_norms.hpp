// SPDX-License-Identifier: MIT
//
// Norms that see single entries: the Euclidean one and the largest.
#pragma once

#include <gradus/geometry/norm.hpp>

namespace GRADUS_NAMESPACE {

/// The Euclidean norm of all entries; with `rms` their root mean square, which is ‖W‖_F/√(rows · cols):
///
///     ‖W‖ = ‖W‖_F,   ‖G‖* = ‖G‖_F,   lmo(G) = G/‖G‖_F
///
/// Steepest descent is gradient descent; its normalized step is normalized gradient descent.
struct FrobeniusNorm {
  bool rms = false;  ///< the root mean square instead: Scion's for biases and gains
  GRADUS_FIELDS(FrobeniusNorm, rms)

  /// There is nothing to refuse.
  void validate(std::string_view) const {}

  /// ‖m‖
  template <Leaf M>
  double norm(const M& m) const {
    return gradus::norm(m) / scale(m);
  }

  /// ‖g‖*
  template <Leaf G>
  double dual_norm(const G& g) const {
    return gradus::norm(g) * scale(g);
  }

  /// No scratch memory.
  template <class Scalar>
  static std::size_t scratch(Index, Index) {
    return 0;
  }

  /// Leaves x as it is. A matrix whose norm is no normal number counts as zero.
  template <class Scalar>
  double lmo(MatrixMap<Scalar> x, Workspace&) const {
    const double length = gradus::norm(x);
    return length < std::numeric_limits<double>::min() ? 0 : scale(x) / length;
  }

 private:
  template <class M>
  double scale(const M& m) const {
    return rms ? std::sqrt(static_cast<double>(std::max(m.size(), Index{1}))) : 1;
  }
};

/// The largest entry, which is the operator norm ℓ1 → ℓ∞:
///
///     ‖W‖ = max |w|,   ‖G‖* = Σ |g|,   lmo(G) = sign(G)
///
/// With `rms` ‖W‖ is multiplied by the number of inputs, and lmo(G) divided: a bound of the norm RMS → ℓ∞,
/// which is reached where all entries are as large; Scion's for output layers. The normalized step is sign
/// descent: Adam without averages, Lion with equal ones.
struct MaxNorm {
  bool rms = false;                           ///< times the number of inputs
  Layout layout = Layout::outputs_by_inputs;  ///< what rows and columns are, for `rms`
  GRADUS_FIELDS(MaxNorm, rms, layout)

  /// There is nothing to refuse.
  void validate(std::string_view) const {}

  /// ‖m‖
  template <Leaf M>
  double norm(const M& m) const {
    if (m.size() == 0) return 0;
    return m.matrix().template cast<double>().cwiseAbs().maxCoeff() / scale(m);
  }

  /// ‖g‖*
  template <Leaf G>
  double dual_norm(const G& g) const {
    return gradus::sum_blocks([](const auto& x) { return wide(x).abs().eval(); }, g) * scale(g);
  }

  /// No scratch memory.
  template <class Scalar>
  static std::size_t scratch(Index, Index) {
    return 0;
  }

  /// Leaves the signs in x.
  template <class Scalar>
  double lmo(MatrixMap<Scalar> x, Workspace&) const {
    gradus::for_each_block([](auto& value) { value = sign_of(value).eval(); }, x);
    return scale(x);
  }

 private:
  template <class M>
  double scale(const M& m) const {
    return rms ? 1 / detail::side(layout == Layout::inputs_by_outputs, m) : 1;
  }
};

}  // namespace GRADUS_NAMESPACE
