// SPDX-License-Identifier: MIT
//
// Scion's norms and radii for the layers of a network.
#pragma once

#include <gradus/geometry/entry_norms.hpp>
#include <gradus/geometry/neuron_norms.hpp>
#include <gradus/optimizers/scion.hpp>

/// Scion for the layers of a network, outputs x inputs; embeddings are tokens x dimensions. ρ is the
/// authors', for a GPT, an MLP and a CNN:
///
///     preset            layer                  norm         lmo(b)                ρ
///     scion_embedding   one-hot inputs         ℓ1 → RMS     rows of RMS 1         GPT 1
///     scion_input       images, features       RMS → RMS    √max(1, out/in) UVᵀ   MLP 1
///     scion_hidden      matrices between       RMS → RMS    √(out/in) UVᵀ         GPT 3, MLP 1, CNN 8
///     scion_output      logits                 RMS → ℓ∞     sign(b)/in            GPT 10, MLP 1024, CNN 128
///     scion_bias        biases and gains       RMS          b/RMS(b)              CNN 8
///
/// The defaults are the GPT's; tune them on a small model. A GPT whose output layer is its embedding has ρ =
/// 50 for hidden layers and 3000 for that one, which goes to `scion_output`. Their η are 2⁻¹² there, 2⁻⁶ for
/// the MLP and 2⁻⁴ for the CNN, where μ is 0.5.
namespace GRADUS_NAMESPACE::presets {

/// For embeddings, stored tokens x dimensions.
inline Scion<OneToTwoNorm> scion_embedding(double radius = 1) {
  return {.radius = radius, .norm = {.rms = true, .layout = Layout::inputs_by_outputs}};
}

/// For the first layer of a network whose inputs are not one-hot.
inline Scion<> scion_input(double radius = 1) {
  return {
      .radius = radius,
      .norm = {.scale = MuonScale::original, .orthogonalizer = {.epsilon = 1e-7, .guard = NormGuard::add}}};
}

/// For hidden layers.
inline Scion<> scion_hidden(double radius = 3) {
  return {
      .radius = radius,
      .norm = {.scale = MuonScale::spectral, .orthogonalizer = {.epsilon = 1e-7, .guard = NormGuard::add}}};
}

/// For the last layer.
inline Scion<MaxNorm> scion_output(double radius = 10) { return {.radius = radius, .norm = {.rms = true}}; }

/// For biases and gains.
inline Scion<FrobeniusNorm> scion_bias(double radius = 3) {
  return {.radius = radius, .norm = {.rms = true}};
}

}  // namespace GRADUS_NAMESPACE::presets
