// SPDX-License-Identifier: MIT
//
// What a method costs and how near it comes to the polar factor: the table of the documentation, in Markdown.
// The cost is that of a square matrix in units of m³; the errors are those of `polar_quality`.
#include <Eigen/QR>
#include <array>
#include <cstdio>
#include <gradus/orthogonalize/polar_express.hpp>
#include <gradus/orthogonalize/polar_quality.hpp>
#include <random>

namespace {

using Eigen::Index;
using Eigen::MatrixXd;

MatrixXd gaussian(Index rows, Index cols) {
  std::mt19937_64 engine(1);
  std::normal_distribution<double> normal;
  return MatrixXd::NullaryExpr(rows, cols, [&] { return normal(engine); });
}

// 64 x 128 with singular values from 1 to 0.001, evenly spaced in their logarithm.
MatrixXd ill_conditioned() {
  const Index m = 64, n = 128;
  const MatrixXd u = Eigen::HouseholderQR<MatrixXd>(gaussian(m, m)).householderQ();
  const MatrixXd v = Eigen::HouseholderQR<MatrixXd>(gaussian(n, n)).householderQ();
  const Eigen::ArrayXd exponents = Eigen::ArrayXd::LinSpaced(m, 0, -3);
  const Eigen::VectorXd sigma = Eigen::pow(10.0, exponents);
  return u * sigma.asDiagonal() * v.leftCols(m).transpose();
}

// One row of the table: `method` on matrices of `Scalar`.
template <class Scalar, class Method>
void print_row(const char* name, const char* precision, const Method& method) {
  static const std::array matrices{ill_conditioned(), gaussian(64, 64)};
  const Index m = matrices[1].rows();
  const double cost = gradus::flops<Scalar>(m, m, method) / static_cast<double>(m * m * m);
  std::printf("| %s | %d | %s | %.0f m³ |", name, method.steps, precision, cost);
  for (const MatrixXd& matrix : matrices) {
    using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
    const Matrix x = matrix.cast<Scalar>();
    const auto quality = gradus::polar_quality(gradus::orthogonalize(x, method), x);
    std::printf(" %.3g to %.3g | %.2g | %.5f | %.2g |", quality.smallest_sigma, quality.largest_sigma,
                quality.orthogonality, quality.cosine, quality.error);
  }
  std::printf("\n");
}

// The same method in every precision. `Method` makes it: `make.template operator()<NewtonSchulz>()`.
template <class Make>
void print_rows(const char* name, const Make& make) {
  using gradus::NewtonSchulz;
  print_row<double>(name, "double", make.template operator()<NewtonSchulz>());
  print_row<float>(name, "float", make.template operator()<NewtonSchulz>());
  using Bfloat16 = gradus::BasicNewtonSchulz<gradus::TiledProducts, Eigen::bfloat16>;
  print_row<float>(name, "bfloat16", make.template operator()<Bfloat16>());
}

void print_rows(const char* name, int steps, const gradus::Coefficients& coefficients) {
  print_rows(name, [&]<class Method>() { return Method{.steps = steps, .coefficients = coefficients}; });
}

}  // namespace

int main() {
  using namespace gradus;
  std::printf(
      "| | | | | σ from 1 to 0.001, 64 x 128 | | | | Gaussian, 64 x 64 | | | |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
      "| method | steps | precision | cost "
      "| σ | orthogonality | cosine | error | σ | orthogonality | cosine | error |\n");
  for (const int steps : {5, 10}) print_rows("Jordan", steps, quintics::jordan);
  print_rows("You", 5, quintics::you_jiacheng);
  print_rows("cubic5", 5, quintics::cubic5);
  print_rows("DeepSeek-V4", 10, quintics::deepseekv4);
  for (const int steps : {5, 8}) {
    print_rows("Polar Express", [=]<class Method>() { return polar_express<Method>(steps); });
  }
  for (const int steps : {5, 8}) {
    print_rows("CANS", [=]<class Method>() { return cans<Method>(steps); });
  }
  for (const int steps : {5, 12}) print_rows("quintic 15/8, -10/8, 3/8", steps, quintics::convergent);
  for (const int steps : {10, 20}) print_rows("cubic 3/2, -1/2", steps, quintics::cubic);
}
