// SPDX-License-Identifier: MIT
#include <gradus/backend/onednn.hpp>
#include <gradus/orthogonalize/orthogonalize.hpp>

int main() {
  const Eigen::MatrixXf m = Eigen::MatrixXf::Random(8, 5);
  const auto u = gradus::orthogonalize(m, gradus::BasicNewtonSchulz<gradus::OneDnnProducts>{});
  return (u - gradus::orthogonalize(m)).norm() < 1e-4F ? 0 : 1;
}
