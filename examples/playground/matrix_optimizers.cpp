// SPDX-License-Identifier: MIT
#include "optimizer.hpp"

namespace {

template <template <class> class Method, class Norm>
playground::Optimizer under(const std::string& norm) {
  return playground::entry(std::string(Method<Norm>::name()) + ", " + norm,
                           [](const playground::Function&) { return Method<Norm>{}; });
}

}  // namespace

std::vector<playground::Optimizer> playground::matrix_optimizers() {
  using namespace gradus;
  return {entry<Muon>(),
          entry<NorMuon>(),
          entry<AdaMuon>(),
          entry<Dion>(),
          entry<Dion2>(),
          entry<Shampoo>(),
          entry<SOAP>(),
          entry<SOAPMuon>(),
          entry<PSGDKron>(),
          under<Scion, SpectralNorm<>>("spectral norm"),
          under<Scion, FrobeniusNorm>("Frobenius norm"),
          under<Scion, MaxNorm>("largest entry"),
          under<SteepestDescent, SpectralNorm<>>("spectral norm"),
          under<SteepestDescent, FrobeniusNorm>("Frobenius norm"),
          under<SteepestDescent, MaxNorm>("largest entry")};
}
